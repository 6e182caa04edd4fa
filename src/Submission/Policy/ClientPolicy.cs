using System.Net;
using MailAccess.Auth;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission.Policy;

/// <summary>Which clients may submit without logging in, and as whom: printers, scanners, monitoring. Thread-safe.</summary>
public interface ITrustedClients
{
    /// <summary>The account that mail from this address is submitted as, or null. May throw <see cref="IOException"/>: temporary.</summary>
    ValueTask<Account?> FindAsync(IPAddress address, CancellationToken cancellationToken);
}

/// <summary>
/// What one listener's sessions know of each other: how much each peer has sent, and who has waited for a greeting before. In memory:
/// a restart forgets it. Thread-safe.
/// </summary>
internal sealed class ClientPolicy(SubmissionOptions options, SubmissionLimits limits, TimeProvider clock, ILogger log)
{
    /// <summary>Mail systems send from several neighbouring addresses; a /24 and a /64 are the smallest networks that are routed.</summary>
    private const int Ipv4Bits = 24;
    private const int Ipv6Bits = 64;

    private readonly RateBuckets _connections = new(options.Rates.Connections, limits.PeersMax, clock);
    private readonly RateBuckets _messages = new(options.Rates.Messages, limits.PeersMax, clock);
    private readonly RateBuckets _recipients = new(options.Rates.Recipients, limits.PeersMax, clock);
    private readonly PatientClients _patient = new(limits.PatienceRemembered, limits.PeersMax, clock);

    /// <summary>The client waited for its greeting not long ago, or is trusted to.</summary>
    public bool NeedNotWait(IPAddress remote) => IsTrusted(remote) || _patient.Contains(remote);

    /// <summary>The client has waited for its greeting.</summary>
    public void HasWaited(IPAddress remote) => _patient.Add(remote);

    /// <summary>Null where a connection is allowed now.</summary>
    public SmtpReply? Connect(string connectionId, IPAddress remote)
    {
        if (options.Role.CountsBy != CountedPeer.Network || !options.Rates.Connections.IsLimited || IsTrusted(remote))
        {
            return null;
        }
        return Take(_connections, options.Rates.Connections, connectionId, Network(remote), "connections", SmtpReplies.TooManyConnections);
    }

    /// <summary>Null where a message may begin.</summary>
    public SmtpReply? Mail(string connectionId, IPAddress remote, Account? account) => options.Rates.Messages.IsLimited && Peer(remote, account) is { } peer
        ? Take(_messages, options.Rates.Messages, connectionId, peer, "messages", SmtpReplies.TooManyMessages) : null;

    /// <summary>Null where a recipient may be named.</summary>
    public SmtpReply? Recipient(string connectionId, IPAddress remote, Account? account) => options.Rates.Recipients.IsLimited && Peer(remote, account) is { } peer
        ? Take(_recipients, options.Rates.Recipients, connectionId, peer, "recipients", SmtpReplies.TooManyRecipientsOverTime) : null;

    private SmtpReply? Take(RateBuckets buckets, Rate rate, string connectionId, string peer, string what, Func<TimeSpan, SmtpReply> refusal)
    {
        if (buckets.TryTake(peer, out TimeSpan wait))
        {
            return null;
        }
        log.RateExceeded(connectionId, peer, what, rate.Count, rate.Period);
        return refusal(wait);
    }

    /// <summary>Whose deeds these are; null where nobody counts them.</summary>
    private string? Peer(IPAddress remote, Account? account) => options.Role.CountsBy switch
    {
        CountedPeer.Network => IsTrusted(remote) ? null : Network(remote),
        CountedPeer.Account => account is null || options.UnlimitedAccounts.Contains(account.Name, StringComparer.OrdinalIgnoreCase) ? null : account.Name,
        _ => null,
    };

    private bool IsTrusted(IPAddress remote) => options.Trusted.Any(n => n.Contains(remote));

    private static string Network(IPAddress remote)
    {
        byte[] octets = remote.GetAddressBytes();
        int bits = octets.Length == 4 ? Ipv4Bits : Ipv6Bits;
        octets.AsSpan(bits / 8).Clear();
        return $"{new IPAddress(octets)}/{bits}";
    }
}

/// <summary>Whose deeds a role counts.</summary>
internal enum CountedPeer
{
    /// <summary>Nobody's.</summary>
    None,
    /// <summary>Those of the client's network.</summary>
    Network,
    /// <summary>Those of the account that is logged in.</summary>
    Account,
}
