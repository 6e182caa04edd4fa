using System.Buffers;
using System.Globalization;

namespace MailAccess.Queue;

/// <summary>A message in the journal, as it stands; guarded by its gate while something is done to it.</summary>
internal sealed class JournalEntry(SpoolMessage message, byte[] content) : IDisposable
{
    private volatile bool _isGone;

    public SemaphoreSlim Gate { get; } = new(1);

    public SpoolMessage Message { get; set; } = message;

    public byte[] Content { get; private set; } = content;

    /// <summary>Durably done, or in files of its own.</summary>
    public bool IsGone => _isGone;

    /// <summary>Files of this id may lie in the folder, left by a move that failed.</summary>
    public bool HasStrayFiles { get; set; }

    /// <summary>Where its first record stands; set by whoever writes that.</summary>
    public JournalSegment? Segment { get; set; }

    public void Leave()
    {
        _isGone = true;
        Content = []; // Somebody may still hold the entry.
        Segment?.Forget(this);
    }

    public byte[] Encode() => JournalRecord.EncodeAdd(Message.Id, SpoolCodec.WriteMessage(Message), Content);

    public void Dispose() => Gate.Dispose();
}

/// <summary>One file of the journal, and which messages began in it and live there.</summary>
internal sealed class JournalSegment(long number, string name, ISpoolFile file)
{
    private readonly HashSet<JournalEntry> _entries = []; // Guarded by itself. Only those that live: a quiet server keeps its segments for days.

    public long Number { get; } = number;

    public string Name { get; } = name;

    public ISpoolFile File { get; } = file;

    public int Position { get; set; } = JournalRecord.SegmentHeaderOctets;

    public int Records { get; set; }

    public IReadOnlyList<JournalEntry> Living()
    {
        lock (_entries)
        {
            return [.. _entries];
        }
    }

    public void Remember(JournalEntry entry)
    {
        lock (_entries)
        {
            entry.Segment = this;
            _entries.Add(entry);
        }
    }

    public void Forget(JournalEntry entry)
    {
        lock (_entries)
        {
            _entries.Remove(entry);
            if (_entries.Count == 0)
            {
                _entries.TrimExcess();
            }
        }
    }
}

/// <summary>
/// Appends records to segments laid out in advance. One thread takes all that wait, writes them at once and syncs once for all.
/// </summary>
/// <remarks>
/// A segment in which a write or sync failed is never written again. What it holds of the failed records is unknown, so each may
/// bring an undoing record, which goes before everything else into the next segment.
/// </remarks>
internal sealed class SpoolJournal : IDisposable
{
    public const string Suffix = ".journal";
    private const int RoundOctetsMax = 1024 * 1024;

    private readonly ISpoolFiles _files;
    private readonly IoThreads _threads;
    private readonly int _segmentOctets;
    private readonly Lock _segmentGate = new();
    private readonly object _gate = new(); // A monitor: the committer waits on it.
    private readonly Queue<JournalSegment> _closed = [];
    private readonly List<byte[]> _undo = [];
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Thread _committer;
    private List<Ticket> _waiting = [];
    private JournalSegment? _segment;
    private Task<JournalSegment>? _next;
    private long _lastNumber;
    private bool _isStopped;

    public SpoolJournal(ISpoolFiles files, IoThreads threads, int segmentOctets)
    {
        _files = files;
        _threads = threads;
        _segmentOctets = segmentOctets;
        foreach (string name in files.List())
        {
            _lastNumber = TryParse(name, out long number) ? Math.Max(_lastNumber, number) : _lastNumber;
        }
        FirstOwn = _lastNumber + 1;
        _committer = new Thread(Work, maxStackSize: 256 * 1024) { IsBackground = true, Name = "queue-journal" };
        _committer.Start();
    }

    /// <summary>The number of the first segment that is written by this process.</summary>
    public long FirstOwn { get; }

    /// <summary>Called on the committer's thread when a segment was closed.</summary>
    public Action Closed { get; set; } = static () => { };

    public int ClosedCount
    {
        get
        {
            lock (_segmentGate)
            {
                return _closed.Count;
            }
        }
    }

    public static bool TryParse(string name, out long number)
    {
        number = 0;
        return name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, name.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Returns when the record is written and, where asked for, synced. The entry is known to the record's segment by then.</summary>
    public Task AppendAsync(byte[] record, UpdateDurability durability, JournalEntry? entry = null, Func<byte[]>? undo = null)
    {
        Ticket ticket = new(record, durability == UpdateDurability.PowerLoss, entry, undo);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            _waiting.Add(ticket);
            Monitor.Pulse(_gate);
        }
        return ticket.Done.Task;
    }

