using System.Globalization;
using System.Net;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>A session, or why there is none. Exactly one is set.</summary>
internal readonly record struct Connected(SmtpSession? Session, SmtpReply? Failure);

/// <summary>Finds somebody who takes mail for a destination: address after address until one gives a session.</summary>
internal sealed class RemoteConnector(HostResolver resolver, QueueOptions options, TimeProvider clock)
{
    private const int SmtpPort = 25;

    /// <summary>RFC 8689 §4.2.1.</summary>
    public static readonly SmtpReply RequireTlsUnsupported = new(550, new(5, 7, 30), "REQUIRETLS support required, which the server does not offer");

    private static readonly SmtpReply EncryptionNeeded = new(550, new(5, 7, 10), "encryption needed, with a certificate that proves the server's name");
    private static readonly SmtpReply HostUncertain = new(550, new(5, 7, 10), "encryption needed, but the mail exchanger's name is not protected by DNSSEC");
    private static readonly EnhancedCode HandshakeFailed = new(4, 7, 5);

    /// <summary>Throws for cancellation only.</summary>
    public async Task<Connected> ConnectAsync(Destination destination, CancellationToken abort)
    {
        if (destination.Tls is TlsNeed.Required or TlsNeed.Preferred)
        {
            Connected secure = await ConnectAsync(destination, mustBeSecure: true, abort);
            if (secure.Session is not null || destination.Tls == TlsNeed.Required)
            {
                return secure;
            }
        }
        return await ConnectAsync(destination, mustBeSecure: false, abort);
    }

    private async Task<Connected> ConnectAsync(Destination destination, bool mustBeSecure, CancellationToken abort)
    {
        AddressSelection selection = await resolver.ResolveAsync(destination.Hop, abort);
        if (selection.Failure is { } failure)
        {
            return new Connected(null, failure);
        }
        if (mustBeSecure && !selection.AreHostsCertain)
        {
            return new Connected(null, HostUncertain);
        }
        bool isFixed = destination.Hop.Domain is null;
        NextHop policy = destination.Hop with
        {
            Port = destination.Hop.Port ?? (isFixed ? SmtpPort : options.RemotePort),
            Tls = destination.Hop.Tls ?? (isFixed || destination.Tls == TlsNeed.Optional ? TlsPolicy.Opportunistic : options.Tls),
        };
        SmtpReply? last = null;
        foreach (HostAddress address in selection.Addresses)
        {
            Connected attempt = mustBeSecure
                ? await TrySecureAddressAsync(address, policy with { Tls = TlsPolicy.Verified }, abort)
                : await TryAddressAsync(address, policy, abort);
            if (attempt.Session is not null)
            {
                return attempt;
            }
            // A temporary refusal anywhere outweighs a final one elsewhere: RFC 5321 §5.1 has all hosts tried.
            last = last is { IsPermanent: false } ? last : attempt.Failure;
        }
        return new Connected(null, last);
    }

    private async Task<Connected> TryAddressAsync(HostAddress address, NextHop policy, CancellationToken abort)
    {
        try
        {
            return new Connected(await OpenAsync(address, policy, abort), null);
        }
        catch (SmtpFailureException e) when (policy is { Tls: TlsPolicy.Opportunistic, ImplicitTls: false, Credentials: null } && IsHandshake(e))
        {
            // Once more without: an opportunistic handshake that fails must not cost the mail. RFC 7435 §3.
            return await TryAddressAsync(address, policy with { Tls = TlsPolicy.Never }, abort);
        }
        catch (SmtpFailureException e)
        {
            return new Connected(null, e.Reply);
        }
    }

    // What the server lacks it will lack tomorrow: RFC 8689 §4.2.1 has the sender told at once.
    private async Task<Connected> TrySecureAddressAsync(HostAddress address, NextHop policy, CancellationToken abort)
    {
        try
        {
            SmtpSession session = await OpenAsync(address, policy, abort);
            if (session.BecomesSecure())
            {
                return new Connected(session, null);
            }
            await session.QuitAsync();
            await session.DisposeAsync();
            return new Connected(null, RequireTlsUnsupported);
        }
        catch (SmtpFailureException e)
        {
            bool isTlsMissing = e.Reply == SmtpSession.TlsUnavailable || e.Reply.Enhanced == HandshakeFailed;
            return new Connected(null, isTlsMissing ? EncryptionNeeded : e.Reply);
        }
    }

    private static bool IsHandshake(SmtpFailureException e) => e.Reply.Text.Contains("TLS handshake", StringComparison.Ordinal);

    private async Task<SmtpSession> OpenAsync(HostAddress address, NextHop policy, CancellationToken abort)
    {
        string peer = string.Create(CultureInfo.InvariantCulture, $"{address.Host}[{address.Address}]:{policy.Port}");
        IPEndPoint endPoint = new(address.Address, policy.Port!.Value);
        SmtpConversation conversation = await SmtpConversation.ConnectAsync(endPoint, peer, options.Limits.ConnectTimeout, clock, abort);
        return await SmtpSession.OpenAsync(conversation, policy, options, clock, peer, address.Host);
    }
}
