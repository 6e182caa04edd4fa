using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>A session, or why there is none. Exactly one is set.</summary>
internal readonly record struct Connected(SmtpSession? Session, SmtpReply? Failure);

/// <summary>Finds somebody who takes mail for a destination: host after host until one gives a session.</summary>
internal sealed class RemoteConnector(HostResolver resolver, HostDialer dialer, QueueOptions options, TimeProvider clock)
{
    private const int SmtpPort = 25;

    /// <summary>As agreed on among programs; RFC 2033 §5 only forbids 25.</summary>
    private const int LmtpPort = 24;

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
        AddressSelection selection = destination.Hop.Socket is null
            ? await resolver.ResolveAsync(destination.Hop, abort)
            : new AddressSelection([], null, AreHostsCertain: true);
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
            Port = destination.Hop.Port ?? (destination.Hop.Protocol == HopProtocol.Lmtp ? LmtpPort : isFixed ? SmtpPort : options.RemotePort),
            Tls = destination.Hop.Tls ?? (destination.Hop.Socket is not null ? TlsPolicy.Never : isFixed || destination.Tls == TlsNeed.Optional ? TlsPolicy.Opportunistic : options.Tls),
        };
        SmtpReply? last = null;
        foreach (DialledHost host in HostsOf(selection, policy))
        {
            Connected attempt = mustBeSecure
                ? await TrySecureHostAsync(host, policy with { Tls = TlsPolicy.Verified }, abort)
                : await TryHostAsync(host, policy, abort);
            if (attempt.Session is not null)
            {
                return attempt;
            }
            // A temporary refusal anywhere outweighs a final one elsewhere: RFC 5321 §5.1 has all hosts tried.
            last = last is { IsPermanent: false } ? last : attempt.Failure;
        }
        return new Connected(null, last);
    }

    // By preference; what stands together under one name is one host.
    private IEnumerable<DialledHost> HostsOf(AddressSelection selection, NextHop policy) => policy.Socket is { } socket
        ? [DialledHost.Of(options.HostName, socket)]
        : selection.Addresses.GroupBy(a => a.Host, StringComparer.OrdinalIgnoreCase).Select(h => DialledHost.Of(h.Key, h.Select(a => a.Address), policy.Port!.Value));

    private async Task<Connected> TryHostAsync(DialledHost host, NextHop policy, CancellationToken abort)
    {
        try
        {
            return new Connected(await OpenAsync(host, policy, abort), null);
        }
        catch (SmtpFailureException e) when (policy is { Tls: TlsPolicy.Opportunistic, ImplicitTls: false, Credentials: null } && e.IsHandshake)
        {
            // Once more without: an opportunistic handshake that fails must not cost the mail. RFC 7435 §3.
            return await TryHostAsync(host, policy with { Tls = TlsPolicy.Never }, abort);
        }
        catch (SmtpFailureException e)
        {
            return new Connected(null, e.Reply);
        }
    }

    // What the server lacks it will lack tomorrow: RFC 8689 §4.2.1 has the sender told at once.
    private async Task<Connected> TrySecureHostAsync(DialledHost host, NextHop policy, CancellationToken abort)
    {
        try
        {
            SmtpSession session = await OpenAsync(host, policy, abort);
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

    private Task<SmtpSession> OpenAsync(DialledHost host, NextHop policy, CancellationToken abort) => dialer.OpenAsync(
        host, (conversation, peer, saysHelo) => SmtpSession.OpenAsync(conversation, policy, options, clock, peer, host.Name, saysHelo), abort);
}
