using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>What the whole process holds is counted: no other test may run beside it.</summary>
[CollectionDefinition(nameof(ScheduleMemoryTests), DisableParallelization = true)]
[Collection(nameof(ScheduleMemoryTests))]
public sealed class ScheduleMemoryTests
{
    [Fact]
    public async Task A_hundred_thousand_messages_are_scheduled_in_bounded_memory()
    {
        using IoThreads threads = new(1);
        SimulatedDisk disk = new();
        byte[] control = SpoolCodec.WriteMessage(Samples.Message(1, "bob@example.net") with { Attempts = 1 });
        for (int i = 1; i <= 100_000; i++)
        {
            disk.Put(new SpoolId(i) + ".msg", []);
            disk.Put(new SpoolId(i) + ".ctl", i == 1 ? control : SpoolCodec.WriteMessage(Samples.Message(i, "bob@example.net") with { Attempts = 1 }));
        }
        Schedule schedule = new(new ManualTimeProvider());
        await using FileSpool spool = new(disk, threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await spool.LoadAsync(e => schedule.AddDeferred(e.Id, e.NextAttempt), CancellationToken.None);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(100_000, schedule.Count);
        Assert.True(grown < 100_000 * 300, $"{grown} octets"); // Some 150 each.
    }
}
