using MailAccess.Imap.Grammar;

namespace MailAccess.Imap.Tests;

/// <summary>Sets of messages by ranges, against sets of single numbers.</summary>
public sealed class IndexRangesTests
{
    private const int Messages = 40;

    [Fact]
    public void Ranges_mean_what_sets_mean()
    {
        Random random = new(4);
        for (int round = 0; round < 2_000; round++)
        {
            (IndexRanges left, HashSet<int> leftSet) = Make(random);
            (IndexRanges right, HashSet<int> rightSet) = Make(random);
            Assert.Equal(leftSet.Intersect(rightSet).Order(), Members(left.Intersect(right)));
            Assert.Equal(leftSet.Union(rightSet).Order(), Members(left.Union(right)));
            Assert.Equal(Enumerable.Range(0, Messages).Except(leftSet), Members(left.Complement(Messages)));
            int start = random.Next(Messages + 5);
            int count = random.Next(Messages + 5);
            Assert.Equal(leftSet.Order().Skip(start).Take(count), Members(left.Slice(start, count)));
        }
    }

    private static IEnumerable<int> Members(IndexRanges ranges)
    {
        List<int> members = [];
        int end = -2;
        foreach ((int first, int last) in ranges.Ranges)
        {
            Assert.True(first > end + 1, "ranges touch or overlap");
            members.AddRange(Enumerable.Range(first, last - first + 1));
            end = last;
        }
        Assert.Equal(members.Count, ranges.Count);
        return members;
    }

    private static (IndexRanges Ranges, HashSet<int> Set) Make(Random random)
    {
        List<(int First, int Last)> ranges = [];
        HashSet<int> set = [];
        for (int i = random.Next(6); i > 0; i--)
        {
            int first = random.Next(Messages);
            int last = Math.Min(Messages - 1, first + random.Next(8));
            ranges.Add((first, last));
            set.UnionWith(Enumerable.Range(first, last - first + 1));
        }
        return (IndexRanges.FromRanges(ranges), set);
    }
}
