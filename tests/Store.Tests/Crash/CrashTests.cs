using MailAccess.Store.Maildir;
using MailAccess.Testing;

namespace MailAccess.Store.Tests.Crash;

/// <summary>
/// One workload, interrupted at each of its file operations in turn. Afterwards everything acknowledged is there, exactly once and whole;
/// the step that was interrupted has happened or not; no UID is used twice; the store works.
/// </summary>
public abstract class CrashTests(Fault fault) : IDisposable
{
    private static readonly Guid BootBefore = Guid.NewGuid();
    private static readonly StoreLimits Limits = new()
    {
        JournalSegmentOctets = 16 * 1024,
        StagedMemoryOctetsMax = 4096,
        JournalContentOctetsMax = 4096,
        WorkerThreads = 2,
    };

    private static readonly (string Name, Func<CrashRun, Task<StoreError>> Step)[] Ordinary =
    [
        ("append A", r => r.AppendAsync("INBOX", "A")),
        ("create Other", r => r.CreateAsync("Other")),
        ("append B, C", r => r.AppendAsync("INBOX", "B", "C")),
        ("append a big one", r => r.AppendAsync("INBOX", "BIG")),
        ("flag A", r => r.FlagAsync("INBOX", "A")),
        ("copy A", r => r.CopyAsync("A")),
        ("checkpoint", r => r.CheckpointAsync()),
        ("copy BIG", r => r.CopyAsync("BIG")),
        ("move B", r => r.MoveAsync("B")),
        ("expunge C", r => r.ExpungeAsync("C")),
        ("replace A", r => r.ReplaceAsync("INBOX", "A", "INBOX", "G")),
        ("replace G with a big one in Other", r => r.ReplaceAsync("INBOX", "G", "Other", "H")),
        ("replace B", r => r.ReplaceAsync("Other", "B", "INBOX", "A")),
        ("append D", r => r.AppendAsync("Other", "D")),
        ("move D", r => r.TransferAsync("Other", "INBOX", "D", isMove: true)),
        ("move D back", r => r.MoveAsync("D")),
        ("housekeeping", r => r.HousekeepingAsync()),
        ("rename Other", r => r.RenameAsync("Other", "Third")),
        ("append E", r => r.AppendAsync("Third", "E")),
        ("expunge A", r => r.ExpungeAsync("A")),
        ("checkpoint", r => r.CheckpointAsync()),
        ("append F", r => r.AppendAsync("INBOX", "F")),
        ("close", r => r.CloseAsync()),
    ];

    private readonly TemporaryFolder _before = TemporaryFolder.InMemory();
    private readonly Dictionary<(uint Validity, uint Uid), string> _uidsBefore = [];
    private readonly LogLines _said = new();
    private CrashRun? _prepared;

    /// <summary>What is interrupted.</summary>
    private protected virtual (string Name, Func<CrashRun, Task<StoreError>> Step)[] Workload => Ordinary;

    /// <summary>So many operations from one interruption to the next.</summary>
    private protected virtual int Stride => 1;

    /// <summary>Done before, and never interrupted.</summary>
    private protected virtual Task PrepareAsync(CrashRun run) => Task.CompletedTask;

