using System.Collections.Concurrent;

namespace MailAccess.Queue;

/// <summary>A few threads for file work that blocks, so that none of it runs on the thread pool.</summary>
internal sealed class IoThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;

    public IoThreads(int count)
    {
        _threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            _threads[i] = new Thread(Work, maxStackSize: 256 * 1024) { IsBackground = true, Name = $"queue-io-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>Runs the work on one of the threads. Its exceptions become the task's. Once begun it runs to its end.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => Complete(work, done));
        return done.Task;
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return true;
    });

    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join(); // Work that was handed over is finished first.
        }
        _work.Dispose();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Nothing is swallowed: the exception is handed to whoever awaits the work.")]
    private static void Complete<T>(Func<T> work, TaskCompletionSource<T> done)
    {
        try
        {
            done.SetResult(work());
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    private void Work()
    {
        foreach (Action action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
