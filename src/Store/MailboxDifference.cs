namespace MailAccess.Store;

/// <summary>
/// What happened to a mailbox between two of its snapshots: what a session owes its client as EXPUNGE, FETCH and EXISTS.
/// </summary>
/// <remarks>Chunks that both snapshots share are not looked at: the cost follows the change, not the size of the mailbox.</remarks>
public sealed class MailboxDifference
{
    private static readonly MailboxDifference Nothing = new([], [], 0, false);

    private readonly int[] _expunged;
    private readonly int[] _changed;

    private MailboxDifference(int[] expunged, int[] changed, int appended, bool keywordsAdded)
    {
        _expunged = expunged;
        _changed = changed;
        AppendedCount = appended;
        HasNewKeywords = keywordsAdded;
    }

    /// <summary>Indices in the older snapshot, ascending, of messages that the newer one has no more.</summary>
    /// <remarks>To report them, go from the last to the first: the number sent is then index + 1 without correction.</remarks>
    public ReadOnlySpan<int> Expunged => _expunged;

    /// <summary>Indices in the newer snapshot, ascending, of messages that both have and whose flags or keywords changed.</summary>
    public ReadOnlySpan<int> Changed => _changed;

    /// <summary>Messages that only the newer one has; they are its last ones.</summary>
    public int AppendedCount { get; }

    /// <summary>The newer snapshot's keyword table is longer.</summary>
    public bool HasNewKeywords { get; }

    /// <summary>A client would not notice any difference.</summary>
    public bool IsEmpty => ReferenceEquals(this, Nothing);

    /// <summary>Compares two snapshots of one mailbox under one UIDVALIDITY, given in the order of their commits.</summary>
    public static MailboxDifference Between(MailboxSnapshot older, MailboxSnapshot newer)
    {
        if (ReferenceEquals(older, newer))
        {
            return Nothing;
        }
        if (older.UidValidity != newer.UidValidity)
        {
            throw new ArgumentException("The snapshots belong to different epochs.", nameof(newer));
        }
        List<int>? expunged = null;
        List<int>? changed = null;
        Cursor left = new(older);
        Cursor right = new(newer);
        while (!left.AtEnd && !right.AtEnd)
        {
            if (left.SharesRecordsWith(right))
            {
                int same = Math.Min(left.Remaining, right.Remaining);
                left.Skip(same);
                right.Skip(same);
                continue;
            }
            int order = left.Current.Uid.CompareTo(right.Current.Uid);
            if (order == 0 && left.Current.ModSeq != right.Current.ModSeq)
            {
                (changed ??= []).Add(right.Index);
            }
            if (order <= 0)
            {
                if (order < 0)
                {
                    (expunged ??= []).Add(left.Index);
                }
                left.Skip(1);
            }
            if (order >= 0)
            {
                right.Skip(1);
            }
        }
        for (; !left.AtEnd; left.Skip(1))
        {
            (expunged ??= []).Add(left.Index);
        }
        int appended = newer.Count - right.Index;
        bool keywords = newer.Keywords.Names.Count > older.Keywords.Names.Count;
        return expunged is null && changed is null && appended == 0 && !keywords
            ? Nothing
            : new MailboxDifference(expunged?.ToArray() ?? [], changed?.ToArray() ?? [], appended, keywords);
    }

    private struct Cursor(MailboxSnapshot snapshot)
    {
        private int _chunk;
        private int _offset;

        public int Index { get; private set; }

        public readonly bool AtEnd => Index == snapshot.Count;

        public readonly int Remaining => snapshot.ChunkLength(_chunk) - _offset;

        public readonly ref readonly MessageRecord Current => ref snapshot.ChunkTable[_chunk][_offset];

        public readonly bool SharesRecordsWith(in Cursor other) =>
            _offset == other._offset && ReferenceEquals(snapshot.ChunkTable[_chunk], other.Table);

        private readonly MessageRecord[] Table => snapshot.ChunkTable[_chunk];

        public void Skip(int messages)
        {
            Index += messages;
            _offset += messages;
            if (_offset == snapshot.ChunkLength(_chunk))
            {
                _chunk++;
                _offset = 0;
            }
        }
    }
}
