using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace MailAccess.Dns;

/// <summary>Asks recursive name servers, keeps their answers as long as they allow. Thread-safe.</summary>
/// <remarks><c>/etc/hosts</c> is not read; only <c>localhost</c> is known without asking (RFC 6761 §6.3).</remarks>
public sealed class StubResolver : IResolver, IDisposable
{
    private static readonly DnsResult NoSuchName = new(DnsOutcome.NoSuchName, [], false, TimeSpan.Zero);
    private static readonly DnsResult Failed = new(DnsOutcome.Failed, [], false, TimeSpan.Zero);

    private readonly ResolverOptions _options;
    private readonly DnsTransport _transport;
    private readonly DnsCache _cache;
    private readonly SemaphoreSlim _slots;
    private readonly ILogger _logger;

    /// <summary>Opens no socket until it is asked.</summary>
    public StubResolver(ResolverOptions options, TimeProvider clock, ILogger<StubResolver> logger)
    {
        _options = options;
        _logger = logger;
        _transport = new DnsTransport(options.Limits, options.Timeout, clock);
        _cache = new DnsCache(options.Limits.CacheEntriesMax, clock);
        _slots = new SemaphoreSlim(options.Limits.QueriesMax);
    }

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<MxRecord>> ResolveMxAsync(string domain, CancellationToken cancellationToken) =>
        (await LookUpAsync(domain, DnsType.Mx, cancellationToken)).To(r => new MxRecord(r.Preference, r.Target!));

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<IPAddress>> ResolveAddressesAsync(string host, CancellationToken cancellationToken)
    {
        string name = Canonical(host);
        if (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal))
        {
            return new DnsAnswer<IPAddress>(DnsOutcome.Found, [IPAddress.IPv6Loopback, IPAddress.Loopback]);
        }
        DnsResult[] results = await Task.WhenAll(
            LookUpAsync(name, DnsType.Aaaa, cancellationToken),
            LookUpAsync(name, DnsType.A, cancellationToken));
        return Combine(results[0], results[1]).To(r => r.Address!);
    }

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<string>> ResolveNamesAsync(IPAddress address, CancellationToken cancellationToken) =>
        (await LookUpAsync(ReverseName(address), DnsType.Ptr, cancellationToken)).To(r => r.Target!);

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<string>> ResolveTextAsync(string name, CancellationToken cancellationToken) =>
        (await LookUpAsync(name, DnsType.Txt, cancellationToken)).To(r => r.Text!);

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<TlsaRecord>> ResolveTlsaAsync(string name, CancellationToken cancellationToken) =>
        (await LookUpAsync(name, DnsType.Tlsa, cancellationToken)).To(r => r.Association!);

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<ServiceRecord>> ResolveServicesAsync(string name, CancellationToken cancellationToken) =>
        (await LookUpAsync(name, DnsType.Srv, cancellationToken)).To(r => new ServiceRecord(r.Preference, r.Service.Weight, r.Service.Port, r.Target!));

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer<string>> ResolveAliasAsync(string name, CancellationToken cancellationToken) =>
        (await LookUpAsync(name, DnsType.Cname, cancellationToken)).To(r => r.Target!);

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    /// <summary>The name whose PTR records name the address. RFC 1035 §3.5, RFC 3596 §2.5.</summary>
    internal static string ReverseName(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] octets = plain.GetAddressBytes();
        StringBuilder name = new();
        for (int i = octets.Length - 1; i >= 0; i--)
        {
            name.Append(plain.AddressFamily == AddressFamily.InterNetwork
                ? string.Create(CultureInfo.InvariantCulture, $"{octets[i]}.")
                : string.Create(CultureInfo.InvariantCulture, $"{octets[i] & 0xF:x}.{octets[i] >> 4:x}."));
        }
        return name.Append(plain.AddressFamily == AddressFamily.InterNetwork ? "in-addr.arpa" : "ip6.arpa").ToString();
    }

    private static DnsResult Combine(DnsResult six, DnsResult four)
    {
        // A look-up that failed says nothing of the other: else whoever drops its answer could make a signed zone seem unsigned.
        bool authentic = (six.IsAuthentic || six.Outcome == DnsOutcome.Failed) && (four.IsAuthentic || four.Outcome == DnsOutcome.Failed);
        if (six.Records.Count + four.Records.Count > 0)
        {
            string? canonical = six.Records.Count > 0 ? six.CanonicalName : four.CanonicalName;
            return new DnsResult(DnsOutcome.Found, [.. six.Records, .. four.Records], authentic, TimeSpan.Zero) { CanonicalName = canonical };
        }
        if (six.Outcome == DnsOutcome.Failed || four.Outcome == DnsOutcome.Failed)
        {
            return Failed; // The address that was asked for in vain may be the only one.
        }
        // A name exists for all types or for none; where servers disagree, believe that it exists.
        bool absent = six.Outcome == DnsOutcome.NoSuchName && four.Outcome == DnsOutcome.NoSuchName;
        return new DnsResult(absent ? DnsOutcome.NoSuchName : DnsOutcome.NoData, [], authentic, TimeSpan.Zero);
    }

    private static string Canonical(string name) => DnsName.Normalize(name).ToLowerInvariant();

    private async Task<DnsResult> LookUpAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        DnsQuestion question = new(Canonical(name), type);
        if (_cache.TryGet(question, out DnsResult? cached))
        {
            return cached!;
        }
        if (!DnsName.TryWrite(question.Name, []))
        {
            return NoSuchName; // No such thing can be registered.
        }
        DnsResult result = await FollowAsync(question, cancellationToken);
        if (result.Outcome == DnsOutcome.Failed)
        {
            Log.LookUpFailed(_logger, question.Name, question.Type);
        }
        else
        {
            _cache.Add(question, result);
        }
        return result;
    }

    // Servers that recurse give whole CNAME chains; where one stops half-way, we go on asking at its end.
    private async Task<DnsResult> FollowAsync(DnsQuestion question, CancellationToken cancellationToken)
    {
        string name = question.Name;
        bool authentic = true;
        TimeSpan ttl = _options.Limits.TtlMax;
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase) { name };
        while (true)
        {
            (DnsMessage? answer, bool trusted) = await AskServersAsync(question with { Name = name }, cancellationToken);
            if (answer is null)
            {
                return Failed;
            }
            authentic &= trusted && answer.IsAuthenticData;
            bool moved = false;
            while (question.Type != DnsType.Cname && answer.Answers.FirstOrDefault(r => r.Type == DnsType.Cname && DnsName.Same(r.Name, name)) is { Target: { } target } alias)
            {
                if (seen.Count > _options.Limits.CnamesMax || !seen.Add(target))
                {
                    return Failed;
                }
                ttl = Shorter(ttl, alias.Ttl);
                name = target;
                moved = true;
            }
            string? canonical = seen.Count > 1 ? Canonical(name) : null;
            DnsRecord[] records = [.. answer.Answers.Where(r => r.Type == question.Type && DnsName.Same(r.Name, name))];
            if (records.Length > 0)
            {
                return new DnsResult(DnsOutcome.Found, records, authentic, records.Aggregate(ttl, (t, r) => Shorter(t, r.Ttl))) { CanonicalName = canonical };
            }
            if (answer.ResponseCode == DnsResponseCode.NameError || answer.NegativeTtl is not null || !moved)
            {
                TimeSpan negative = Shorter(answer.NegativeTtl ?? TimeSpan.Zero, _options.Limits.NegativeTtlMax); // No SOA: not kept, RFC 2308 §5.
                DnsOutcome outcome = answer.ResponseCode == DnsResponseCode.NameError ? DnsOutcome.NoSuchName : DnsOutcome.NoData;
                return new DnsResult(outcome, [], authentic, Shorter(ttl, negative)) { CanonicalName = canonical };
            }
        }
    }

    private async Task<(DnsMessage? Answer, bool Trusted)> AskServersAsync(DnsQuestion question, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 0; attempt < _options.Attempts; attempt++)
            {
                foreach (IPEndPoint server in _options.Servers.Take(_options.Limits.ServersMax))
                {
                    DnsMessage? answer = await _transport.AskAsync(server, question, cancellationToken);
                    if (answer?.ResponseCode is DnsResponseCode.NoError or DnsResponseCode.NameError)
                    {
                        return (answer, _options.TrustAuthenticData ?? IPAddress.IsLoopback(server.Address));
                    }
                    Log.ServerFailed(_logger, server, question.Name, question.Type, answer?.ResponseCode);
                }
            }
            return (null, false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
