using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Store.Expiry;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Has messages expire, some time after the start and then regularly.</summary>
internal sealed class ExpiryService(ServerConfiguration configuration, IAccountDirectory accounts, IMailStore store, TimeProvider clock, ILogger log)
    : IAsyncDisposable
{
    /// <summary>A server that starts has other things to do.</summary>
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Start()
    {
        if (configuration.Expiry.Rules.Count > 0)
        {
            _running = RunAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>Accounts that have mail on disk: the others need not be given any now.</summary>
    public static async Task<IReadOnlyList<string>> AccountsAsync(ServerConfiguration configuration, IAccountDirectory accounts, CancellationToken cancellationToken) =>
    [
        .. (await accounts.ListAsync(cancellationToken)).Select(a => a.Name)
            .Where(n => StoreSetup.RootOf(n, configuration.Mail.PathTemplate, accounts) is { } root && Directory.Exists(root)).Order(StringComparer.Ordinal),
    ];

    private async Task RunAsync()
    {
        TimeSpan wait = FirstDelay;
        try
        {
            while (true)
            {
                await Task.Delay(wait, clock, _stop.Token);
                wait = configuration.Expiry.Interval;
                await SweepAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server ends. What was not swept is swept the next time.
        }
    }

    private async Task SweepAsync()
    {
        try
        {
            var sweep = new ExpirySweep(store, configuration.Expiry.Rules, new StoreLimits(), clock, log);
            await sweep.RunAsync(await AccountsAsync(configuration, accounts, _stop.Token), ExpiryMode.Remove, _stop.Token);
        }
        catch (IOException problem)
        {
            log.ExpiryFailed(problem);
        }
    }
}
