namespace MailAccess.Dns;

/// <summary>Every bound of the resolver.</summary>
public sealed record DnsLimits
{
    /// <summary>UDP payload we say we can take; avoids IP fragments on common paths. RFC 6891 §6.2.5.</summary>
    public int UdpPayloadOctetsMax { get; init; } = 1232;

    /// <summary>CNAMEs followed for one look-up, over all its queries; stops loops (RFC 1034 §3.6.2).</summary>
    public int CnamesMax { get; init; } = 12;

    /// <summary>Records of one answer that are kept; the rest is ignored.</summary>
    public int RecordsMax { get; init; } = 128;

    /// <summary>Questions kept in the cache.</summary>
    public int CacheEntriesMax { get; init; } = 20_000;

    /// <summary>Longest time an answer is believed, whatever its TTL says. RFC 1035 §7.3, RFC 2181 §8.</summary>
    public TimeSpan TtlMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Longest time an absence is believed. RFC 2308 §5.</summary>
    public TimeSpan NegativeTtlMax { get; init; } = TimeSpan.FromHours(3);

    /// <summary>Questions under way at once; more wait. Each holds a socket.</summary>
    public int QueriesMax { get; init; } = 256;

    /// <summary>Name servers used of those listed.</summary>
    public int ServersMax { get; init; } = 8;
}
