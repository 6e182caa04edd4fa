using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Tests;

public sealed class SummaryCacheTests
{
    private const int Count = 3000;
    private static readonly PosixFiles Files = new();

    [Fact]
    public void What_was_added_is_in_memory_at_once_and_after_a_restart_read_once()
    {
        using TemporaryFolder folder = new();
        ulong generation;
        long[] locators;
        using (SummaryCache cache = SummaryCache.Open(Files, folder.Path, 0, null, new OpenFiles(Files, 1)))
        {
            generation = cache.Generation;
            locators = Fill(cache);
            Assert.All(Enumerable.Range(0, Count), i => Assert.True(cache.TryGet(locators[i], Name(i), out ReadOnlyMemory<byte> got) && Is(got, i)));
        }
        using SummaryCache again = SummaryCache.Open(Files, folder.Path, generation, null, new OpenFiles(Files, 1));
        Assert.Equal(generation, again.Generation);
        Assert.False(again.TryGet(locators[7], Name(7), out _)); // No file is touched by a look.
        for (int i = 0; i < Count; i++)
        {
            Assert.True(again.TryRead(locators[i], Name(i), out ReadOnlyMemory<byte> got) && Is(got, i));
            Assert.True(again.TryGet(locators[i], Name(i), out got) && Is(got, i));
        }
    }

    [Fact]
    public void An_entry_over_the_border_of_blocks_is_found_also_when_these_grew_one_by_one()
    {
        using TemporaryFolder folder = new();
        using SummaryCache cache = SummaryCache.Open(Files, folder.Path, 0, null, new OpenFiles(Files, 1));
        byte[] big = new byte[700_000];
        new Random(3).NextBytes(big);
        List<long> locators = [];
        for (int i = 0; i < 6; i++)
        {
            locators.Add(Assert.Single(cache.Add([new SummaryToCache("big" + i, big)])));
            Assert.Single(cache.Add([new SummaryToCache("small", new byte[10])]));
        }
        Assert.All(locators.Index(), l => Assert.True(
            cache.TryGet(l.Item, Encoding.UTF8.GetBytes("big" + l.Index), out ReadOnlyMemory<byte> got) && got.Span.SequenceEqual(big)));
        Assert.False(cache.TryGet(locators[0], "big1"u8, out _)); // Another message's entry is none.
    }

    [Fact]
    public void Memory_is_bounded_and_views_outlive_their_blocks()
    {
        using TemporaryFolder folder = new();
        var memory = new SummaryBlocks(2 * SummaryCache.BlockOctets);
        using SummaryCache cache = SummaryCache.Open(Files, folder.Path, 0, memory, new OpenFiles(Files, 1));
        long[] locators = Fill(cache);
        Assert.True(cache.TryRead(locators[0], Name(0), out ReadOnlyMemory<byte> first));
        for (int i = 0; i < Count; i++)
        {
            Assert.True(cache.TryRead(locators[i], Name(i), out ReadOnlyMemory<byte> got) && Is(got, i));
            Assert.InRange(memory.Octets, 0, 3 * SummaryCache.BlockOctets);
        }
        Assert.True(Is(first, 0));
        Assert.False(cache.TryGet(locators[0], Name(0), out _));
        cache.Dispose();
        Assert.Equal(0, memory.Octets);
        Assert.False(cache.TryRead(locators[0], Name(0), out _));
    }

    [Fact]
    public void A_file_that_another_program_cuts_or_overwrites_only_loses_summaries()
    {
        using TemporaryFolder folder = new();
        ulong generation;
        long[] locators;
        using (SummaryCache cache = SummaryCache.Open(Files, folder.Path, 0, null, new OpenFiles(Files, 1)))
        {
            generation = cache.Generation;
            locators = Fill(cache);
        }
        string path = Path.Combine(folder.Path, SummaryCache.FileName);
        using SummaryCache again = SummaryCache.Open(Files, folder.Path, generation, null, new OpenFiles(Files, 1));
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(500_000);
            file.Position = 100_000;
            file.Write(new byte[5000]);
        }
        int found = 0;
        for (int i = 0; i < Count; i++)
        {
            if (again.TryRead(locators[i], Name(i), out ReadOnlyMemory<byte> got))
            {
                Assert.True(Is(got, i));
                found++;
            }
        }
        Assert.InRange(found, 800, 1200);
        long locator = Assert.Single(again.Add([new SummaryToCache("new", new byte[100])]));
        Assert.True(again.TryRead(locator, "new"u8, out _));
    }

    [Fact]
    public async Task Readers_meet_writers_and_eviction()
    {
        using TemporaryFolder folder = new();
        var memory = new SummaryBlocks(SummaryCache.BlockOctets);
        using SummaryCache cache = SummaryCache.Open(Files, folder.Path, 0, memory, new OpenFiles(Files, 1));
        long[] locators = Fill(cache);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (int round = 0; round < 3000; round++)
            {
                int i = random.Next(Count);
                Assert.True(cache.TryRead(locators[i], Name(i), out ReadOnlyMemory<byte> got) || memory.Octets > 0);
                Assert.True(got.IsEmpty || Is(got, i));
                if (round % 100 == 0)
                {
                    long added = Assert.Single(cache.Add([new SummaryToCache("more", new byte[3000])]));
                    Assert.NotEqual(0, added);
                }
            }
        })));
    }

    private static long[] Fill(SummaryCache cache)
    {
        List<long> locators = [];
        for (int i = 0; i < Count; i += 30)
        {
            locators.AddRange(cache.Add([.. Enumerable.Range(i, 30).Select(n => new SummaryToCache("name" + n, Summary(n)))]));
        }
        return [.. locators];
    }

    private static byte[] Name(int number) => Encoding.UTF8.GetBytes("name" + number);

    private static byte[] Summary(int number) => [.. Enumerable.Range(0, 300 + (number % 300)).Select(i => (byte)(number + i))];

    private static bool Is(ReadOnlyMemory<byte> summary, int number) => summary.Span.SequenceEqual(Summary(number));
}
