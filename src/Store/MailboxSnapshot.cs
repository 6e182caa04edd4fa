using System.Runtime.InteropServices;

namespace MailAccess.Store;

/// <summary>What is known of one message without opening it. Fixed width, no references.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct MessageRecord
{
    /// <summary>Its UID.</summary>
    public required Uid Uid { get; init; }

    /// <summary>System flags.</summary>
    public SystemFlags Flags { get; init; }

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
/// A session's view is a reference to one of these; its news is the difference to a later one.
/// </summary>
/// <remarks>Index 0 is sequence number 1.</remarks>
public sealed class MailboxSnapshot
{
    private readonly MessageRecord[] _records;

    internal MailboxSnapshot(MessageRecord[] records) => _records = records;

    /// <summary>The epoch of the UIDs.</summary>
    public required UidValidity UidValidity { get; init; }

    /// <summary>The next message gets this UID or a higher one.</summary>
    public required Uid UidNext { get; init; }

    /// <summary>Of the latest change to the mailbox.</summary>
    public required ModSeq HighestModSeq { get; init; }

    /// <summary>The names of the keyword bits.</summary>
    public required KeywordTable Keywords { get; init; }

    /// <summary>Number of messages.</summary>
    public int Count => _records.Length;

    /// <summary>Messages without <c>\Seen</c>.</summary>
    public int UnseenCount => _records.Count(r => (r.Flags & SystemFlags.Seen) == 0);

    /// <summary>Messages with <c>\Deleted</c>.</summary>
    public int DeletedCount => _records.Count(r => (r.Flags & SystemFlags.Deleted) != 0);

    /// <summary>Sum of the messages' octets.</summary>
    public long Octets => _records.Sum(r => r.Octets);

    /// <summary>The message at this index, 0 to Count-1, in order of UIDs.</summary>
    public ref readonly MessageRecord this[int index] => ref _records[index];

    /// <summary>The index of the message with this UID; else the complement of the index of the next higher UID, as in a binary search.</summary>
    public int IndexOf(Uid uid)
    {
        int low = 0;
        int high = _records.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = _records[middle].Uid.CompareTo(uid);
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
