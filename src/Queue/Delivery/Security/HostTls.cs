using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What is asked of the connection to one host, and why.</summary>
internal sealed record HostTls
{
    /// <summary>Whether TLS is used and must be: <see cref="TlsPolicy.Never"/>, <see cref="TlsPolicy.Opportunistic"/> or <see cref="TlsPolicy.Required"/>.</summary>
    public required TlsPolicy Policy { get; init; }

    /// <summary>For people: which rule led here.</summary>
    public required string Why { get; init; }

    /// <summary>A password may go without encryption: somebody said of this very host that it gets none.</summary>
    public bool AllowsPlaintextAuth { get; init; }

    /// <summary>The certificate must prove the host's name; else it is only looked at for the log and for reports.</summary>
    public bool MustVerify { get; init; }

    /// <summary>Names of which the certificate must bear one.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Only DNS names count, as MTA-STS has it (RFC 8461 §4.2).</summary>
    public bool DnsNamesOnly { get; init; }

    /// <summary>The host's TLSA records where it has secure ones.</summary>
    public DanePolicy? Dane { get; init; }

    /// <summary>The MTA-STS policy that applies, enforced or only tested.</summary>
    public StsPolicy? Sts { get; init; }

    /// <summary>The way to the host's name is safe: DNSSEC, our own configuration, or an enforced MTA-STS policy that names it. RFC 8689 §4.2.1.</summary>
    public bool IsHostCertain { get; init; }

    /// <summary>Why this host must not be used now; null: it may.</summary>
    public SmtpReply? Refusal { get; init; }

    /// <summary>What a report calls the refusal. RFC 8460 §4.3.</summary>
    public string? RefusalKind { get; init; }

    /// <summary>The certificate decides by TLSA records.</summary>
    public bool UsesDane => Dane is { IsUsableAtAll: true };
}
