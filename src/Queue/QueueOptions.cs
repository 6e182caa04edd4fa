using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What the postmaster is told of mail that finds no way.</summary>
[Flags]
public enum PostmasterNotices
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>What can neither be delivered nor returned: the report that its sender would have had.</summary>
    DoubleBounce = 1,
    /// <summary>Each report of a failure, with no more of the message than its header.</summary>
    Bounce = 2,
    /// <summary>Each report of a delay, likewise.</summary>
    Delay = 4,
}

/// <summary>How the queue behaves. What belongs to configuration is read by the server and handed over here.</summary>
public sealed record QueueOptions
{
    /// <summary>Our name in EHLO, in reports and among mail exchangers: fully qualified.</summary>
    public required string HostName { get; init; }

    /// <summary>The folder of the spool; made where missing. No other process may use it.</summary>
    public required string SpoolFolder { get; init; }

    /// <summary>What the postmaster of this host hears of.</summary>
    public PostmasterNotices NotifyPostmaster { get; init; } = PostmasterNotices.DoubleBounce;

    /// <summary>Addresses at which we ourselves take mail from others: an MX that leads there leads in a circle.</summary>
    public IReadOnlyCollection<IPAddress> OwnAddresses { get; init; } = [];

    /// <summary>Where mail exchangers listen: 25, but in tests.</summary>
    public int RemotePort { get; init; } = 25;

    /// <summary>TLS towards mail exchangers found by MX. <see cref="TlsPolicy.Dane"/> holds for fixed hosts too, everything else only where their route says so.</summary>
    public TlsPolicy Tls { get; init; } = TlsPolicy.Dane;

    /// <summary>
    /// Exceptions by next hop, found by <see cref="NextHopPolicy.KeysOf"/>: its policy, or null: as configured. Throws <see cref="IOException"/> where that cannot be told
    /// now: the mail waits.
    /// </summary>
    public Func<NextHop, CancellationToken, ValueTask<NextHopPolicy?>>? TlsPolicies { get; init; }

    /// <summary>Fetches the MTA-STS policies of domains (RFC 8461) and posts reports; null: neither. The queue disposes of it.</summary>
    public IPolicyFetcher? PolicyFetcher { get; init; }

    /// <summary>MTA-STS policies are asked for and kept to.</summary>
    public bool HonoursMtaSts { get; init; } = true;

    /// <summary>The address, with a domain, that reports on TLS come from (RFC 8460); null: none are sent, and nothing is counted for them.</summary>
    public MailPath? TlsReportContact { get; init; }

    /// <summary>Who sends those reports; null: <see cref="HostName"/>.</summary>
    public string? TlsReportOrganization { get; init; }

    /// <summary>Where policies and the counts for reports are kept; null: in memory only.</summary>
    public string? SecurityFolder { get; init; }

    /// <summary>Our certificate for servers that ask for one: shown to fixed hosts, and to those for which <see cref="TlsPolicies"/> says something. Not disposed of here.</summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>Certificates trusted besides the system's, where a policy verifies.</summary>
    public X509Certificate2Collection? TrustedCertificates { get; init; }

    /// <summary>8-bit content for a server without 8BITMIME: true: returned to the sender (5.6.3); false: converted to 7 bits, and returned only where that may not be done.</summary>
    public bool RefuseEightBitDowngrade { get; init; }

    /// <summary>A full mailbox is an answer for good (552 5.2.2, and a report at once); else it is tried again as long as anything is.</summary>
    public bool FullMailboxIsPermanent { get; init; }

    /// <summary>When a sender that said nothing about DELAY is told that it takes long; null: never.</summary>
    public TimeSpan? DelayWarningAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>What addresses become in our own clients' mail; null: they stay.</summary>
    public MessageRewriting? Rewriting { get; init; }

    /// <summary>The file of rules for mail that is put on hold as it comes (<see cref="HoldRules"/>); null: none.</summary>
    public string? HoldRulesFile { get; init; }

    /// <summary>Where deliveries are remembered; null: nowhere.</summary>
    public string? HistoryFolder { get; init; }

    /// <summary>For so many days.</summary>
    public int HistoryDays { get; init; }

    /// <summary>And no more octets in all; the oldest go first.</summary>
    public long HistoryOctetsMax { get; init; } = 1L << 30;

    /// <summary>When to try again, and when no longer.</summary>
    public RetryPolicy Retry { get; init; } = new();

    /// <summary>Delivery to files, commands and programs.</summary>
    public DeliveryAgentOptions Agents { get; init; } = new();

    /// <summary>Bounds.</summary>
    public QueueLimits Limits { get; init; } = new();
}
