using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>Messages of a view by index: ascending, disjoint, non-adjacent ranges. Immutable.</summary>
internal sealed class IndexRanges
{
    /// <summary>No message.</summary>
    public static readonly IndexRanges Empty = new([]);

    private readonly (int First, int Last)[] _ranges;

    private IndexRanges((int First, int Last)[] ranges)
    {
        _ranges = ranges;
        foreach ((int first, int last) in ranges)
        {
            Count += last - first + 1;
        }
    }

    /// <summary>Number of messages.</summary>
    public int Count { get; }

    /// <summary>The ranges.</summary>
    public ReadOnlySpan<(int First, int Last)> Ranges => _ranges;

    /// <summary>From ranges in any order, overlapping or not.</summary>
    public static IndexRanges FromRanges(List<(int First, int Last)> ranges)
    {
        if (ranges.Count == 0)
        {
            return Empty;
        }
        ranges.Sort();
        List<(int First, int Last)> merged = [ranges[0]];
        foreach ((int first, int last) in ranges)
        {
            (int First, int Last) top = merged[^1];
            if (first <= top.Last + 1)
            {
                merged[^1] = (top.First, Math.Max(top.Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }
        return new IndexRanges([.. merged]);
    }

    /// <summary>Membership, by binary search.</summary>
    public bool Contains(int index)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (index < _ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (index > _ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// The same messages by UID. A run of indices is one range of UIDs: every message of the mailbox whose UID lies
    /// between two of the view is in the view, since UIDs only grow.
    /// </summary>
    public UidSet ToUids(MailboxSnapshot view) =>
        UidSet.FromRanges(_ranges.Select(r => (view[r.First].Uid, view[r.Last].Uid)));
}
