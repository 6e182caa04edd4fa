using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using MailAccess.Routing;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>A session, or why there is none. Exactly one is set.</summary>
internal readonly record struct Connected(SmtpSession? Session, SmtpReply? Failure);

/// <summary>Finds somebody who takes mail for a destination: host after host until one gives a session.</summary>
internal sealed class RemoteConnector(HostResolver resolver, HostDialer dialer, RemoteSecurity security, QueueOptions options, TimeProvider clock, ILogger logger)
{
    private const int SmtpPort = 25;

    /// <summary>As agreed on among programs; RFC 2033 §5 only forbids 25.</summary>
    private const int LmtpPort = 24;

    /// <summary>RFC 8689 §4.2.1.</summary>
    public static readonly SmtpReply RequireTlsUnsupported = new(550, new(5, 7, 30), "REQUIRETLS support required, which the server does not offer");

    private static readonly SmtpReply EncryptionNeeded = new(550, new(5, 7, 10), "encryption needed, with a certificate that proves the server's name");
    private static readonly SmtpReply HostUncertain = new(550, new(5, 7, 10), "encryption needed, but the mail exchanger's name is protected neither by DNSSEC nor by MTA-STS");
    private static readonly EnhancedCode HandshakeFailed = new(4, 7, 5);

    /// <summary>Throws for cancellation only.</summary>
    public async Task<Connected> ConnectAsync(Destination destination, CancellationToken abort)
    {
        SmtpReply? last = null;
        foreach (NextHop hop in destination.Hop.All)
        {
            Connected attempt = await ConnectToOneAsync(destination with { Hop = hop }, abort);
            if (attempt.Session is not null)
            {
                return attempt;
            }
            last = Worse(last, attempt.Failure);
        }
        return new Connected(null, last);
    }

    // A temporary refusal anywhere outweighs a final one elsewhere: RFC 5321 §5.1 has all hosts tried.
    private static SmtpReply? Worse(SmtpReply? last, SmtpReply? next) => last is { IsPermanent: false } ? last : next;

    private async Task<Connected> ConnectToOneAsync(Destination destination, CancellationToken abort)
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

    /// <summary>The port of a next hop's hosts.</summary>
    public static int PortOf(NextHop hop, QueueOptions options) =>
        hop.Port ?? (hop.Protocol == HopProtocol.Lmtp ? LmtpPort : hop.Domain is null ? SmtpPort : options.RemotePort);

    private async Task<Connected> ConnectAsync(Destination destination, bool mustBeSecure, CancellationToken abort)
    {
        AddressSelection selection = destination.Hop.Socket is null
            ? await resolver.ResolveAsync(destination.Hop, abort)
            : new AddressSelection([], null, AreHostsCertain: true);
        if (selection.Failure is { } failure)
        {
            return new Connected(null, failure);
        }
        TlsRule rule = await security.Decider.RuleAsync(destination.Hop, destination.Tls, abort);
        if (rule.Failure is { } unknown)
        {
            return new Connected(null, unknown);
        }
        NextHop hop = destination.Hop with { Port = PortOf(destination.Hop, options) };
        Attempt way = new(
            hop,
            hop.Host is not null || rule.IsOurs ? options.ClientCertificate : null,
            // What asks for no TLS shall not be counted: RFC 8460 §3.
            destination.Tls == TlsNeed.Optional ? null : security.JournalFor(TlsDecider.NameOf(hop)));
        way.Journal?.FetchFailed(rule.Sts.FetchFailure);
        SmtpReply? last = null;
        await foreach ((DialledHost host, HostTls terms) in HostsOfAsync(selection, way, rule, abort))
        {
            Connected attempt = mustBeSecure
                ? await TrySecureHostAsync(host, way, terms, abort)
                : await TryHostAsync(host, way, terms, abort);
            if (attempt.Session is not null)
            {
                return attempt;
            }
            last = Worse(last, attempt.Failure);
        }
        return new Connected(null, last);
    }

    // By preference; what stands together under one name is one host, and has the same terms. DNS is asked for those of a host when its turn comes.
    private async IAsyncEnumerable<(DialledHost Host, HostTls Terms)> HostsOfAsync(
        AddressSelection selection, Attempt way, TlsRule rule, [EnumeratorCancellation] CancellationToken abort)
    {
        if (way.Hop.Socket is { } socket)
        {
            yield return (DialledHost.Of(options.HostName, socket), new HostTls { Policy = TlsPolicy.Never, Why = "a socket of this machine", IsHostCertain = true });
            yield break;
        }
        foreach (IGrouping<string, HostAddress> host in selection.Addresses.GroupBy(a => a.Host, StringComparer.OrdinalIgnoreCase))
        {
            HostTls terms = await security.Decider.DecideAsync(rule, way.Hop, selection, host.First(), way.Hop.Port!.Value, abort);
            yield return (DialledHost.Of(host.Key, host.Select(a => a.Address), way.Hop.Port.Value), terms);
        }
    }

