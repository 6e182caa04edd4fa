using System.Collections.Concurrent;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>
/// Small messages live in a journal first, where all who wait share one sync; what is still there when its segment's turn comes, and
/// at the next start, moves into files of its own. Most messages never become files.
/// </summary>
/// <remarks>
/// Where a message lies in both, the journal is right: it stops being so by a Remove record, which is durable before
/// anything happens to the files. Large messages, and all while too many segments wait, go to the files at once.
/// </remarks>
internal sealed class JournalSpool : ISpool
{
    private const int MovesAtOnce = 16;

    private readonly ISpoolFiles _disk;
    private readonly FileSpool _files;
    private readonly IoThreads _threads;
    private readonly QueueLimits _limits;
    private readonly ILogger _logger;
    private readonly SpoolJournal _journal;
    private readonly ConcurrentDictionary<SpoolId, JournalEntry> _entries = new();
    private readonly Lock _gate = new();
    private Task _moving = Task.CompletedTask;
    private bool _isStopped;

    public JournalSpool(ISpoolFiles disk, FileSpool files, IoThreads threads, QueueLimits limits, ILogger logger)
    {
        _disk = disk;
        _files = files;
        _threads = threads;
        _limits = limits;
        _logger = logger;
        _journal = new SpoolJournal(disk, threads, limits.JournalSegmentOctets) { Closed = StartMoving };
    }

    public async Task LoadAsync(Action<SpoolEntry> found, CancellationToken cancellationToken)
    {
        await JournalRecovery.RunAsync(_disk, _files, _threads, _journal.FirstOwn, _logger);
        await _files.LoadAsync(found, cancellationToken);
        foreach (JournalEntry entry in _entries.Values.OrderBy(e => e.Message.Id))
        {
            found(SpoolEntry.Of(entry.Message));
        }
    }

    public async Task<IReadOnlyList<SpoolId>> ListAsync(CancellationToken cancellationToken)
    {
        IEnumerable<SpoolId> journaled = _entries.Keys; // First: what moves meanwhile is then seen twice, not missed.
        List<SpoolId> ids = [.. journaled];
        return [.. ids.Union(await _files.ListAsync(cancellationToken)).Order()];
    }

    public async Task AddAsync(SpoolMessage message, IMessageContent content, CancellationToken cancellationToken)
    {
        if (content.Octets > _limits.JournaledOctetsMax || _journal.ClosedCount >= _limits.JournalSegmentsMax)
        {
            StartMoving();
            await _files.AddAsync(message, content, cancellationToken);
            return;
        }
        byte[] octets = new byte[content.Octets];
        int length = 0;
        while (length < octets.Length && await content.ReadAsync(length, octets.AsMemory(length), cancellationToken) is int read and > 0)
        {
            length += read;
        }
        if (length != message.Octets)
        {
            throw new IOException($"content of {message.Id} has {length} octets, not {message.Octets}");
        }
        JournalEntry entry = new(message, octets);
        SpoolId id = message.Id;
        await _journal.AppendAsync(entry.Encode(), UpdateDurability.PowerLoss, entry, () => JournalRecord.Encode(JournalRecordKind.Remove, id, []));
        if (!entry.IsGone)
        {
            _entries[id] = entry;
            if (entry.IsGone)
            {
                _entries.TryRemove(id, out _); // Moved in between.
            }
        }
    }

    public Task<SpoolMessage?> ReadAsync(SpoolId id, CancellationToken cancellationToken) =>
        _entries.TryGetValue(id, out JournalEntry? entry) ? Task.FromResult<SpoolMessage?>(entry.Message) : _files.ReadAsync(id, cancellationToken);

    public Task<IMessageContent> OpenContentAsync(SpoolId id, CancellationToken cancellationToken)
    {
        if (_entries.TryGetValue(id, out JournalEntry? entry))
        {
            byte[] content = entry.Content;
            if (!entry.IsGone)
            {
                return Task.FromResult<IMessageContent>(new OctetContent(content));
            }
        }
        return _files.OpenContentAsync(id, cancellationToken);
    }