    /// <summary>The oldest closed segment, or null.</summary>
    public JournalSegment? Oldest()
    {
        lock (_segmentGate)
        {
            return _closed.TryPeek(out JournalSegment? oldest) ? oldest : null;
        }
    }

    /// <summary>Deletes the oldest segment durably; nothing may live in it. Blocks.</summary>
    /// <remarks>Always the oldest first: a later one tells what became of the messages of an earlier one.</remarks>
    public void DeleteOldest()
    {
        _files.Delete(Oldest()!.Name);
        _files.SyncFolder();
        lock (_segmentGate)
        {
            _closed.Dequeue();
        }
    }

    /// <summary>What was handed over is still written.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.Pulse(_gate);
        }
        _committer.Join();
        _segment?.File.Dispose();
        if (_next is { IsCompletedSuccessfully: true } next)
        {
            next.GetAwaiter().GetResult().File.Dispose();
        }
    }

    private void Work()
    {
        while (true)
        {
            List<Ticket> batch;
            lock (_gate)
            {
                while (_waiting.Count == 0)
                {
                    if (_isStopped)
                    {
                        break;
                    }
                    Monitor.Wait(_gate);
                }
                batch = _waiting;
                _waiting = [];
            }
            if (batch.Count == 0)
            {
                if (_undo.Count > 0)
                {
                    Commit([]); // Who was told that it failed is not to find it done after the next start.
                }
                return;
            }
            for (int start = 0; start < batch.Count;)
            {
                int end = start;
                for (int octets = 0; end < batch.Count && octets < RoundOctetsMax; end++)
                {
                    octets += batch[end].Record.Length;
                }
                Commit(batch[start..end]);
                start = end;
            }
        }
    }

    private void Commit(List<Ticket> round)
    {
        bool began = false;
        try
        {
            int octets = round.Sum(t => t.Record.Length) + _undo.Sum(u => u.Length);
            JournalSegment segment = Prepare(octets);
            _buffer.ResetWrittenCount();
            int place = segment.Records;
            foreach (byte[] record in _undo.Concat(round.Select(t => t.Record)))
            {
                JournalRecord.Seal(record, segment.Number, place++);
                _buffer.Write(record);
            }
            began = true;
            segment.File.Append(_buffer.WrittenSpan);
            if (_undo.Count > 0 || round.Exists(t => t.NeedsSync))
            {
                segment.File.Sync();
            }
            segment.Position += octets;
            segment.Records = place;
            _undo.Clear();
            foreach (Ticket ticket in round.Where(t => t.Entry is not null))
            {
                segment.Remember(ticket.Entry!);
            }
            round.ForEach(t => t.Done.SetResult());
        }
        catch (IOException e)
        {
            if (began)
            {
                _undo.AddRange(round.Where(t => t.Undo is not null).Select(t => t.Undo!()));
                Close();
            }
            round.ForEach(t => t.Done.SetException(e));
        }
    }

    private JournalSegment Prepare(int octets)
    {
        if (_segment is not null && _segment.Position + octets > _segmentOctets)
        {
            Close();
        }
        if (_segment is null)
        {
            Task<JournalSegment>? prepared = _next;
            _next = null;
            _segment = prepared is null ? Create() : prepared.GetAwaiter().GetResult();
        }
        else if (_next is null && _segment.Position > _segmentOctets / 2)
        {
            _next = _threads.RunAsync(Create);
        }
        return _segment;
    }

    private JournalSegment Create()
    {
        long number = Interlocked.Increment(ref _lastNumber);
        string name = number.ToString("D12", CultureInfo.InvariantCulture) + Suffix;
        ISpoolFile file = _files.CreateLaidOut(name, _segmentOctets);
        bool ready = false;
        try
        {
            file.Append(JournalRecord.SegmentHeader(number));
            file.Sync();
            _files.SyncFolder();
            ready = true;
            return new JournalSegment(number, name, file);
        }
        finally
        {
            if (!ready)
            {
                file.Dispose(); // The next start sweeps it.
            }
        }
    }

    private void Close()
    {
        JournalSegment segment = _segment!;
        _segment = null;
        segment.File.Dispose();
        lock (_segmentGate)
        {
            _closed.Enqueue(segment);
        }
        Closed();
    }

    private sealed record Ticket(byte[] Record, bool NeedsSync, JournalEntry? Entry, Func<byte[]>? Undo)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
