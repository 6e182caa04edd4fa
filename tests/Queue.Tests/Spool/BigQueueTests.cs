using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>A queue of 100,000 messages in real files. On request (<c>./test --big</c>): it says how long it took, for the results under bench/.</summary>
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
}