    private async Task<Connected> TryHostAsync(DialledHost host, Attempt way, HostTls terms, CancellationToken abort)
    {
        try
        {
            return new Connected(await OpenAsync(host, way, terms, abort), null);
        }
        catch (SmtpFailureException e) when (e.IsHandshake && IsTlsOptional(way, terms))
        {
            // Once more without: an opportunistic handshake that fails must not cost the mail. RFC 7435 §3.
            return await TryHostAsync(host, way, terms with { Policy = TlsPolicy.Never, Why = "the handshake failed" }, abort);
        }
        catch (SmtpFailureException e)
        {
            return new Connected(null, e.Reply);
        }
    }

    private static bool IsTlsOptional(Attempt way, HostTls terms) => terms.Policy == TlsPolicy.Opportunistic && way.Hop is { ImplicitTls: false, Credentials: null };

    // What the server lacks it will lack tomorrow: RFC 8689 §4.2.1 has the sender told at once.
    private async Task<Connected> TrySecureHostAsync(DialledHost host, Attempt way, HostTls usual, CancellationToken abort)
    {
        HostTls terms = TlsDecider.Verified(usual, host.Name);
        if (!terms.IsHostCertain)
        {
            return new Connected(null, HostUncertain);
        }
        try
        {
            SmtpSession session = await OpenAsync(host, way, terms, abort);
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

    private async Task<SmtpSession> OpenAsync(DialledHost host, Attempt way, HostTls terms, CancellationToken abort)
    {
        if (terms.Refusal is not { } refusal)
        {
            return await dialer.OpenAsync(
                host, (conversation, peer, saysHelo) => OpenAsync(conversation, host.Name, peer, way, terms, saysHelo), IsTlsOptional(way, terms), abort);
        }
        Log.NotEncrypted(logger, host.Addresses[0].Peer, refusal.Text, terms.Why);
        way.Journal?.Refused(terms, AddressOf(host.Name, host.Addresses[0].EndPoint), refusal.Text);
        throw new SmtpFailureException(refusal);
    }

    private async Task<SmtpSession> OpenAsync(SmtpConversation conversation, string host, string peer, Attempt way, HostTls terms, bool saysHelo)
    {
        PeerVerifier verifier = new(terms, options.TrustedCertificates, way.OurCertificate);
        HostAddress address = AddressOf(host, conversation.Remote);
        IPAddress? local = (conversation.Local as IPEndPoint)?.Address;
        NextHop hop = way.Hop with { Tls = terms.Policy, AllowPlaintextAuth = way.Hop.AllowPlaintextAuth || terms.AllowsPlaintextAuth };
        try
        {
            SmtpSession session = await SmtpSession.OpenAsync(conversation, hop, verifier, options, clock, peer, host, saysHelo);
            if (session.Encryption is { } tls)
            {
                (string protocol, string cipher) = (Name(tls), tls.NegotiatedCipherSuite.ToString());
                Log.Encrypted(logger, verifier.Trust, peer, protocol, cipher, terms.Why);
            }
            way.Journal?.Opened(terms, address, local, session.IsEncrypted, verifier.Flaw);
            return session;
        }
        catch (SmtpFailureException e)
        {
            SmtpReply reply = verifier.IsRefused ? new SmtpReply(454, HandshakeFailed, $"the certificate of {peer} {Describe(verifier.Flaw)}") : e.Reply;
            if (verifier.IsRefused || e.IsHandshake || reply == SmtpSession.TlsUnavailable)
            {
                Log.NotEncrypted(logger, peer, reply.Text, terms.Why);
                way.Journal?.NotEncrypted(terms, address, local, verifier, reply);
            }
            throw verifier.IsRefused ? new SmtpFailureException(reply, e) { Stage = e.Stage } : e;
        }
    }

    // A socket of this machine has no address.
    private static HostAddress AddressOf(string host, EndPoint? endPoint) => new(host, (endPoint as IPEndPoint)?.Address ?? IPAddress.None);

    private static string Name(SslStream tls) => tls.SslProtocol switch
    {
        System.Security.Authentication.SslProtocols.Tls13 => "TLSv1.3",
        System.Security.Authentication.SslProtocols.Tls12 => "TLSv1.2",
        _ => tls.SslProtocol.ToString(),
    };

    private static string Describe(CertificateFlaw? flaw) => flaw switch
    {
        CertificateFlaw.Expired => "has expired or is not valid yet",
        CertificateFlaw.OtherName => "is not for that host",
        CertificateFlaw.NoTlsaMatch => "fits none of its TLSA records",
        _ => "is not signed by an authority that is trusted",
    };

    /// <summary>What is the same for all hosts of one next hop.</summary>
    private sealed record Attempt(NextHop Hop, SslStreamCertificateContext? OurCertificate, TlsJournal? Journal);
}
