using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Model;

/// <summary>The refreshes that a watcher of files has begun: one at a time for each mailbox that somebody listens to. Under the watcher's lock.</summary>
internal sealed class WatchedRefreshes<T>(Func<T, ValueTask<StoreResult<Done>>> refresh, ILogger log)
    where T : MailboxModel
{
    private readonly Dictionary<T, Task> _running = [];

    public Task All => Task.WhenAll(_running.Values);

    /// <summary>False where one is under way: what came in its middle is looked at next time.</summary>
    public bool Begin(T mailbox)
    {
        if (_running.TryGetValue(mailbox, out Task? running) && !running.IsCompleted)
        {
            return false;
        }
        _running.Remove(mailbox);
        if (!mailbox.IsGone && mailbox.HasSubscribers)
        {
            _running[mailbox] = RunAsync(mailbox);
        }
        return true;
    }

    public void Forget(T mailbox) => _running.Remove(mailbox);

    private async Task RunAsync(T mailbox)
    {
        try
        {
            await refresh(mailbox);
        }
        catch (IOException fault)
        {
            log.HousekeepingFailed(fault);
        }
    }
}
