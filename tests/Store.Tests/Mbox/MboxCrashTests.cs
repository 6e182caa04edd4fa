using MailAccess.Store.Mbox;
using MailAccess.Store.Tests.Crash;
using MailAccess.Testing;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>
/// One workload, interrupted at each of its file operations in turn. Afterwards everything acknowledged is there, exactly once and whole; the step
/// that was interrupted has happened or not (of a move, the copies may be there before the originals are gone); no UID is used twice.
/// </summary>
public abstract class MboxCrashTests(Fault fault)
{
    private static readonly StoreLimits Limits = new() { WorkerThreads = 2 };

    private static readonly (string Name, Func<CrashRun, Task<StoreError>> Step)[] Workload =
    [
        ("append A", r => r.AppendAsync("INBOX", "A")),
        ("create Other", r => r.CreateAsync("Other")),
        ("append B, C", r => r.AppendAsync("INBOX", "B", "C")),
        ("append a big one", r => r.AppendAsync("INBOX", "BIG")),
        ("flag A", r => r.FlagAsync("INBOX", "A")),
        ("housekeeping", r => r.HousekeepingAsync()),
        ("copy A", r => r.CopyAsync("A")),
        ("move B", r => r.MoveAsync("B")),
        ("expunge A", r => r.ExpungeAsync("A")),
        ("replace C", r => r.ReplaceAsync("INBOX", "C", "INBOX", "G")),
        ("replace G in Other", r => r.ReplaceAsync("INBOX", "G", "Other", "H")),
        ("replace B", r => r.ReplaceAsync("Other", "B", "INBOX", "C")),
        ("append D", r => r.AppendAsync("Other", "D")),
        ("move D", r => r.TransferAsync("Other", "INBOX", "D", isMove: true)),
        ("flag C", r => r.FlagAsync("INBOX", "C")),
        ("housekeeping", r => r.HousekeepingAsync()),
        ("rename Other", r => r.RenameAsync("Other", "Third")),
        ("append E", r => r.AppendAsync("Third", "E")),
        ("expunge BIG", r => r.ExpungeAsync("BIG")),
        ("append F", r => r.AppendAsync("INBOX", "F")),
        ("close", r => r.CloseAsync()),
    ];

    private readonly LogLines _said = new();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_at_any_operation()
    {
        for (int at = 1; await InterruptAsync(at, recoveryFaultAt: 0); at++)
        {
        }
    }

    [Fact]
    public async Task A_recovery_that_is_interrupted_is_done_by_the_next_one()
    {
        var random = new Random(7);
        for (int at = 20; await InterruptAsync(at, recoveryFaultAt: random.Next(1, 20)); at += random.Next(2, 9))
        {
        }
    }

    /// <summary>False when the workload ended before the operation was reached.</summary>
    private async Task<bool> InterruptAsync(int at, int recoveryFaultAt)
    {
        using SpoolFolder folder = new();
        _said.Clear();
        FaultyFiles files = Files(folder, at, "stash");
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow().AddDays(1)); // A dot-lock that was left half made is stale by then.
        List<string> states = [CrashRun.EmptyState];
        string interrupted = "open";
        var uids = new Dictionary<(uint Validity, uint Uid), string>();
        StoreResult<MboxStore> opened = await MboxStore.OpenAsync(folder.Options(Limits), clock, _said, files);
        if (opened.TryGet(out MboxStore? store))
        {
            var run = new CrashRun(store, uids);
            foreach ((string name, Func<CrashRun, Task<StoreError>> step) in Workload)
            {
                interrupted = name;
                run.Begin();
                StoreError error = await TryAsync(run, step);
                states.Add(run.Expected);
                if (error != StoreError.None)
                {
                    if (run.Between is { } between)
                    {
                        states.Add(between);
                    }
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
        if (recoveryFaultAt > 0)
        {
            await InterruptRecoveryAsync(folder, clock, recoveryFaultAt);
        }
        await CheckAsync(folder, clock, states, uids, $"{fault} at operation {at} ({interrupted}), recovery {recoveryFaultAt}");
        return files.HasHappened;
    }

    private FaultyFiles Files(SpoolFolder folder, int at, string stash) =>
        new(fault, at) { StashFolder = Directory.CreateDirectory(Path.Combine(folder.Path, stash)).FullName };

    private async Task InterruptRecoveryAsync(SpoolFolder folder, ManualTimeProvider clock, int at)
    {
        FaultyFiles files = Files(folder, at, "stash2");
        StoreResult<MboxStore> opened = await MboxStore.OpenAsync(folder.Options(Limits), clock, _said, files);
        if (opened.TryGet(out MboxStore? store))
        {
            if ((await store.OpenAccountAsync("alice", CancellationToken.None)).TryGet(out IMailAccount? alice)
                && (await alice.ListAsync(CancellationToken.None)).TryGet(out IReadOnlyList<MailboxListing>? listings))
            {
                foreach (MailboxListing listing in listings)
                {
                    if ((await alice.OpenAsync(listing.Name, CancellationToken.None)).TryGet(out IMailbox? mailbox))
                    {
                        await mailbox.DisposeAsync();
                    }
                }
            }
            await EndAsync(store);
        }
        if (fault == Fault.PowerLoss)
        {
            files.LosePower();
        }
    }

    private async ValueTask EndAsync(MboxStore store)
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
        SpoolFolder folder, ManualTimeProvider clock, List<string> allowed, Dictionary<(uint, uint), string> uids, string when)
    {
        for (int round = 0; round < 2; round++)
        {
            StoreResult<MboxStore> opened = await MboxStore.OpenAsync(folder.Options(Limits), clock, _said, new Store.Files.PosixFiles());
            Assert.True(opened.TryGet(out MboxStore? store), $"{when}: the store does not open: {opened.Error}");
            await using (store)
            {
                var run = new CrashRun(store, uids);
                string found = await run.ReadStateAsync(when);
                if (round == 1)
                {
                    Assert.Contains("after", found, StringComparison.Ordinal); // What a clean end left.
                    continue;
                }
                Assert.True(allowed.Contains(found), $"{when}:\nfound\n{found}\nallowed\n{string.Join("or\n", allowed)}\nlog\n{_said}");
                Assert.Equal(StoreError.None, await run.AppendAsync("INBOX", "after"));
                await run.ReadStateAsync(when);
            }
        }
    }
}

public sealed class MboxFullDiskTests() : MboxCrashTests(Fault.NoSpace);

public sealed class MboxPermissionTests() : MboxCrashTests(Fault.NoPermission);

public sealed class MboxKillTests() : MboxCrashTests(Fault.Kill);

public sealed class MboxPowerLossTests() : MboxCrashTests(Fault.PowerLoss);
