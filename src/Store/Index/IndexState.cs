using MailAccess.Store.Model;

namespace MailAccess.Store.Index;

/// <summary>A mailbox's index while it is loaded, rebuilt or replayed: everything that a frame can change.</summary>
internal sealed class IndexState
{
    private readonly List<MessageRecord> _records;

    /// <summary>Takes the records and the names over.</summary>
    public IndexState(Guid guid, UidValidity uidValidity, List<MessageRecord>? records = null, NamesHeap? names = null)
    {
        Guid = guid;
        UidValidity = uidValidity;
        _records = records ?? [];
        Names = names ?? new NamesHeap();
    }

    /// <summary>The mailbox's identity, also after a rename.</summary>
    public Guid Guid { get; }

    public UidValidity UidValidity { get; }

    public Uid UidNext { get; set; } = new(1);

    public Uid FirstUnclaimed { get; set; } = new(1);

    public ModSeq HighestModSeq { get; set; } = new(1);

    /// <summary>Of the last commit in it.</summary>
    public ulong Sequence { get; set; }

    public KeywordTable Keywords { get; set; } = KeywordTable.Empty;

    public NamesHeap Names { get; }

    /// <summary>Which file of summaries the records point into.</summary>
    public ulong CacheGeneration { get; set; }

    /// <summary>When the folders were as the index says; 0: never looked.</summary>
    public long NewFolderTicks { get; set; }

    /// <inheritdoc cref="NewFolderTicks"/>
    public long CurFolderTicks { get; set; }

    /// <summary>What the frames applied since the index was written have expunged (<see cref="VanishedFile"/>).</summary>
    public List<VanishedUids> Vanished { get; init; } = [];

    /// <summary>The highest mod-sequence before those frames; null where there were none.</summary>
    public ModSeq? IndexedModSeq { get; set; }

    /// <summary>In order of UIDs.</summary>
    public List<MessageRecord> Records => _records;

    /// <summary>Applies a commit that is not in it yet; false where it is, or where one is missing between.</summary>
    public bool Apply(IndexFrame frame)
    {
        if (frame.Sequence <= Sequence)
        {
            return false;
        }
        if (frame.NewKeywords.Count > 0 && frame.FirstKeyword <= Keywords.Names.Count)
        {
            Keywords = new KeywordTable([.. Keywords.Names.Take(frame.FirstKeyword), .. frame.NewKeywords]);
        }
        foreach (FrameArrival arrival in frame.Arrivals)
        {
            Names.Put(arrival.Place, arrival.BaseName);
        }
        foreach (MessageRecord record in frame.Upserts)
        {
            Put(record);
        }
        if (frame.Expunged.Count > 0)
        {
            HashSet<uint> gone = [.. frame.Expunged.Select(e => e.Uid.Value)];
            _records.RemoveAll(r => gone.Contains(r.Uid.Value));
        }
        IndexedModSeq ??= HighestModSeq;
        Vanished.AddRange(VanishedUids.Of(frame.HighestModSeq, frame.Expunged.Select(e => e.Uid)));
        UidNext = frame.UidNext > UidNext ? frame.UidNext : UidNext;
        FirstUnclaimed = frame.FirstUnclaimed > FirstUnclaimed ? frame.FirstUnclaimed : FirstUnclaimed;
        HighestModSeq = frame.HighestModSeq > HighestModSeq ? frame.HighestModSeq : HighestModSeq;
        Sequence = frame.Sequence;
        return true;
    }

    /// <summary>Adds or replaces a record.</summary>
    public void Put(in MessageRecord record)
    {
        if (_records.Count == 0 || _records[^1].Uid < record.Uid)
        {
            _records.Add(record);
            return;
        }
        int low = 0;
        int high = _records.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_records[middle].Uid < record.Uid)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        if (_records[low].Uid == record.Uid)
        {
            _records[low] = record;
        }
        else
        {
            _records.Insert(low, record);
        }
    }

    public MailboxSnapshot ToSnapshot() => SnapshotBuilder.FromRecords(
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_records), UidValidity, UidNext, HighestModSeq, Keywords, Sequence);
}
