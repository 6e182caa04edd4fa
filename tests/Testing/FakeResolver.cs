using System.Collections.Concurrent;
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

    /// <summary>TXT records, each already joined.</summary>
    public Dictionary<string, string[]> Text { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>TLSA records by whole name.</summary>
    public Dictionary<string, TlsaRecord[]> Tlsa { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>SRV records by whole name.</summary>
    public Dictionary<string, ServiceRecord[]> Services { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Aliases: where a CNAME leads. Each look-up follows them.</summary>
    public Dictionary<string, string> Aliases { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names that are not authentic although <see cref="IsAuthentic"/> is set.</summary>
    public HashSet<string> Insecure { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every look-up so far: <c>mx example.com</c>.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

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

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> ResolveTextAsync(string name, CancellationToken cancellationToken) => new(Answer(Text, "text", Plain(name), nameExists: false));

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<TlsaRecord>> ResolveTlsaAsync(string name, CancellationToken cancellationToken) => new(Answer(Tlsa, "tlsa", Plain(name), nameExists: false));

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<ServiceRecord>> ResolveServicesAsync(string name, CancellationToken cancellationToken) =>
        new(Answer(Services, "services", Plain(name), nameExists: false));

    /// <inheritdoc/>
    public ValueTask<DnsAnswer<string>> ResolveAliasAsync(string name, CancellationToken cancellationToken)
    {
        string plain = Plain(name);
        Asked.Enqueue($"alias {plain}");
        bool authentic = IsAuthentic && !Insecure.Contains(plain);
        return new(Fail.Contains($"alias {plain}") ? new DnsAnswer<string>(DnsOutcome.Failed, [])
            : Aliases.TryGetValue(plain, out string? target) ? new DnsAnswer<string>(DnsOutcome.Found, [target], authentic)
            : new DnsAnswer<string>(DnsOutcome.NoData, [], authentic));
    }

    private static string Plain(string name) => name.Length > 1 ? name.TrimEnd('.') : name;

    private DnsAnswer<T> Answer<T>(Dictionary<string, T[]> records, string kind, string name, bool nameExists)
    {
        Asked.Enqueue($"{kind} {name}");
        if (Fail.Contains($"{kind} {name}"))
        {
            return new DnsAnswer<T>(DnsOutcome.Failed, []);
        }
        bool isAlias = Aliases.TryGetValue(name, out string? target);
        string end = target ?? name;
        bool authentic = IsAuthentic && !Insecure.Contains(name) && !Insecure.Contains(end);
        bool isFound = records.TryGetValue(end, out T[]? found) && found.Length > 0;
        DnsOutcome outcome = isFound ? DnsOutcome.Found : nameExists || found is not null ? DnsOutcome.NoData : DnsOutcome.NoSuchName;
        return new DnsAnswer<T>(outcome, found ?? [], authentic) { CanonicalName = isAlias ? target : null };
    }
}
