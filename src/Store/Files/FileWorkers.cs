namespace MailAccess.Store.Files;

/// <summary>
/// Our own threads for whatever may block on a disk: on the default pool a few blocked calls delay every session
/// by hundreds of milliseconds.
/// </summary>
internal sealed class FileWorkers : IDisposable
{
    private readonly Queue<Action> _jobs = new();
    private readonly Thread[] _threads;
    private readonly int _jobsMax;
    private bool _stopped;

    public FileWorkers(int threads, int stackOctets, int jobsMax)
    {
        _jobsMax = jobsMax;
        _threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Run, stackOctets) { IsBackground = true, Name = $"store-io-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>Runs the work on one of the threads. The faults of the disk become <see cref="StoreError.Unavailable"/>, told to
    /// <paramref name="onFault"/>; where there is no room for more work, the answer is the same.</summary>
    public ValueTask<StoreResult<T>> RunAsync<T>(Func<StoreResult<T>> work, Action<FileFault> onFault)
    {
        var done = new TaskCompletionSource<StoreResult<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryEnqueue(() => done.SetResult(Guarded(work, onFault)), done) ? new(done.Task) : new(StoreError.Unavailable);
    }

    /// <summary>Runs the work; the task fails as the work does.</summary>
    public Task RunAsync(Action work)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryEnqueue(() => { work(); done.SetResult(true); }, done)
            ? done.Task
            : Task.FromException(new IOException("The store's file workers are overwhelmed or stopped."));
    }

    public void Dispose()
    {
        lock (_jobs)
        {
            _stopped = true;
            Monitor.PulseAll(_jobs);
        }
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private static StoreResult<T> Guarded<T>(Func<StoreResult<T>> work, Action<FileFault> onFault)
    {
        try
        {
            return work();
        }
        catch (FileFault fault)
        {
            onFault(fault);
            return StoreError.Unavailable;
        }
    }

    private bool TryEnqueue<T>(Action work, TaskCompletionSource<T> done)
    {
        lock (_jobs)
        {
            // A queue this long means the disk stands still; waiting for room would only hide it.
            if (_stopped || _jobs.Count >= _jobsMax)
            {
                return false;
            }
            _jobs.Enqueue(() => Complete(work, done));
            Monitor.Pulse(_jobs);
            return true;
        }
    }

    private static void Complete<T>(Action work, TaskCompletionSource<T> done)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // The worker boundary: whatever it is belongs to whoever awaits the work.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            done.TrySetException(fault);
        }
    }

    private void Run()
    {
        while (true)
        {
            Action job;
            lock (_jobs)
            {
                while (_jobs.Count == 0)
                {
                    if (_stopped)
                    {
                        return;
                    }
                    Monitor.Wait(_jobs);
                }
                job = _jobs.Dequeue();
            }
            job();
        }
    }
}
