using System.Runtime.InteropServices;

namespace MailAccess.Store;

/// <summary>What else an index keeps of a message, in one octet of which older indexes hold 0.</summary>
[Flags]
internal enum RecordTraits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Its size and internal date were not looked up yet.</summary>
    Unmeasured = 1,
}

/// <summary>What is known of one message without opening it. Fixed width, no references.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct MessageRecord
{
    /// <summary>Its UID.</summary>
    public required Uid Uid { get; init; }

    /// <summary>System flags.</summary>
    public SystemFlags Flags { get; init; }

    /// <inheritdoc cref="RecordTraits"/>
    internal RecordTraits Traits { get; init; }

    /// <summary>
    /// False for a message that another program left in a mailbox which was just opened for the first time: then
    /// <see cref="Octets"/> and <see cref="InternalDateSeconds"/> mean nothing until <see cref="IMailbox.MeasureAsync"/> has looked.
    /// </summary>
    public bool IsMeasured => (Traits & RecordTraits.Unmeasured) == 0;

    /// <summary>Keywords, by the bits of the snapshot's <see cref="KeywordTable"/>.</summary>
    public ulong Keywords { get; init; }

    /// <summary>Of its last change.</summary>
    public ModSeq ModSeq { get; init; }

    /// <summary>INTERNALDATE, in seconds since 1970-01-01 UTC. RFC 9051 §2.3.3.</summary>
    public long InternalDateSeconds { get; init; }

    /// <summary>When it came into this mailbox, in seconds since 1970-01-01 UTC. RFC 8514.</summary>
    public long SavedDateSeconds { get; init; }

    /// <summary>RFC822.SIZE: exact octets with CRLF line ends. RFC 9051 §2.3.4.</summary>
    public required long Octets { get; init; }

    /// <summary>Where the mailbox's format finds the message; meaningless outside.</summary>
    public long Locator { get; init; }

    /// <summary>Where the cache of summaries holds this message's; meaningless outside. 0: not there.</summary>
    public long CacheLocator { get; init; }
}

/// <summary>
/// The state of a mailbox at one moment: immutable, shared by all sessions, cheap to keep.
/// A session's view is a reference to one of these; its news is the <see cref="MailboxDifference"/> to a later one.
/// </summary>
/// <remarks>
/// Index 0 is sequence number 1. The records lie in chunks that later snapshots share as long as nothing in them changes;
/// the last chunk and the chunk table may have room behind what this snapshot counts, which its successor fills.
/// </remarks>
public sealed class MailboxSnapshot
{
    /// <summary>Messages in a full chunk: a change of one message copies this many records at most.</summary>
    internal const int ChunkMessagesMax = 256;

    private readonly MessageRecord[][] _chunks;
    private readonly int[] _starts;

    /// <summary>Takes the table over; <paramref name="starts"/> has the index of each chunk's first message.</summary>
    internal MailboxSnapshot(MessageRecord[][] chunks, int[] starts, int chunkCount, int count)
    {
        _chunks = chunks;
        _starts = starts;
        ChunkCount = chunkCount;
        Count = count;
    }

    /// <summary>The epoch of the UIDs.</summary>
    public required UidValidity UidValidity { get; init; }

    /// <summary>The next message gets this UID or a higher one.</summary>
    public required Uid UidNext { get; init; }

    /// <summary>Of the latest change to the mailbox.</summary>
    public required ModSeq HighestModSeq { get; init; }

    /// <summary>The names of the keyword bits.</summary>
    public required KeywordTable Keywords { get; init; }

    /// <summary>Number of messages.</summary>
    public int Count { get; }

    /// <summary>Messages without <c>\Seen</c>.</summary>
    public int UnseenCount { get; internal init; }

    /// <summary>Messages with <c>\Deleted</c>.</summary>
    public int DeletedCount { get; internal init; }

    /// <summary>Sum of the octets of the messages that are measured.</summary>
    public long Octets { get; internal init; }

    /// <summary>Messages whose size and internal date are not known yet; see <see cref="IMailbox.MeasureAsync"/>.</summary>
    public int UnmeasuredCount { get; internal init; }

    /// <summary>Counts the commits of the mailbox, also those that change no message's mod-sequence.</summary>
    internal ulong Sequence { get; init; }

    internal int ChunkCount { get; }

    internal MessageRecord[][] ChunkTable => _chunks;

    internal int[] StartTable => _starts;

    /// <summary>The message at this index, 0 to Count-1, in order of UIDs.</summary>
    public ref readonly MessageRecord this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            int chunk = ChunkOf(index);
            return ref _chunks[chunk][index - _starts[chunk]];
        }
    }

    /// <summary>The index of the message with this UID; else the complement of the index of the next higher UID, as in a binary search.</summary>
    public int IndexOf(Uid uid)
    {
        if (Count == 0)
        {
            return ~0;
        }
        int low = 0;
        int high = ChunkCount - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_chunks[middle][0].Uid <= uid)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        int inside = Search(Chunk(low), uid);
        return inside >= 0 ? _starts[low] + inside : ~(_starts[low] + ~inside);
    }

    /// <summary>The indices of the messages that the set names, ascending; UIDs that no message has are skipped.</summary>
    public IEnumerable<int> IndicesOf(UidSet uids)
    {
        foreach ((Uid first, Uid last) in uids)
        {
            int index = IndexOf(first);
            for (index = index < 0 ? ~index : index; index < Count && this[index].Uid <= last; index++)
            {
                yield return index;
            }
        }
    }

    /// <summary>UIDs below <see cref="UidNext"/> that no message has: most of them were given once.</summary>
    public UidSet AbsentUids()
    {
        List<(Uid First, Uid Last)> gaps = [];
        uint next = 1;
        for (int i = 0; i <= Count; i++)
        {
            uint uid = i < Count ? this[i].Uid.Value : UidNext.Value;
            if (uid > next)
            {
                gaps.Add((new Uid(next), new Uid(uid - 1)));
            }
            next = uid + 1;
        }
        return UidSet.FromRanges(gaps);
    }

    /// <summary>The records of one chunk that belong to this snapshot.</summary>
    internal ReadOnlySpan<MessageRecord> Chunk(int chunk) => _chunks[chunk].AsSpan(0, ChunkLength(chunk));

    internal int ChunkLength(int chunk) => (chunk + 1 < ChunkCount ? _starts[chunk + 1] : Count) - _starts[chunk];

    internal int ChunkOf(int index)
    {
        // Without expunges every chunk but the last is full, and the first guess is right.
        int chunk = Math.Min(index / ChunkMessagesMax, ChunkCount - 1);
        if (_starts[chunk] <= index && index < _starts[chunk] + ChunkLength(chunk))
        {
            return chunk;
        }
        int found = Array.BinarySearch(_starts, 0, ChunkCount, index);
        return found >= 0 ? found : ~found - 1;
    }

    private static int Search(ReadOnlySpan<MessageRecord> records, Uid uid)
    {
        int low = 0;
        int high = records.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = records[middle].Uid.CompareTo(uid);
            if (order == 0)
            {
                return middle;
            }
            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }
        return ~low;
    }
}
