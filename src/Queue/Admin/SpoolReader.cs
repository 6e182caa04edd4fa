using System.Runtime.CompilerServices;
using MailAccess.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue;

/// <summary>The messages in a spool that no server serves, for somebody who only looks.</summary>
/// <remarks>Writes nothing. A server that starts meanwhile is not disturbed: what it moves is seen where it was, or where it is, or not at all.</remarks>
public sealed class SpoolReader : IAsyncDisposable
{
    private readonly SpoolFolder _folder;
    private readonly IoThreads _threads;
    private readonly FileSpool _files;
    private readonly IReadOnlyDictionary<SpoolId, (SpoolMessage Message, byte[] Content)> _journal;
    private readonly TimeProvider _clock;

    private SpoolReader(SpoolFolder folder, TimeProvider clock)
    {
        _folder = folder;
        _clock = clock;
        _threads = new IoThreads(1);
        _journal = JournalRecovery.Peek(folder); // Before the files: what moves meanwhile is then seen twice, not missed.
        _files = new FileSpool(folder, _threads, TimeSpan.Zero, clock, NullLogger.Instance);
    }

    /// <summary>Null where there is no such folder. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/> where it cannot be read.</summary>
    public static SpoolReader? TryOpen(string folder, TimeProvider clock) =>
        Directory.Exists(folder) ? new SpoolReader(new SpoolFolder(folder), clock) : null;

    /// <summary>The messages that fit, oldest first.</summary>
    public async IAsyncEnumerable<QueueEntry> ListAsync(QueueFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (SpoolId id in _journal.Keys.Union(await _files.ListAsync(cancellationToken)).Order())
        {
            if (await ReadAsync(id, cancellationToken) is not { } message)
            {
                continue;
            }
            DateTimeOffset now = _clock.GetUtcNow();
            QueueEntry entry = QueueEntry.Of(message, now, isOwned: false);
            if (filter.Matches(entry, now))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The octets of a message, or null where there is none. The caller disposes them.</summary>
    public async Task<IMessageContent?> OpenContentAsync(string id, CancellationToken cancellationToken)
    {
        if (!SpoolId.TryParse(id, out SpoolId known))
        {
            return null;
        }
        if (_journal.TryGetValue(known, out (SpoolMessage Message, byte[] Content) found))
        {
            return new OctetContent(found.Content);
        }
        try
        {
            return await _files.OpenContentAsync(known, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _files.DisposeAsync();
        _threads.Dispose();
        _folder.Dispose();
    }

    private async Task<SpoolMessage?> ReadAsync(SpoolId id, CancellationToken cancellationToken) =>
        _journal.TryGetValue(id, out (SpoolMessage Message, byte[] Content) found) ? found.Message : await _files.ReadAsync(id, cancellationToken);
}
