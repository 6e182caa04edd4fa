namespace MailAccess.Queue;

/// <summary>Syncs the folder once for all who wait at that moment.</summary>
internal sealed class FolderSync(ISpoolFiles files, IoThreads threads)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;

    /// <summary>Returns after a sync that began after this call.</summary>
    public Task SyncAsync()
    {
        lock (_gate)
        {
            _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task mine = _waiting.Task;
            if (!_isRunning)
            {
                _isRunning = true;
                _running = threads.RunAsync(Run);
            }
            return mine;
        }
    }

    /// <summary>When nobody waits any more.</summary>
    public Task IdleAsync()
    {
        lock (_gate)
        {
            return _running;
        }
    }

    private void Run()
    {
        while (Take() is { } batch)
        {
            try
            {
                files.SyncFolder();
                batch.SetResult();
            }
            catch (IOException e)
            {
                batch.SetException(e);
            }
        }
    }

    private TaskCompletionSource? Take()
    {
        lock (_gate)
        {
            TaskCompletionSource? batch = _waiting;
            _waiting = null;
            _isRunning = batch is not null;
            return batch;
        }
    }
}
