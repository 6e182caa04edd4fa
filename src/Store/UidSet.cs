using System.Collections;

namespace MailAccess.Store;

/// <summary>A set of UIDs as ascending, disjoint, non-adjacent ranges. Immutable.</summary>
public sealed class UidSet : IEnumerable<(Uid First, Uid Last)>
{
    /// <summary>No UID.</summary>
    public static readonly UidSet Empty = new([]);

    /// <summary>Every possible UID.</summary>
    public static readonly UidSet All = new([(new Uid(1), new Uid(uint.MaxValue))]);

    private readonly (Uid First, Uid Last)[] _ranges;

    private UidSet((Uid First, Uid Last)[] ranges) => _ranges = ranges;

    /// <summary>Number of ranges (not of UIDs).</summary>
    public int RangeCount => _ranges.Length;

    /// <summary>True for the empty set.</summary>
    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>How many UIDs the ranges span, whether or not messages have them.</summary>
    public long Count => _ranges.Sum(r => (long)r.Last.Value - r.First.Value + 1);

    /// <summary>From ranges in any order, overlapping or not; the ends of a range in any order.</summary>
    public static UidSet FromRanges(IEnumerable<(Uid First, Uid Last)> ranges)
    {
        List<(Uid First, Uid Last)> sorted = [.. ranges.Select(r => r.First <= r.Last ? r : (First: r.Last, Last: r.First))];
        sorted.Sort((a, b) => a.First.CompareTo(b.First));
        List<(Uid First, Uid Last)> merged = [];
        foreach ((Uid first, Uid last) in sorted)
        {
            if (merged.Count > 0 && first.Value <= (ulong)merged[^1].Last.Value + 1)
            {
                if (last > merged[^1].Last)
                {
                    merged[^1] = (merged[^1].First, last);
                }
            }
            else
            {
                merged.Add((first, last));
            }
        }
        return new UidSet([.. merged]);
    }

    /// <summary>From single UIDs in any order.</summary>
    public static UidSet FromUids(IEnumerable<Uid> uids) => FromRanges(uids.Select(u => (u, u)));

    /// <summary>One UID.</summary>
    public static UidSet Of(Uid uid) => new([(uid, uid)]);

    /// <summary>Membership, by binary search.</summary>
    public bool Contains(Uid uid)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (uid < _ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (uid > _ranges[middle].Last)
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

    /// <summary>The UIDs that both have.</summary>
    public UidSet Intersect(UidSet other)
    {
        List<(Uid First, Uid Last)> common = [];
        int left = 0;
        int right = 0;
        while (left < _ranges.Length && right < other._ranges.Length)
        {
            (Uid First, Uid Last) a = _ranges[left];
            (Uid First, Uid Last) b = other._ranges[right];
            Uid first = a.First > b.First ? a.First : b.First;
            Uid last = a.Last < b.Last ? a.Last : b.Last;
            if (first <= last)
            {
                common.Add((first, last));
            }
            left += a.Last <= b.Last ? 1 : 0;
            right += a.Last <= b.Last ? 0 : 1;
        }
        return new UidSet([.. common]); // Apart from each other, as the ranges of each are.
    }

    /// <summary>As IMAP's uid-set: <c>1:3,7</c>. RFC 9051 §9.</summary>
    public override string ToString() =>
        string.Join(',', _ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}:{r.Last}"));

    /// <summary>The ranges, ascending.</summary>
    public IEnumerator<(Uid First, Uid Last)> GetEnumerator() => ((IEnumerable<(Uid, Uid)>)_ranges).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
