using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>100,000 messages in a real folder. On request (<c>./test --big</c>): what it took, for the results under bench/.</summary>
public sealed class BigQueueTests
{
    private const int Messages = 100_000;

    [Fact(Explicit = true)]
    public async Task A_hundred_thousand_messages_are_there_after_a_start()
    {
        string path = Directory.CreateTempSubdirectory("mailaccess-queue-").FullName;
        try
        {
            for (int i = 1; i <= Messages; i++)
            {
                SpoolMessage message = Samples.Message(i, "bob@example.net") with { Attempts = 1 };
                string file = Path.Combine(path, message.Id.ToString());
                await File.WriteAllBytesAsync(file + ".msg", "Subject: x\r\n\r\ntext\r\n"u8.ToArray());
                await File.WriteAllBytesAsync(file + ".ctl", SpoolCodec.WriteMessage(message));
            }
            using SpoolFolder folder = new(path);
            using IoThreads threads = new(8);
            await using FileSpool spool = new(folder, threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
            Schedule schedule = new(TimeProvider.System);
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long begun = Stopwatch.GetTimestamp();
            await spool.LoadAsync(e => schedule.AddDeferred(e.Id, e.NextAttempt, e.Priority), CancellationToken.None);
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
            Assert.Equal(Messages, schedule.Count);
            TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{Messages} messages: {took.TotalSeconds:0.00} s, {grown / Messages} octets each"));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact(Explicit = true)]
    public async Task A_hundred_thousand_messages_that_came_and_went_leave_little_behind()
    {
        string path = Directory.CreateTempSubdirectory("mailaccess-queue-").FullName;
        try
        {
            using SpoolFolder folder = new(path);
            using IoThreads threads = new(8);
            QueueLimits limits = new();
            await using JournalSpool spool = new(folder, new FileSpool(folder, threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance), threads, limits, NullLogger.Instance);
            Schedule schedule = new(TimeProvider.System);
            await spool.LoadAsync(_ => { }, CancellationToken.None);
            long before = GC.GetTotalMemory(forceFullCollection: true);
            byte[] content = new byte[2_000];
            await Parallel.ForEachAsync(Enumerable.Range(1, Messages), new ParallelOptions { MaxDegreeOfParallelism = 200 }, async (i, stop) =>
            {
                SpoolMessage message = Samples.Message(i, "bob@example.net") with { Octets = content.Length };
                await spool.AddAsync(message, new MemoryContent(content), stop);
                schedule.AddNew(message.Id);
                await spool.UpdateAsync(message.Id, new SpoolUpdate { Attempts = 1 }, UpdateDurability.Process);
                await spool.RemoveAsync(message.Id);
            });
            while (schedule.TryTake(out SpoolId id, out _))
            {
                schedule.Return(id);
            }
            long left = GC.GetTotalMemory(forceFullCollection: true) - before;
            TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{left / 1024} KiB left after {Messages} messages"));
            Assert.InRange(left, 0, 4 << 20);
            GC.KeepAlive(schedule);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
