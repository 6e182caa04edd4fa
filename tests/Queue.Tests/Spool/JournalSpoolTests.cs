using MailAccess.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests;

/// <summary>The contract over a journal in a real folder.</summary>
public sealed class JournalFolderSpoolTests : SpoolContract, IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("spool-").FullName;
    private readonly IoThreads _threads = new(4);
    private readonly List<SpoolFolder> _folders = [];

    public void Dispose()
    {
        _threads.Dispose();
        _folders.ForEach(f => f.Dispose());
        Directory.Delete(_path, recursive: true);
    }

    private protected override ISpool Open()
    {
        _folders.Add(new SpoolFolder(_path));
        FileSpool files = new(_folders[^1], _threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        return new JournalSpool(_folders[^1], files, _threads, new QueueLimits { JournalSegmentOctets = 64 * 1024 }, NullLogger.Instance);
    }
}

/// <summary>The same crashes as the files', with a journal before them.</summary>
public sealed class JournalSpoolCrashTests : SpoolCrashTests
{
    private readonly QueueLimits _roomy = new() { JournalSegmentOctets = 64 * 1024 };

    /// <summary>Each segment holds a message or two and is emptied at once.</summary>
    private readonly QueueLimits _narrow = new() { JournalSegmentOctets = 1500, JournalSegmentsKept = 0, JournalSegmentsMax = 100 };

    [Fact]
    public async Task What_failed_is_not_there_after_the_next_start_though_nothing_else_was_written()
    {
        Disk = new SimulatedDisk { FailsOnce = true };
        await using (ISpool spool = Open(_roomy))
        {
            await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
            Disk.FailAfter(1); // The sync: the octets may be there or not.
            await Assert.ThrowsAsync<IOException>(() => spool.AddAsync(Samples.Message(2, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None));
        }
        await using ISpool again = Open(_roomy);
        Assert.Equal([new SpoolId(1)], (await LoadAsync(again)).Select(e => e.Id));
    }

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task Messages_on_their_way_from_the_journal_into_files_are_lost_nowhere(Crash crash)
    {
        int crashes = 0;
        for (int seed = 0; seed < (crash == Crash.PowerLossAnything ? 10 : 1); seed++)
        {
            for (int n = 0; n < 120; n += 1 + (seed / 2))
            {
                Disk = new SimulatedDisk();
                (HashSet<long> promised, HashSet<long> updated) = await LiveAsync(n);
                crashes += Disk.IsDown ? 1 : 0;
                Disk = Disk.After(crash, new Random(seed * 1000 + n));
                Disk.FailAfter(seed * 3 + (n % 17)); // The recovery dies too.
                try
                {
                    await using ISpool dying = Open(_narrow);
                    await LoadAsync(dying);
                }
                catch (IOException)
                {
                }
                Disk = Disk.After(crash, new Random(seed * 1000 + n + 1));
                await using ISpool again = Open(_narrow);
                List<SpoolEntry> entries = await LoadAsync(again);
                Assert.Equal(entries.Count, entries.DistinctBy(e => e.Id).Count());
                foreach (SpoolEntry entry in entries)
                {
                    Assert.False(entry.Id.Value == 1 && promised.Contains(-1), "a finished message came back");
                    SpoolMessage message = (await again.ReadAsync(entry.Id, CancellationToken.None))!;
                    Assert.True(!updated.Contains(entry.Id.Value) || message.Recipients[0].Status == RecipientStatus.Relayed, $"{n}: a promised step is lost");
                    await using IMessageContent content = await again.OpenContentAsync(entry.Id, CancellationToken.None);
                    Assert.Equal(Samples.Content, await Samples.ReadAllAsync(content));
                }
                promised.RemoveWhere(p => p <= 1); // The removal of the first may have been cut off before or after.
                Assert.Subset(entries.Select(e => e.Id.Value).ToHashSet(), promised);
            }
        }
        Assert.True(crashes > 20);
    }

    [Fact]
    public async Task A_failure_of_the_disk_that_passes_loses_nothing_and_leaves_nothing_of_what_was_refused()
    {
        for (int n = 0; n < 80; n++)
        {
            Disk = new SimulatedDisk { FailsOnce = true };
            (HashSet<long> promised, _) = await LiveAsync(n);
            Disk.FailAfter(int.MaxValue);
            await using ISpool again = Open(_narrow);
            HashSet<long> found = [.. (await LoadAsync(again)).Select(e => e.Id.Value)];
            promised.RemoveWhere(p => p < 2);
            Assert.Subset(found, promised);
            found.Remove(1);
            Assert.Equal(promised.Count, found.Count);
        }
    }

    [Fact]
    public async Task What_stands_behind_a_damaged_record_is_not_lost_with_it()
    {
        await using (ISpool spool = Open())
        {
            for (int i = 1; i <= 3; i++)
            {
                await spool.AddAsync(Samples.Message(i, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
            }
        }
        string segment = Assert.Single(Disk.Names);
        byte[] octets = ReadAll(segment);
        octets[SecondRecordAt(octets) + 40] ^= 1; // A bit of the second message.
        Disk.Delete(segment);
        using (ISpoolFile file = Disk.Create(segment))
        {
            file.Append(octets);
            file.Sync();
        }
        Disk.SyncFolder();
        await using ISpool again = Open();
        Assert.Equal([1, 3], (await LoadAsync(again)).Select(e => e.Id.Value).Order());
        Assert.Contains(Disk.Names, n => n.EndsWith(".damaged", StringComparison.Ordinal));
    }

    private static int SecondRecordAt(byte[] segment) =>
        JournalRecord.SegmentHeaderOctets + 8 + BitConverter.ToInt32(segment, JournalRecord.SegmentHeaderOctets);

    private byte[] ReadAll(string name)
    {
        using ISpoolFile file = Disk.Open(name);
        byte[] octets = new byte[file.Octets];
        file.Read(0, octets);
        return octets;
    }

    [Fact]
    public async Task What_does_not_come_to_files_makes_none()
    {
        await using ISpool spool = Open();
        await spool.AddAsync(Samples.Message(1, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
        await spool.RemoveAsync(new SpoolId(1));
        Assert.EndsWith(SpoolJournal.Suffix, Assert.Single(Disk.Names), StringComparison.Ordinal);
    }

    private protected override ISpool Open() => Open(_roomy);

    private JournalSpool Open(QueueLimits limits) => new(
        Disk, new FileSpool(Disk, Threads, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance), Threads, limits, NullLogger.Instance);

    /// <summary>Adds six messages, updates each, removes the first; the disk fails after n operations. -1: the removal was promised.</summary>
    private async Task<(HashSet<long> Promised, HashSet<long> Updated)> LiveAsync(int n)
    {
        HashSet<long> promised = [];
        HashSet<long> updated = [];
        await using ISpool spool = Open(_narrow);
        Disk.FailAfter(n);
        for (int i = 1; i <= 6; i++)
        {
            try
            {
                await spool.AddAsync(Samples.Message(i, "bob@example.net"), new MemoryContent(Samples.Content), CancellationToken.None);
                promised.Add(i);
                await spool.UpdateAsync(new SpoolId(i), new SpoolUpdate { Recipients = [new(0) { Status = RecipientStatus.Relayed }] }, UpdateDurability.PowerLoss);
                updated.Add(i);
                if (i == 4 && promised.Contains(1))
                {
                    await spool.RemoveAsync(new SpoolId(1));
                    promised.Add(-1);
                }
            }
            catch (IOException)
            {
            }
        }
        return (promised, updated);
    }
}
