using System.Diagnostics;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Tests;

/// <summary>An index of a million messages. On request, for its figures.</summary>
public sealed class BigIndexTests
{
    [Fact(Explicit = true)]
    public void A_million_messages_are_written_and_read_without_copies_of_everything()
    {
        const int Count = 1_000_000;
        using TemporaryFolder folder = new();
        var files = new PosixFiles();
        var state = new IndexState(Guid.NewGuid(), new UidValidity(1)) { UidNext = new Uid(Count + 1) };
        for (uint i = 1; i <= Count; i++)
        {
            long place = state.Names.Add($"1773480413.M{i:D6}P130568Q{i}Rfb997d92.host.test,S=4096,W=4200");
            state.Records.Add(new MessageRecord { Uid = new Uid(i), Octets = 4200, Locator = place >> 3 });
        }
        IndexContent content = IndexContent.Of(state);
        state = null;
        Measure("write", () => IndexFile.Write(files, folder.Path, content));
        content = null!;
        IndexState? loaded = null;
        Measure("load", () => Assert.True(IndexFile.TryLoad(files, folder.Path, out loaded, out _)));
        MailboxSnapshot? snapshot = null;
        Measure("snapshot", () => snapshot = loaded!.ToSnapshot());
        Assert.Equal(Count, snapshot!.Count);
    }

    private static void Measure(string what, Action work)
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        work();
        Console.WriteLine(
            $"{what}: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds:F0} ms CPU, "
            + $"{(GC.GetTotalAllocatedBytes(precise: true) - allocated) >> 20} MB allocated");
    }
}
