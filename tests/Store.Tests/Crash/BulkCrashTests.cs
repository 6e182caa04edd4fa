namespace MailAccess.Store.Tests.Crash;

/// <summary>
/// The same with more messages than are placed before the client hears of them: they are copied, moved, and moved on or expunged while they
/// may still wait for their places. They are older than the journal, which has none of their octets.
/// </summary>
/// <remarks>Most operations are one of many alike: every seventh to seventeenth is interrupted, so that each part of each step has its turn.</remarks>
public abstract class BulkCrashTests(Fault fault, int stride) : CrashTests(fault)
{
    private const int Messages = 70;

    private static readonly (string Name, Func<CrashRun, Task<StoreError>> Step)[] Bulk =
    [
        ("copy all", r => r.TransferAllAsync("INBOX", "Copies", isMove: false)),
        ("move all", r => r.TransferAllAsync("INBOX", "Moved", isMove: true)),
        ("move all on", r => r.TransferAllAsync("Moved", "Further", isMove: true)),
        ("expunge the copies", r => r.ExpungeAllAsync("Copies")),
        ("checkpoint", r => r.CheckpointAsync()),
        ("move all back", r => r.TransferAllAsync("Further", "INBOX", isMove: true)),
        ("close", r => r.CloseAsync()),
    ];

    private protected override (string Name, Func<CrashRun, Task<StoreError>> Step)[] Workload => Bulk;

    private protected override int Stride => stride;

    private protected override async Task PrepareAsync(CrashRun run)
    {
        foreach (string box in new[] { "Copies", "Moved", "Further" })
        {
            Assert.Equal(StoreError.None, await run.CreateAsync(box));
        }
        Assert.Equal(StoreError.None, await run.AppendAsync("INBOX", [.. Enumerable.Range(1, Messages).Select(i => $"M{i:D2}")]));
        run.Begin();
    }
}

public sealed class BulkFullDiskTests() : BulkCrashTests(Fault.NoSpace, stride: 13);

public sealed class BulkPermissionTests() : BulkCrashTests(Fault.NoPermission, stride: 17);

public sealed class BulkKillTests() : BulkCrashTests(Fault.Kill, stride: 7);

public sealed class BulkPowerLossTests() : BulkCrashTests(Fault.PowerLoss, stride: 11);