    public async Task UpdateAsync(SpoolId id, SpoolUpdate update, UpdateDurability durability)
    {
        if (!_entries.TryGetValue(id, out JournalEntry? entry) || !await TryEnterAsync(entry))
        {
            await _files.UpdateAsync(id, update, durability);
            return;
        }
        try
        {
            await _journal.AppendAsync(JournalRecord.Encode(JournalRecordKind.Update, id, SpoolCodec.WriteUpdate(update)), durability);
            entry.Message = entry.Message.Apply(update);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    public async Task RemoveAsync(SpoolId id)
    {
        if (!_entries.TryGetValue(id, out JournalEntry? entry) || !await TryEnterAsync(entry))
        {
            await _files.RemoveAsync(id);
            return;
        }
        try
        {
            await _journal.AppendAsync(JournalRecord.Encode(JournalRecordKind.Remove, id, []), UpdateDurability.PowerLoss);
            if (entry.HasStrayFiles)
            {
                await _files.RemoveAsync(id);
            }
            entry.Leave();
            _entries.TryRemove(id, out _);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task moving;
        lock (_gate)
        {
            _isStopped = true;
            moving = _moving;
        }
        await moving;
        _journal.Dispose();
        await _files.DisposeAsync();
    }

    private static async Task<bool> TryEnterAsync(JournalEntry entry)
    {
        await entry.Gate.WaitAsync();
        if (!entry.IsGone)
        {
            return true;
        }
        entry.Gate.Release();
        return false;
    }

    private void StartMoving()
    {
        lock (_gate)
        {
            if (!_isStopped && _moving.IsCompleted)
            {
                _moving = Task.Run(MoveAsync);
            }
        }
    }

    // Leaves the younger segments alone: most of what they hold is delivered before their turn.
    private async Task MoveAsync()
    {
        try
        {
            while (!Volatile.Read(ref _isStopped) && _journal.ClosedCount > _limits.JournalSegmentsKept && _journal.Oldest() is { } segment)
            {
                await Parallel.ForEachAsync(
                    segment.Living(), new ParallelOptions { MaxDegreeOfParallelism = MovesAtOnce }, async (entry, _) => await MoveAsync(entry));
                await _threads.RunAsync(_journal.DeleteOldest);
            }
        }
        catch (IOException e)
        {
            Log.JournalStuck(_logger, e); // Tried again when the next segment closes.
        }
    }

    private async Task MoveAsync(JournalEntry entry)
    {
        if (!await TryEnterAsync(entry))
        {
            return;
        }
        try
        {
            SpoolId id = entry.Message.Id;
            if (entry.HasStrayFiles)
            {
                // What undoes the failed move is durable before the files go.
                await _journal.AppendAsync(JournalRecord.Encode(JournalRecordKind.Mark, id, []), UpdateDurability.PowerLoss);
                await _files.RemoveAsync(id);
            }
            entry.HasStrayFiles = true;
            await _files.AddAsync(entry.Message, new OctetContent(entry.Content), CancellationToken.None);
            await _journal.AppendAsync(JournalRecord.Encode(JournalRecordKind.Remove, id, []), UpdateDurability.PowerLoss, undo: entry.Encode);
            entry.HasStrayFiles = false;
            entry.Leave();
            _entries.TryRemove(id, out _);
        }
        finally
        {
            entry.Gate.Release();
        }
    }
}

/// <summary>Content in memory.</summary>
internal sealed class OctetContent(ReadOnlyMemory<byte> octets) : IMessageContent
{
    public long Octets => octets.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int length = (int)Math.Clamp(octets.Length - offset, 0, destination.Length);
        octets.Slice((int)Math.Min(offset, octets.Length), length).CopyTo(destination);
        return new(length);
    }

    public ValueTask DisposeAsync() => default;
}
