using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MailAccess.Queue;

/// <summary>Sessions that failed in one way. RFC 8460 §4.4.</summary>
/// <param name="Kind">result-type, §4.3.</param>
/// <param name="SendingAddress">Ours; null: there was no connection.</param>
/// <param name="Host">The mail exchanger.</param>
/// <param name="ReceivingAddress">Its address.</param>
/// <param name="Reason">failure-reason-code, for people.</param>
internal sealed record TlsFailure(string Kind, string? SendingAddress = null, string? Host = null, string? ReceivingAddress = null, string? Reason = null);

/// <summary>What happened under one policy of a domain in a day.</summary>
internal sealed class PolicyOutcomes
{
    /// <summary><c>tlsa</c>, <c>sts</c> or <c>no-policy-found</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The policy's own lines.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>Names or patterns of hosts.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    public long Successes { get; set; }

    public long Failures { get; set; }

    public List<FailureCount> Details { get; init; } = [];
}

/// <summary>How often.</summary>
internal sealed class FailureCount
{
    public required TlsFailure Failure { get; init; }

    public long Sessions { get; set; }
}

/// <summary>
/// Counts for reports on TLS, by day (UTC) and domain: RFC 8460 §4. Kept in one file (<see cref="WholeFile"/>), written each hour
/// and at the end; what a crash takes of it is at most an hour. Thread-safe.
/// </summary>
internal sealed class TlsOutcomes
{
    /// <summary>Domains of one day; those that come later are not counted.</summary>
    private const int DomainsMax = 10_000;

    private const int PoliciesMax = 20;
    private const int DetailsMax = 50;
    private const int ReasonMax = 200;

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly string? _file;
    private readonly Dictionary<string, Dictionary<string, List<PolicyOutcomes>>> _days = [];
    private bool _isChanged;

    /// <summary>Reads what was kept; a damaged file is as none.</summary>
    public TlsOutcomes(TimeProvider clock, string? file)
    {
        _clock = clock;
        _file = file;
        if (file is null)
        {
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            _days = JsonSerializer.Deserialize(File.ReadAllBytes(file), OutcomesJson.Default.DictionaryStringDictionaryStringListPolicyOutcomes) ?? [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Reports are optional: they begin anew.
        }
    }

    /// <summary>One session, or one attempt at it.</summary>
    /// <param name="domain">The policy domain.</param>
    /// <param name="terms">What was demanded; null: no host was chosen yet, it was an MTA-STS policy that failed.</param>
    /// <param name="failure">What went wrong; null: nothing.</param>
    public void Add(string domain, HostTls? terms, TlsFailure? failure)
    {
        lock (_gate)
        {
            string day = NameOf(_clock.GetUtcNow());
            if (!_days.TryGetValue(day, out Dictionary<string, List<PolicyOutcomes>>? domains))
            {
                _days[day] = domains = [];
            }
            if (!domains.TryGetValue(domain, out List<PolicyOutcomes>? policies))
            {
                if (domains.Count >= DomainsMax)
                {
                    return;
                }
                domains[domain] = policies = [];
            }
            if (FindOrAdd(policies, terms) is { } policy)
            {
                Count(policy, failure);
                _isChanged = true;
            }
        }
    }

    /// <summary>Days that are over, with the domains not reported on yet.</summary>
    public IReadOnlyList<(DateTimeOffset Day, IReadOnlyList<string> Domains)> Finished()
    {
        lock (_gate)
        {
            string today = NameOf(_clock.GetUtcNow());
            return [.. _days.Where(d => string.CompareOrdinal(d.Key, today) < 0).Select(d => (
                DateTimeOffset.ParseExact(d.Key, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                (IReadOnlyList<string>)[.. d.Value.Keys]))];
        }
    }

    /// <summary>The counts of a day that is over: nothing changes them any more.</summary>
    public IReadOnlyList<PolicyOutcomes> Find(DateTimeOffset day, string domain)
    {
        lock (_gate)
        {
            return _days.TryGetValue(NameOf(day), out Dictionary<string, List<PolicyOutcomes>>? domains) && domains.TryGetValue(domain, out List<PolicyOutcomes>? found) ? found : [];
        }
    }

    /// <summary>Reported, or never to be.</summary>
    public void Remove(DateTimeOffset day, string domain)
    {
        lock (_gate)
        {
            if (_days.TryGetValue(NameOf(day), out Dictionary<string, List<PolicyOutcomes>>? domains))
            {
                _isChanged |= domains.Remove(domain);
                if (domains.Count == 0)
                {
                    _days.Remove(NameOf(day));
                }
            }
        }
    }

    /// <summary>Throws <see cref="IOException"/> where the file cannot be written; it is tried again next time.</summary>
    public void Save()
    {
        lock (_gate)
        {
            if (_file is null || !_isChanged)
            {
                return;
            }
            WholeFile.Replace(_file, JsonSerializer.SerializeToUtf8Bytes(_days, OutcomesJson.Default.DictionaryStringDictionaryStringListPolicyOutcomes));
            _isChanged = false;
        }
    }

    private static string NameOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static PolicyOutcomes? FindOrAdd(List<PolicyOutcomes> policies, HostTls? terms)
    {
        (string type, IReadOnlyList<string> lines, IReadOnlyList<string> hosts) = terms switch
        {
            null => ("sts", [], []),
            { Dane: { } dane } => ("tlsa", [.. dane.Records.Select(r => r.ToString())], (IReadOnlyList<string>)[dane.BaseDomain]),
            { Sts: { } sts } => ("sts", sts.ToLines(), sts.MxPatterns),
            _ => ("no-policy-found", [], []),
        };
        PolicyOutcomes? found = policies.Find(p => p.Type == type && p.Lines.SequenceEqual(lines) && p.Hosts.SequenceEqual(hosts));
        if (found is null && policies.Count < PoliciesMax)
        {
            policies.Add(found = new PolicyOutcomes { Type = type, Lines = lines, Hosts = hosts });
        }
        return found;
    }

    private static void Count(PolicyOutcomes policy, TlsFailure? failure)
    {
        if (failure is null)
        {
            policy.Successes++;
            return;
        }
        policy.Failures++;
        TlsFailure bounded = failure with { Reason = failure.Reason is { Length: > ReasonMax } reason ? reason[..ReasonMax] : failure.Reason };
        FailureCount? detail = policy.Details.Find(d => d.Failure == bounded);
        if (detail is null && policy.Details.Count < DetailsMax)
        {
            policy.Details.Add(detail = new FailureCount { Failure = bounded });
        }
        if (detail is not null)
        {
            detail.Sessions++;
        }
    }
}

[JsonSerializable(typeof(Dictionary<string, Dictionary<string, List<PolicyOutcomes>>>))]
internal sealed partial class OutcomesJson : JsonSerializerContext;