    public void Dispose()
    {
        _before.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_at_any_operation()
    {
        for (int at = 1; await InterruptAsync(at, recoveryFaultAt: 0); at += Stride)
        {
        }
    }

    [Fact]
    public async Task A_recovery_that_is_interrupted_is_done_by_the_next_one()
    {
        var random = new Random(7);
        for (int at = 20; await InterruptAsync(at, recoveryFaultAt: random.Next(1, 40)); at += random.Next(5, 25))
        {
        }
    }

    /// <summary>False when the workload ended before the operation was reached.</summary>
    private async Task<bool> InterruptAsync(int at, int recoveryFaultAt)
    {
        using TemporaryFolder folder = TemporaryFolder.InMemory();
        _said.Clear();
        var files = new FaultyFiles(fault, at) { StashFolder = Directory.CreateDirectory(Path.Combine(folder.Path, "stash")).FullName };
        var clock = new ManualTimeProvider();
        string interrupted = "open";
        _prepared ??= await PrepareAsync();
        folder.CopyFrom(_before);
        var uids = new Dictionary<(uint Validity, uint Uid), string>(_uidsBefore);
        List<string> states = [_prepared.Expected];
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(folder.Options(Limits), clock, _said, files, BootBefore);
        if (opened.TryGet(out MaildirStore? store))
        {
            var run = new CrashRun(store, uids);
            run.GoOnFrom(_prepared);
            foreach ((string name, Func<CrashRun, Task<StoreError>> step) in Workload)
            {
                interrupted = name;
                run.Begin();
                StoreError error = await TryAsync(run, step);
                states.Add(run.Expected);
                if (error != StoreError.None)
                {
                    break;
                }
                states.RemoveAt(0);
                interrupted = "";
            }
            await EndAsync(store);
        }
        if (fault == Fault.PowerLoss)
        {
            files.LosePower();
        }
        Guid boot = fault == Fault.PowerLoss ? Guid.NewGuid() : BootBefore;
        if (recoveryFaultAt > 0)
        {
            boot = await InterruptRecoveryAsync(folder, clock, boot, recoveryFaultAt);
        }
        await CheckAsync(folder, clock, boot, states, uids, $"{fault} at operation {at} ({interrupted}), recovery {recoveryFaultAt}");
        return files.HasHappened;
    }

    private async Task<CrashRun> PrepareAsync()
    {
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(_before.Options(Limits), new ManualTimeProvider(), _said, new Files.PosixFiles(), BootBefore);
        Assert.True(opened.TryGet(out MaildirStore? store), "the store does not open");
        await using (store)
        {
            var run = new CrashRun(store, _uidsBefore);
            await PrepareAsync(run);
            return run;
        }
    }

    private async Task<Guid> InterruptRecoveryAsync(TemporaryFolder folder, ManualTimeProvider clock, Guid boot, int at)
    {
        var files = new FaultyFiles(fault, at) { StashFolder = Directory.CreateDirectory(Path.Combine(folder.Path, "stash2")).FullName };
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(folder.Options(Limits), clock, _said, files, boot);
        if (opened.TryGet(out MaildirStore? store))
        {
            await EndAsync(store);
        }
        if (fault == Fault.PowerLoss)
        {
            files.LosePower();
            return Guid.NewGuid();
        }
        return boot;
    }

    private async ValueTask EndAsync(MaildirStore store)
    {
        if (fault is Fault.Kill or Fault.PowerLoss)
        {
            await store.AbandonAsync();
        }
        else
        {
            await store.DisposeAsync();
        }
    }

    private static async Task<StoreError> TryAsync(CrashRun run, Func<CrashRun, Task<StoreError>> step)
    {
        try
        {
            return await step(run);
        }
        catch (IOException)
        {
            return StoreError.Unavailable;
        }
    }

    private async Task CheckAsync(
        TemporaryFolder folder, ManualTimeProvider clock, Guid boot, List<string> allowed, Dictionary<(uint, uint), string> uids, string when)
    {
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(
            folder.Options(Limits), clock, _said, new Files.PosixFiles(), boot);
        Assert.True(opened.TryGet(out MaildirStore? store), $"{when}: the store does not open: {opened.Error}");
        await using (store)
        {
            var run = new CrashRun(store, uids);
            string found = await run.ReadStateAsync(when);
            Assert.True(allowed.Contains(found), $"{when}:\nfound\n{found}\nallowed\n{string.Join("or\n", allowed)}\nlog\n{_said}");
            Assert.Equal(StoreError.None, await run.AppendAsync("INBOX", "after"));
            await run.ReadStateAsync(when);
        }
        // And once more from what a clean end left.
        opened = await MaildirStore.OpenAsync(folder.Options(Limits), clock, _said, new Files.PosixFiles(), boot);
        Assert.True(opened.TryGet(out store), when);
        await using (store)
        {
            Assert.Contains("after", await new CrashRun(store, uids).ReadStateAsync(when), StringComparison.Ordinal);
        }
    }
}
