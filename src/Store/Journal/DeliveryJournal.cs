using System.Buffers;
using System.Globalization;
using MailAccess.Store.Files;
using MailAccess.Store.Model;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Journal;

/// <summary>Writes a commit's record into the journal's buffer.</summary>
internal delegate void RecordWriter(CommitTicket ticket, ArrayBufferWriter<byte> buffer);

/// <summary>
/// Makes commits durable: one thread writes all that wait into a segment laid out beforehand, and one fdatasync is for all.
/// </summary>
/// <remarks>
/// A failed write or sync is final: what the disk then holds is unknown, so no commit succeeds until the process starts anew and
/// recovery has looked. A segment is written again only after a checkpoint made durable elsewhere what it holds.
/// </remarks>
internal sealed class DeliveryJournal : IDisposable
{
    private const int BatchOctetsMax = 4 << 20;
    private const int FreeSegmentsMax = 4;

    private readonly IFiles _files;
    private readonly string _folder;
    private readonly StoreLimits _limits;
    private readonly ILogger _log;
    private readonly Guid _bootId;
    private readonly RecordWriter _writeRecord;
    private readonly Lock _queueGate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread _thread;
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly List<string> _closed = [];
    private readonly List<string> _free = [];
    private List<CommitTicket> _queue = [];
    private TaskCompletionSource<IReadOnlyList<string>>? _rollRequest;
    private IFile? _segment;
    private string _segmentPath = "";
    private long _position;
    private ulong _sequence;
    private ulong _segmentNumber;
    private long _octetsSinceCheckpoint;
    private bool _stopped;
    private volatile bool _isBroken;

    public DeliveryJournal(IFiles files, string folder, StoreLimits limits, Guid bootId, ulong lastSegment, ulong lastSequence, RecordWriter writeRecord, ILogger log)
    {
        _files = files;
        _folder = folder;
        _limits = limits;
        _bootId = bootId;
        _segmentNumber = lastSegment;
        _sequence = lastSequence;
        _writeRecord = writeRecord;
        _log = log;
        _thread = new Thread(Run, limits.WorkerStackOctets) { IsBackground = true, Name = "store-committer" };
        _thread.Start();
    }

    /// <summary>Which start of the machine this is.</summary>
    public Guid BootId => _bootId;

    /// <summary>Where the segments are.</summary>
    public string Folder => _folder;

    /// <summary>A write or sync failed: nothing will be durable any more.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Octets written since a checkpoint last began.</summary>
    public long OctetsSinceCheckpoint => Interlocked.Read(ref _octetsSinceCheckpoint);

    /// <summary>Takes the commit; it is completed in order, on the committer's thread.</summary>
    public void Submit(CommitTicket ticket)
    {
        lock (_queueGate)
        {
            if (!_stopped)
            {
                _queue.Add(ticket);
                if (_queue.Count == 1)
                {
                    _wake.Release();
                }
                return;
            }
        }
        ticket.Complete(StoreError.Unavailable);
    }

    /// <summary>Begins a new segment; the answer are the older ones, whose commits are all settled by then.</summary>
    public Task<IReadOnlyList<string>> RollAsync()
    {
        lock (_queueGate)
        {
            if (_stopped)
            {
                return Task.FromResult<IReadOnlyList<string>>([]);
            }
            _rollRequest ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            _wake.Release();
            return _rollRequest.Task;
        }
    }

    /// <summary>
    /// What these segments hold is durable elsewhere: they may be written again. Their headers go first, durably: nobody shall replay them. Blocks.
    /// </summary>
    public void Recycle(IReadOnlyList<string> segments)
    {
        foreach (string segment in segments)
        {
            Blank(segment);
            bool isKept;
            lock (_queueGate)
            {
                isKept = _free.Count < FreeSegmentsMax && !_stopped;
                if (isKept)
                {
                    _free.Add(segment);
                }
                _closed.Remove(segment);
            }
            if (!isKept)
            {
                _files.Unlink(segment);
            }
        }
    }

    /// <summary>
    /// After a power loss a replayed record of long ago would bring back what other programs have removed since. (That is why: the mail
    /// of records not yet at a checkpoint was never synced, so it is written again where it is missing.)
    /// </summary>
    private void Blank(string segment)
    {
        using IFile file = _files.Open(segment, OpenKind.Write)!;
        file.Write(0, new byte[JournalFormat.SegmentHeaderOctets]);
        file.Sync();
    }

