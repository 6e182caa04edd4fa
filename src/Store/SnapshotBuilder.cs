namespace MailAccess.Store;

/// <summary>
/// Makes the next snapshot of a mailbox from the latest one, copying only the chunks that change.
/// </summary>
/// <remarks>
/// Appended records go into the free room behind the base's last chunk, which the base does not count. So there may be only
/// one line of descent: build from the mailbox's latest snapshot, or from an earlier one whose descendants nobody can see.
/// Not for concurrent use.
/// </remarks>
internal sealed class SnapshotBuilder
{
    private readonly MailboxSnapshot _base;
    private MessageRecord[][] _chunks;
    private int[] _starts;
    private int _chunkCount;
    private int _count;
    private bool _tableIsOurs;
    private bool[]? _chunkIsOurs;
    private int _unseen;
    private int _deleted;
    private long _octets;
    private int _unmeasured;

    public SnapshotBuilder(MailboxSnapshot latest)
    {
        _base = latest;
        _chunks = latest.ChunkTable;
        _starts = latest.StartTable;
        _chunkCount = latest.ChunkCount;
        _count = latest.Count;
        _unseen = latest.UnseenCount;
        _deleted = latest.DeletedCount;
        _octets = latest.Octets;
        _unmeasured = latest.UnmeasuredCount;
        UidNext = latest.UidNext;
        HighestModSeq = latest.HighestModSeq;
        Keywords = latest.Keywords;
    }

    /// <summary>The snapshot that this one follows.</summary>
    public MailboxSnapshot Base => _base;

    public Uid UidNext { get; set; }

    public ModSeq HighestModSeq { get; set; }

    public KeywordTable Keywords { get; set; }

    public int Count => _count;

    /// <summary>A mailbox without messages.</summary>
    public static MailboxSnapshot Empty(UidValidity uidValidity) => new([], [], 0, 0)
    {
        UidValidity = uidValidity,
        UidNext = new Uid(1),
        HighestModSeq = new ModSeq(1),
        Keywords = KeywordTable.Empty,
    };

    /// <summary>Adds a record behind all others; its UID is higher than theirs.</summary>
    public void Append(in MessageRecord record)
    {
        int length = _chunkCount == 0 ? MailboxSnapshot.ChunkMessagesMax : _count - _starts[_chunkCount - 1];
        if (length == MailboxSnapshot.ChunkMessagesMax)
        {
            AddChunk();
            length = 0;
        }
        MessageRecord[] chunk = _chunks[_chunkCount - 1];
        if (length == chunk.Length)
        {
            // Small mailboxes stay small in memory: a chunk grows in steps up to its full size.
            Array.Resize(ref chunk, Math.Min(length * 4, MailboxSnapshot.ChunkMessagesMax));
            OwnTable();
            _chunks[_chunkCount - 1] = chunk;
        }
        chunk[length] = record;
        _count++;
        Count1(record, +1);
        if (record.Uid >= UidNext)
        {
            UidNext = new Uid(checked(record.Uid.Value + 1));
        }
    }

    /// <summary>Replaces the record of the message at this index; the UID stays.</summary>
    public void Update(int index, in MessageRecord record)
    {
        int chunk = ChunkOf(index);
        OwnChunk(chunk);
        ref MessageRecord place = ref _chunks[chunk][index - _starts[chunk]];
        Count1(place, -1);
        place = record;
        Count1(record, +1);
    }

    /// <summary>Removes the messages at these ascending indices. Chunks without any of them are shared with the base.</summary>
    public void Remove(IReadOnlyList<int> indices)
    {
        if (indices.Count == 0)
        {
            return;
        }
        List<MessageRecord[]> chunks = new(_chunkCount);
        List<int> lengths = new(_chunkCount);
        int next = 0;
        for (int c = 0; c < _chunkCount; c++)
        {
            int start = _starts[c];
            int length = (c + 1 < _chunkCount ? _starts[c + 1] : _count) - start;
            if (next >= indices.Count || indices[next] >= start + length)
            {
                chunks.Add(_chunks[c]);
                lengths.Add(length);
                continue;
            }
            MessageRecord[] kept = new MessageRecord[length];
            int keptLength = 0;
            for (int i = 0; i < length; i++)
            {
                ref readonly MessageRecord record = ref _chunks[c][i];
                if (next < indices.Count && indices[next] == start + i)
                {
                    next++;
                    Count1(record, -1);
                }
                else
                {
                    kept[keptLength++] = record;
                }
            }
            Keep(chunks, lengths, kept, keptLength);
        }
        _count -= indices.Count;
        SetTable(chunks, lengths);
    }

    /// <summary>The new snapshot. The builder is used up.</summary>
    public MailboxSnapshot Build() => new(_chunks, _starts, _chunkCount, _count)
    {
        UidValidity = _base.UidValidity,
        UidNext = UidNext,
        HighestModSeq = HighestModSeq,
        Keywords = Keywords,
        UnseenCount = _unseen,
        DeletedCount = _deleted,
        Octets = _octets,
        UnmeasuredCount = _unmeasured,
        Sequence = _base.Sequence + 1,
    };

