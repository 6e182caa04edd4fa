using MailAccess.Dns;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What the queue knows of the security of other servers, and its upkeep each hour: policies are refreshed, reports are sent, counts are kept.</summary>
internal sealed class RemoteSecurity : IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromHours(1);

    private readonly StsPolicies? _policies;
    private readonly TlsOutcomes? _outcomes;
    private readonly TlsReporter? _reporter;
    private readonly IPolicyFetcher? _fetcher;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _upkeep = Task.CompletedTask;

    /// <summary>Reads what was kept. Throws <see cref="IOException"/> where the folder cannot be used.</summary>
    /// <param name="sendAsync">Hands a report to the queue; false: it was not taken now.</param>
    public RemoteSecurity(
        QueueOptions options, IResolver resolver, Func<MailPath, byte[], CancellationToken, Task<bool>> sendAsync, TimeProvider clock, ILogger logger)
    {
        _clock = clock;
        _logger = logger;
        _fetcher = options.PolicyFetcher;
        if (_fetcher is not null && options.HonoursMtaSts)
        {
            StsCache cache = new(FolderOf(options), options.Limits.StsPoliciesMax);
            _policies = new StsPolicies(cache, _fetcher, resolver, clock, logger);
        }
        if (options.TlsReportContact is not null)
        {
            _outcomes = new TlsOutcomes(clock, options.SecurityFolder is { } folder ? Path.Combine(folder, "outcomes.json") : null);
            _reporter = new TlsReporter(_outcomes, resolver, sendAsync, options, clock, logger);
        }
        Decider = new TlsDecider(options, resolver, _policies);
    }

    /// <summary>Decides what TLS a host must offer.</summary>
    public TlsDecider Decider { get; }

    /// <summary>Where policies lie; null: in memory only.</summary>
    public static string? FolderOf(QueueOptions options) => options.SecurityFolder is { } folder ? Path.Combine(folder, "mta-sts") : null;

    /// <summary>Where sessions with a domain's hosts are counted; null: nowhere.</summary>
    public TlsJournal? JournalFor(string? domain) => domain is not null && _outcomes is not null ? new TlsJournal(_outcomes, domain) : null;

    public void Start()
    {
        PeriodicTimer timer = new(Round, _clock);
        _upkeep = Task.Run(() => RunAsync(timer));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _upkeep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (_policies?.StopAsync() ?? Task.CompletedTask);
        Save();
    }

    public void Dispose()
    {
        _stop.Dispose();
        _policies?.Dispose();
        (_fetcher as IDisposable)?.Dispose();
    }

    private async Task RunAsync(PeriodicTimer rounds)
    {
        using PeriodicTimer timer = rounds;
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            try
            {
                await UpkeepAsync();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.UpkeepFailed(_logger, e); // The next round comes.
            }
            Save();
        }
    }

    private async Task UpkeepAsync()
    {
        if (_policies is not null)
        {
            await _policies.RefreshAsync(_stop.Token);
        }
        if (_reporter is not null)
        {
            await _reporter.SendDueAsync(_stop.Token);
        }
    }

    private void Save()
    {
        try
        {
            _outcomes?.Save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.OutcomesNotKept(_logger, e);
        }
    }
}