    /// <summary>Settles what waits, then ends. The segments stay for recovery unless they are recycled and removed.</summary>
    public void Dispose()
    {
        lock (_queueGate)
        {
            if (_stopped)
            {
                return;
            }
            _stopped = true;
        }
        _wake.Release();
        _thread.Join();
        _segment?.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wake.Wait();
            List<CommitTicket> batch;
            TaskCompletionSource<IReadOnlyList<string>>? roll;
            bool stop;
            lock (_queueGate)
            {
                batch = _queue;
                _queue = [];
                roll = _rollRequest;
                _rollRequest = null;
                stop = _stopped;
            }
            Commit(batch);
            if (roll is not null)
            {
                CloseSegment();
                Interlocked.Exchange(ref _octetsSinceCheckpoint, 0);
                lock (_queueGate)
                {
                    roll.SetResult([.. _closed]);
                }
            }
            if (stop)
            {
                return;
            }
        }
    }

    private void Commit(List<CommitTicket> batch)
    {
        int next = 0;
        while (next < batch.Count)
        {
            // Stale means that an earlier commit of the mailbox failed, so it is decided batch by batch, after the earlier ones settled.
            _buffer.ResetWrittenCount();
            HashSet<MailboxModel> undone = [];
            List<(CommitTicket Ticket, bool IsStale)> round = [];
            for (; next < batch.Count && _buffer.WrittenCount < BatchOctetsMax; next++)
            {
                // What builds on a stale commit of this round is stale too, though its mailbox does not know it yet: think of a move out of a
                // mailbox that has just gone, and of the destination's next commit.
                bool isStale = batch[next].IsStale || batch[next].Changes.Any(c => undone.Contains(c.Mailbox));
                round.Add((batch[next], isStale));
                if (isStale)
                {
                    undone.UnionWith(batch[next].Changes.Where(c => !c.Mailbox.IsStale(c)).Select(c => c.Mailbox));
                }
                else
                {
                    Encode(batch[next]);
                }
            }
            bool wasBroken = _isBroken;
            StoreError error = _buffer.WrittenCount == 0 ? StoreError.None : Write();
            bool mayBeDurable = _isBroken && !wasBroken;
            foreach ((CommitTicket ticket, bool isStale) in round)
            {
                if (error != StoreError.None && mayBeDurable && !isStale)
                {
                    ticket.CompleteUnknown();
                }
                else
                {
                    ticket.Complete(isStale ? StoreError.Unavailable : error);
                }
            }
        }
    }

    private void Encode(CommitTicket ticket)
    {
        int start = _buffer.WrittenCount;
        JournalFormat.BeginRecord(_buffer);
        _writeRecord(ticket, _buffer);
        Span<byte> written = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_buffer.WrittenMemory).Span;
        JournalFormat.EndRecord(written[start..], ++_sequence);
    }

    private StoreError Write()
    {
        if (_isBroken)
        {
            return StoreError.Unavailable;
        }
        try
        {
            PrepareRoom(_buffer.WrittenCount);
        }
        catch (FileFault fault)
        {
            // Nothing of the batch was written: a full disk may have room again later.
            _log.JournalHasNoRoom(fault);
            return StoreError.Unavailable;
        }
        try
        {
            _segment!.Write(_position, _buffer.WrittenSpan);
            _segment.Sync();
            _position += _buffer.WrittenCount;
            Interlocked.Add(ref _octetsSinceCheckpoint, _buffer.WrittenCount);
            return StoreError.None;
        }
        catch (FileFault fault)
        {
            // After a failed sync the kernel may have dropped the pages and a second sync would lie: never try again.
            _isBroken = true;
            _log.JournalBroken(fault);
            return StoreError.Unavailable;
        }
    }

    /// <summary>The current segment has room for so many octets, all of it laid out on disk.</summary>
    private void PrepareRoom(int octets)
    {
        if (_segment is not null && _position + octets <= _limits.JournalSegmentOctets)
        {
            return;
        }
        CloseSegment();
        if (OctetsSinceCheckpoint > _limits.JournalOctetsMax)
        {
            throw new FileFault("checkpoint", _folder, Posix.NoSpace);
        }
        string? free;
        lock (_queueGate)
        {
            free = _free.Count > 0 ? _free[^1] : null;
            if (free is not null)
            {
                _free.RemoveAt(_free.Count - 1);
            }
        }
        _segmentNumber++;
        string path = Path.Combine(_folder, _segmentNumber.ToString("D10", CultureInfo.InvariantCulture) + ".journal");
        bool isNew = free is null || !_files.Rename(free, path);
        IFile segment = _files.Open(path, OpenKind.Write)!;
        try
        {
            LayOut(segment, Math.Max(_limits.JournalSegmentOctets, JournalFormat.SegmentHeaderOctets + octets));
            // The first record of this segment was already numbered when its batch was encoded.
            ulong first = FirstSequenceOf(_buffer.WrittenSpan);
            segment.Write(0, JournalFormat.SegmentHeader(_segmentNumber, first, _bootId));
            segment.Sync();
            _files.SyncFolder(_folder);
        }
        catch (FileFault)
        {
            segment.Dispose();
            lock (_queueGate)
            {
                _closed.Add(path);
            }
            throw;
        }
        _segment = segment;
        _segmentPath = path;
        _position = JournalFormat.SegmentHeaderOctets;
    }

    private static ulong FirstSequenceOf(ReadOnlySpan<byte> batch) => System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(batch[16..]);

    private static void LayOut(IFile segment, long octets)
    {
        byte[] zeros = new byte[1 << 18];
        for (long at = segment.Octets; at < octets; at += zeros.Length)
        {
            segment.Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, octets - at)));
        }
    }

    private void CloseSegment()
    {
        if (_segment is null)
        {
            return;
        }
        _segment.Dispose();
        _segment = null;
        lock (_queueGate)
        {
            _closed.Add(_segmentPath);
        }
    }
}