    /// <summary>A snapshot from records in order of UIDs, as read from an index.</summary>
    public static MailboxSnapshot FromRecords(
        ReadOnlySpan<MessageRecord> records, UidValidity uidValidity, Uid uidNext, ModSeq highestModSeq, KeywordTable keywords, ulong sequence)
    {
        int chunkCount = (records.Length + MailboxSnapshot.ChunkMessagesMax - 1) / MailboxSnapshot.ChunkMessagesMax;
        var chunks = new MessageRecord[chunkCount][];
        int[] starts = new int[chunkCount];
        int unseen = 0;
        int deleted = 0;
        long octets = 0;
        int unmeasured = 0;
        for (int c = 0; c < chunkCount; c++)
        {
            starts[c] = c * MailboxSnapshot.ChunkMessagesMax;
            int length = Math.Min(MailboxSnapshot.ChunkMessagesMax, records.Length - starts[c]);
            chunks[c] = records.Slice(starts[c], length).ToArray();
            foreach (ref readonly MessageRecord record in chunks[c].AsSpan())
            {
                unseen += (record.Flags & SystemFlags.Seen) == 0 ? 1 : 0;
                deleted += (record.Flags & SystemFlags.Deleted) != 0 ? 1 : 0;
                octets += record.Octets;
                unmeasured += record.IsMeasured ? 0 : 1;
            }
        }
        return new MailboxSnapshot(chunks, starts, chunkCount, records.Length)
        {
            UidValidity = uidValidity,
            UidNext = uidNext,
            HighestModSeq = highestModSeq,
            Keywords = keywords,
            UnseenCount = unseen,
            DeletedCount = deleted,
            Octets = octets,
            UnmeasuredCount = unmeasured,
            Sequence = sequence,
        };
    }

    private static void Keep(List<MessageRecord[]> chunks, List<int> lengths, MessageRecord[] kept, int keptLength)
    {
        if (keptLength == 0)
        {
            return;
        }
        // Neighbours that became small are joined, so that a mailbox of survivors does not become a table of crumbs.
        if (chunks.Count > 0 && lengths[^1] + keptLength <= MailboxSnapshot.ChunkMessagesMax / 2)
        {
            var joined = new MessageRecord[lengths[^1] + keptLength];
            chunks[^1].AsSpan(0, lengths[^1]).CopyTo(joined);
            kept.AsSpan(0, keptLength).CopyTo(joined.AsSpan(lengths[^1]));
            chunks[^1] = joined;
            lengths[^1] = joined.Length;
            return;
        }
        chunks.Add(kept);
        lengths.Add(keptLength);
    }

    private void SetTable(List<MessageRecord[]> chunks, List<int> lengths)
    {
        _chunks = [.. chunks];
        _starts = new int[_chunks.Length];
        int start = 0;
        for (int c = 0; c < _chunks.Length; c++)
        {
            _starts[c] = start;
            start += lengths[c];
        }
        _chunkCount = _chunks.Length;
        _tableIsOurs = true;
        _chunkIsOurs = null;
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunks.Length)
        {
            int room = Math.Max(4, _chunkCount + (_chunkCount / 2));
            Array.Resize(ref _chunks, room);
            Array.Resize(ref _starts, room);
            _tableIsOurs = true;
        }
        // Behind the base's count: it never looks there.
        _chunks[_chunkCount] = new MessageRecord[_chunkCount == 0 ? 8 : MailboxSnapshot.ChunkMessagesMax];
        _starts[_chunkCount] = _count;
        _chunkCount++;
        if (_chunkIsOurs is not null && _chunkIsOurs.Length < _chunkCount)
        {
            Array.Resize(ref _chunkIsOurs, _chunks.Length);
        }
    }

    private void OwnTable()
    {
        if (!_tableIsOurs)
        {
            _chunks = _chunks.AsSpan().ToArray();
            _starts = _starts.AsSpan().ToArray();
            _tableIsOurs = true;
        }
    }

    private void OwnChunk(int chunk)
    {
        OwnTable();
        _chunkIsOurs ??= new bool[_chunks.Length];
        if (!_chunkIsOurs[chunk])
        {
            _chunks[chunk] = _chunks[chunk].AsSpan().ToArray();
            _chunkIsOurs[chunk] = true;
        }
    }

    private int ChunkOf(int index)
    {
        int found = Array.BinarySearch(_starts, 0, _chunkCount, index);
        return found >= 0 ? found : ~found - 1;
    }

    private void Count1(in MessageRecord record, int sign)
    {
        _unseen += (record.Flags & SystemFlags.Seen) == 0 ? sign : 0;
        _deleted += (record.Flags & SystemFlags.Deleted) != 0 ? sign : 0;
        _octets += sign * record.Octets;
        _unmeasured += record.IsMeasured ? 0 : sign;
    }
}
