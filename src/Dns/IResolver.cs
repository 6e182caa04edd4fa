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
/// <param name="IsAuthentic">The resolver validated all of it by DNSSEC, each CNAME on the way too, and is trusted (AD bit).</param>
public sealed record DnsAnswer<T>(DnsOutcome Outcome, IReadOnlyList<T> Records, bool IsAuthentic = false)
{
    /// <summary>Where the CNAMEs led; null: the name that was asked for is no alias.</summary>
    public string? CanonicalName { get; init; }
}

/// <summary>One MX record. RFC 5321 §5.1.</summary>
public sealed record MxRecord(int Preference, string Exchange);

/// <summary>One SRV record. RFC 2782: the lowest priority first, equals in the proportion of their weights; the target <c>.</c> says that there is no such service.</summary>
public sealed record ServiceRecord(int Priority, int Weight, int Port, string Target);

/// <summary>What the queue asks of DNS. Never throws for what a server answers; names are ASCII (A-labels), with or without final dot.</summary>
public interface IResolver
{
    /// <summary>MX records in no order; a null MX (RFC 7505) is one record with the exchange <c>.</c>.</summary>
    ValueTask<DnsAnswer<MxRecord>> ResolveMxAsync(string domain, CancellationToken cancellationToken);

    /// <summary>A and AAAA records; CNAMEs followed. Where one of both look-ups failed and the other found something, that counts.</summary>
    ValueTask<DnsAnswer<IPAddress>> ResolveAddressesAsync(string host, CancellationToken cancellationToken);

    /// <summary>PTR records of an address.</summary>
    ValueTask<DnsAnswer<string>> ResolveNamesAsync(IPAddress address, CancellationToken cancellationToken);

    /// <summary>TXT records, the strings of each joined without spaces (RFC 7208 §3.3); octets beyond ASCII are the characters of the same number.</summary>
    ValueTask<DnsAnswer<string>> ResolveTextAsync(string name, CancellationToken cancellationToken);

    /// <summary>TLSA records at a whole name such as <c>_25._tcp.mx.example.org</c>. RFC 6698 §3.</summary>
    ValueTask<DnsAnswer<TlsaRecord>> ResolveTlsaAsync(string name, CancellationToken cancellationToken);

    /// <summary>SRV records at a whole name such as <c>_imaps._tcp.example.org</c>, in no order. RFC 2782.</summary>
    ValueTask<DnsAnswer<ServiceRecord>> ResolveServicesAsync(string name, CancellationToken cancellationToken);

    /// <summary>The CNAME record of a name, not followed: whether the alias itself is authentic. RFC 7672 §2.1.3.</summary>
    ValueTask<DnsAnswer<string>> ResolveAliasAsync(string name, CancellationToken cancellationToken);
}
