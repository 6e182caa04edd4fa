using MailAccess.Dns;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What is known of a domain's policy now.</summary>
/// <param name="Policy">The one that applies; null: none.</param>
/// <param name="Id">Its id.</param>
/// <param name="FetchFailure">DNS names a policy that could not be had.</param>
internal readonly record struct StsLookUp(StsPolicy? Policy, string? Id = null, FetchResult? FetchFailure = null);

/// <summary>Finds, keeps and refreshes the MTA-STS policies of domains. RFC 8461 §3, §5.1. Thread-safe.</summary>
internal sealed class StsPolicies(StsCache cache, IPolicyFetcher fetcher, IResolver resolver, TimeProvider clock, ILogger logger) : IDisposable
{
    /// <summary>"limit further attempts to a period of five minutes or longer per version ID": RFC 8461 §3.3.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(5);

    /// <summary>"a suggested refresh frequency is once per day": RFC 8461 §3.3.</summary>
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromDays(1);

    /// <summary>Policies refreshed at once: a host that drips takes its minute, and the others do not wait for it.</summary>
    private const int RefreshesMax = 8;

    /// <summary>Domains whose last fetch failed that are remembered.</summary>
    private const int FailuresMax = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<FetchResult>> _fetching = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, (string Id, DateTimeOffset Until, FetchResult Result)> _failures = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The policy to apply to mail for a domain now; DNS is asked each time, the policy host only where DNS tells of a new one. Throws for cancellation only.</summary>
    public async Task<StsLookUp> FindAsync(string domain, CancellationToken cancellationToken)
    {
        StsEntry? known = Valid(domain);
        DnsAnswer<string> answer = await resolver.ResolveTextAsync("_mta-sts." + domain, cancellationToken);
        // What is no longer, or not now, in DNS is believed as long as it said: RFC 8461 §3.1, §3.3.
        string? id = answer.Outcome == DnsOutcome.Found ? StsPolicy.FindId(answer.Records) : null;
        if (id is null || id == known?.Id)
        {
            return Applying(known);
        }
        FetchResult fetched = await FetchAsync(domain, id, cancellationToken);
        return fetched.Flaw == FetchFlaw.None ? Applying(Valid(domain)) : Applying(known) with { FetchFailure = fetched };
    }

    /// <summary>Fetches again what was fetched a day ago or will end soon, and forgets what has ended. To be called every hour or so.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        cache.Snapshot(),
        new ParallelOptions { MaxDegreeOfParallelism = RefreshesMax, CancellationToken = cancellationToken },
        async (known, token) => await RefreshAsync(known.Key, known.Value, token));

    private async Task RefreshAsync(string domain, StsEntry entry, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (entry.Ends <= now)
        {
            Forget(domain);
        }
        else if (now - entry.Fetched >= RefreshAfter || now - entry.Fetched >= entry.Policy.MaxAge / 2)
        {
            DnsAnswer<string> answer = await resolver.ResolveTextAsync("_mta-sts." + domain, cancellationToken);
            string id = (answer.Outcome == DnsOutcome.Found ? StsPolicy.FindId(answer.Records) : null) ?? entry.Id;
            FetchResult fetched = await FetchAsync(domain, id, cancellationToken);
            if (fetched.Flaw != FetchFlaw.None && entry.Policy.Mode != StsMode.None)
            {
                Log.PolicyNotRefreshed(logger, domain, fetched.Reason, entry.Ends);
            }
        }
    }

    private static StsLookUp Applying(StsEntry? entry) => entry is null || entry.Policy.Mode == StsMode.None ? default : new StsLookUp(entry.Policy, entry.Id);

    private StsEntry? Valid(string domain) => cache.Find(domain) is { } entry && entry.Ends > clock.GetUtcNow() ? entry : null;

    // One fetch for a domain at a time; whoever comes meanwhile waits for the same one.
    private Task<FetchResult> FetchAsync(string domain, string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_failures.TryGetValue(domain, out (string Id, DateTimeOffset Until, FetchResult Result) failure) && failure.Id == id && failure.Until > clock.GetUtcNow())
            {
                return Task.FromResult(failure.Result);
            }
            if (!_fetching.TryGetValue(domain, out Task<FetchResult>? running))
            {
                running = Task.Run(() => FetchOnceAsync(domain, id), CancellationToken.None);
                _fetching[domain] = running;
            }
            return running.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends what is being fetched; nothing is written any more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _fetching.Values];
        }
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stop.Dispose();

    // No single waiter's cancellation ends it, since others may wait; its own time-out does, and the end of the server.
    private async Task<FetchResult> FetchOnceAsync(string domain, string id)
    {
        try
        {
            FetchResult result = await fetcher.FetchAsync(domain, _stop.Token);
            StsPolicy? policy = null;
            if (result.Text is { } text && !StsPolicy.TryParse(text, out policy))
            {
                result = new FetchResult(null, FetchFlaw.Invalid, "the policy is not well-formed");
            }
            Note(domain, id, result);
            if (policy is null)
            {
                Log.PolicyNotFetched(logger, domain, result.Reason);
            }
            else
            {
                Keep(domain, new StsEntry(policy, id, clock.GetUtcNow()));
            }
            return result;
        }
        finally
        {
            lock (_gate)
            {
                _fetching.Remove(domain);
            }
        }
    }

    private void Note(string domain, string id, FetchResult result)
    {
        lock (_gate)
        {
            _failures.Remove(domain);
            if (result.Flaw == FetchFlaw.None)
            {
                return;
            }
            if (_failures.Count >= FailuresMax)
            {
                _failures.Clear(); // The pause is a courtesy; a bound is not.
            }
            _failures[domain] = (id, clock.GetUtcNow() + PauseAfterFailure, result);
        }
    }

    private void Keep(string domain, StsEntry entry)
    {
        try
        {
            cache.Put(domain, entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.PolicyNotKept(logger, domain, e); // It counts until the next start.
        }
    }

    private void Forget(string domain)
    {
        try
        {
            cache.Remove(domain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.PolicyNotKept(logger, domain, e);
        }
    }
}
