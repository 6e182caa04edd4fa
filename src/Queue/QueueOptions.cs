using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Routing;

namespace MailAccess.Queue;

/// <summary>How the queue behaves. What belongs to configuration is read by the server and handed over here.</summary>
public sealed record QueueOptions
{
    /// <summary>Our name in EHLO, in reports and among mail exchangers: fully qualified.</summary>
    public required string HostName { get; init; }

    /// <summary>The folder of the spool; made where missing. No other process may use it.</summary>
    public required string SpoolFolder { get; init; }

    /// <summary>A notification that cannot be delivered leaves a copy with the postmaster of this host.</summary>
    public bool CopyDoubleBounces { get; init; } = true;

    /// <summary>Addresses at which we ourselves take mail from others: an MX that leads there leads in a circle.</summary>
    public IReadOnlyCollection<IPAddress> OwnAddresses { get; init; } = [];

    /// <summary>Where mail exchangers listen: 25, but in tests.</summary>
    public int RemotePort { get; init; } = 25;

    /// <summary>TLS towards mail exchangers found by MX.</summary>
    public TlsPolicy Tls { get; init; } = TlsPolicy.Opportunistic;

    /// <summary>Certificates trusted besides the system's, where a policy verifies.</summary>
    public X509Certificate2Collection? TrustedCertificates { get; init; }

    /// <summary>8-bit content for a server without 8BITMIME: true: returned to the sender (5.6.3); false: converted to 7 bits, and returned only where that may not be done.</summary>
    public bool RefuseEightBitDowngrade { get; init; }

    /// <summary>A full mailbox is an answer for good (552 5.2.2, and a report at once); else it is tried again as long as anything is.</summary>
    public bool FullMailboxIsPermanent { get; init; }

    /// <summary>When a sender that said nothing about DELAY is told that it takes long; null: never.</summary>
    public TimeSpan? DelayWarningAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>When to try again, and when no longer.</summary>
    public RetryPolicy Retry { get; init; } = new();

    /// <summary>Bounds.</summary>
    public QueueLimits Limits { get; init; } = new();
}
