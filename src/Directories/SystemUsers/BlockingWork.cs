namespace MailAccess.Directories.SystemUsers;

/// <summary>Calls that block for as long as they like: on threads of their own, so many at a time, and nobody waits longer than he may.</summary>
/// <remarks>A call that is given up goes on, and keeps its thread until it ends: no more threads than these are ever stuck.</remarks>
internal sealed class BlockingWork(int threads, TimeSpan timeout, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(threads);

    /// <summary>The call's result; throws <see cref="IOException"/> where it takes too long, or its turn does not come.</summary>
    public async Task<TResult> RunAsync<TResult>(string what, Func<TResult> work, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _gate.WaitAsync(either.Token);
            Task<TResult> running = Task.Factory.StartNew(() => Run(work), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return await running.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{what} has not answered in {timeout.TotalSeconds:0} s");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private TResult Run<TResult>(Func<TResult> work)
    {
        try
        {
            return work();
        }
        finally
        {
            _gate.Release();
        }
    }
}
