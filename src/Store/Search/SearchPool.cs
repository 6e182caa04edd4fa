using MailAccess.Store.Files;

namespace MailAccess.Store.Search;

/// <summary>
/// The share that searches have of the machine: so many slices at a time over all sessions, on the threads that may block, so that
/// whoever fetches does not wait behind a search.
/// </summary>
/// <param name="workers">Null: nothing blocks, the thread pool does.</param>
/// <param name="slicesMax">Slices at a time.</param>
internal sealed class SearchPool(FileWorkers? workers, int slicesMax) : IDisposable
{
    private readonly SemaphoreSlim _share = new(slicesMax, slicesMax);

    /// <summary>For what keeps no threads of its own.</summary>
    public static SearchPool Shared { get; } = new(null, Environment.ProcessorCount);

    public int SlicesMax => slicesMax;

    /// <summary>One slice. Throws where it is cancelled before its turn comes.</summary>
    public async ValueTask<StoreResult<T>> RunAsync<T>(Func<StoreResult<T>> slice, Action<FileFault> onFault, CancellationToken cancellationToken)
    {
        await _share.WaitAsync(cancellationToken);
        try
        {
            return workers is null ? await Task.Run(slice, cancellationToken) : await workers.RunAsync(slice, onFault);
        }
        finally
        {
            _share.Release();
        }
    }

    public void Dispose() => _share.Dispose();
}
