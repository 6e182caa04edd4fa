namespace MailAccess.Auth.Passwords;

/// <summary>
/// Runs what keeps a processor busy for milliseconds: on threads of its own, so that the pool's stay free for the network,
/// and no more at a time than there are processors.
/// </summary>
internal sealed class HashWork(int concurrent) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(concurrent > 0 ? concurrent : Environment.ProcessorCount);
    private long _started;

    /// <summary>How many hashes were computed so far.</summary>
    public long Started => Interlocked.Read(ref _started);

    public async Task<TResult> RunAsync<TResult>(Func<TResult> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            Interlocked.Increment(ref _started);
            // A thread costs 0.1 ms or less to start, a hash 3 ms or more.
            return await Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
