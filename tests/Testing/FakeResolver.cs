using System.Net;
using MailAccess.Dns;

namespace MailAccess.Testing;

/// <summary>DNS as maps and a failure list. Names without final dot; ASCII case does not matter. What stands nowhere does not exist.</summary>
public sealed class FakeResolver : IResolver
{
    /// <summary>MX records by domain.</summary>
    public Dictionary<string, MxRecord[]> Mx { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A and AAAA records by host.</summary>
    public Dictionary<string, IPAddress[]> Addresses { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>PTR records.</summary>
    public Dictionary<IPAddress, string[]> Names { get; } = [];

    /// <summary>Look-ups that fail for the time being: <c>mx example.com</c>, <c>addresses mail.example.com</c>, <c>names 192.0.2.1</c>.</summary>
    public HashSet<string> Fail { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Answers are authentic (AD).</summary>
    public bool IsAuthentic { get; set; }

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<MxRecord>> ResolveMxAsync(string domain, CancellationToken cancellationToken) =>
        new(Answer(Mx, "mx", Plain(domain), Addresses.ContainsKey(Plain(domain))));

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<IPAddress>> ResolveAddressesAsync(string host, CancellationToken cancellationToken) =>
        new(Answer(Addresses, "addresses", Plain(host), Mx.ContainsKey(Plain(host))));

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> ResolveNamesAsync(IPAddress address, CancellationToken cancellationToken) =>
        new(Answer(Names.ToDictionary(n => n.Key.ToString(), n => n.Value), "names", address.ToString(), nameExists: false));

    private static string Plain(string name) => name.Length > 1 ? name.TrimEnd('.') : name;

    private DnsAnswer<T> Answer<T>(Dictionary<string, T[]> records, string kind, string name, bool nameExists)
    {
        if (Fail.Contains($"{kind} {name}"))
        {
            return new DnsAnswer<T>(DnsOutcome.Failed, []);
        }
        if (records.TryGetValue(name, out T[]? found) && found.Length > 0)
        {
            return new DnsAnswer<T>(DnsOutcome.Found, found, IsAuthentic);
        }
        return new DnsAnswer<T>(nameExists || found is not null ? DnsOutcome.NoData : DnsOutcome.NoSuchName, [], IsAuthentic);
    }
}
