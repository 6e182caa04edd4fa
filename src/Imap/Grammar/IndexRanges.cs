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

    /// <summary>Each of them, ascending.</summary>
    public IEnumerable<int> Indices => _ranges.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1));

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

    /// <summary>Those that have one of the UIDs.</summary>
    public static IndexRanges Of(MailboxSnapshot view, UidSet uids)
    {
        List<(int First, int Last)> ranges = [];
        foreach ((Uid first, Uid last) in uids)
        {
            int start = view.IndexOf(first);
            int end = view.IndexOf(last);
            start = start < 0 ? ~start : start;
            end = end < 0 ? ~end - 1 : end;
            if (start <= end)
            {
                ranges.Add((start, end));
            }
        }
        return FromRanges(ranges);
    }

    /// <summary>All messages of a view.</summary>
    public static IndexRanges AllOf(MailboxSnapshot view) => view.Count == 0 ? Empty : new([(0, view.Count - 1)]);

    /// <summary>Those in both.</summary>
    public IndexRanges Intersect(IndexRanges other)
    {
        List<(int First, int Last)> both = [];
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            (int first, int last) = (Math.Max(_ranges[i].First, other._ranges[j].First), Math.Min(_ranges[i].Last, other._ranges[j].Last));
            if (first <= last)
            {
                both.Add((first, last));
            }
            if (_ranges[i].Last < other._ranges[j].Last)
            {
                i++;
            }
            else
            {
                j++;
            }
        }
        return new IndexRanges([.. both]);
    }

    /// <summary>Those in one or both.</summary>
    public IndexRanges Union(IndexRanges other) => FromRanges([.. _ranges, .. other._ranges]);

    /// <summary>The others of so many messages.</summary>
    public IndexRanges Complement(int count)
    {
        List<(int First, int Last)> others = [];
        int next = 0;
        foreach ((int first, int last) in _ranges)
        {
            if (next < first)
            {
                others.Add((next, first - 1));
            }
            next = last + 1;
        }
        if (next < count)
        {
            others.Add((next, count - 1));
        }
        return new IndexRanges([.. others]);
    }

    /// <summary>So many of them from the one at this position on, as far as there are any.</summary>
    public IndexRanges Slice(long start, long count)
    {
        List<(int First, int Last)> slice = [];
        foreach ((int first, int last) in _ranges)
        {
            long skipped = Math.Min(start, last - first + 1L);
            long taken = Math.Min(count, last - first + 1 - skipped);
            if (taken > 0)
            {
                slice.Add(((int)(first + skipped), (int)(first + skipped + taken - 1)));
            }
            start -= skipped;
            count -= taken;
        }
        return new IndexRanges([.. slice]);
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
