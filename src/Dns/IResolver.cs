using System.Net;

namespace MailAccess.Dns;

/// <summary>What a lookup came to.</summary>
public enum DnsOutcome
{
    /// <summary>At least one record of the type asked for.</summary>
    Found,
    /// <summary>The name exists, without such a record (NODATA).</summary>
    NoData,
    /// <summary>The name does not exist (NXDOMAIN).</summary>
    NoSuchName,
    /// <summary>SERVFAIL, REFUSED, timeout, nonsense: temporary.</summary>
    Failed,
}

/// <summary>Records and how sure we are.</summary>
/// <param name="Outcome">What the lookup came to.</param>
/// <param name="Records">Empty unless found.</param>
/// <param name="IsAuthentic">The resolver validated it by DNSSEC and is trusted (AD bit).</param>
public sealed record DnsAnswer<T>(DnsOutcome Outcome, IReadOnlyList<T> Records, bool IsAuthentic = false);

/// <summary>One MX record. RFC 5321 §5.1.</summary>
public sealed record MxRecord(int Preference, string Exchange);

/// <summary>What the queue asks of DNS. Never throws for what a server answers; names are ASCII (A-labels), with or without final dot.</summary>
public interface IResolver
{
    /// <summary>MX records in no order; a null MX (RFC 7505) is one record with the exchange <c>.</c>.</summary>
    ValueTask<DnsAnswer<MxRecord>> ResolveMxAsync(string domain, CancellationToken cancellationToken);

    /// <summary>A and AAAA records; CNAMEs followed.</summary>
    ValueTask<DnsAnswer<IPAddress>> ResolveAddressesAsync(string host, CancellationToken cancellationToken);

    /// <summary>PTR records of an address.</summary>
    ValueTask<DnsAnswer<string>> ResolveNamesAsync(IPAddress address, CancellationToken cancellationToken);
}
