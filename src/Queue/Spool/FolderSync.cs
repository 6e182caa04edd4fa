namespace MailAccess.Queue;

/// <summary>Syncs the folder once for all who wait at that moment.</summary>
/// <remarks>
/// Those in no hurry wait for somebody who is, or for the pause: syncing after each removal makes the file system commit
/// a few changes at a time and holds up everything else in the folder.
/// </remarks>
internal sealed class FolderSync(ISpoolFiles files, IoThreads threads, TimeSpan pause, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _hurry = NewSource();
    private TaskCompletionSource? _waiting;
    private Task _running = Task.CompletedTask;

    /// <summary>Returns after a sync that begins at once, or after the one that runs now.</summary>
    public Task SyncAsync()
    {
        lock (_gate)
        {
            _hurry.TrySetResult();
            return Join();
        }
    }

    /// <summary>Returns after a sync that began after this call; it may take its time.</summary>
    public Task SyncSoonAsync()
    {
        lock (_gate)
        {
            return Join();
        }
    }

    /// <summary>When nobody waits any more.</summary>
    public Task IdleAsync()
    {
        lock (_gate)
        {
            _hurry.TrySetResult();
            return _running;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task Join()
    {
        if (_waiting is null)
        {
            _waiting = NewSource();
            _running = RunAsync(_running, _hurry.Task);
        }
        return _waiting.Task;
    }

    private async Task RunAsync(Task before, Task hurry)
    {
        await before; // Never faults: failures go to those who wait.
        if (pause > TimeSpan.Zero)
        {
            await Task.WhenAny(hurry, Task.Delay(pause, clock));
        }
        await threads.RunAsync(() =>
        {
            TaskCompletionSource batch = Take();
            try
            {
                files.SyncFolder();
                batch.SetResult();
            }
            catch (IOException e)
            {
                batch.SetException(e);
            }
        });
    }

    private TaskCompletionSource Take()
    {
        lock (_gate)
        {
            TaskCompletionSource batch = _waiting!;
            _waiting = null;
            _hurry = NewSource();
            return batch;
        }
    }
}
