using MailAccess.Store.Access;
using MailAccess.Store.Maildir;
using MailAccess.Store.Metadata;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using static MailAccess.Store.Tests.Contract.StoreKit;

namespace MailAccess.Store.Tests.Crash;

/// <summary>Sharing, interrupted at every operation on files in turn: what was acknowledged holds, and nobody gets what he was not given.</summary>
public sealed class AccessCrashTests
{
    [Theory]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.Kill)]
    [InlineData(Fault.PowerLoss)]
    public async Task Whom_a_mailbox_is_shared_with_is_never_forgotten(Fault fault)
    {
        int at = 1;
        while (await InterruptAsync(fault, at))
        {
            at++;
        }
        Assert.True(at > 10, $"only {at} operations");
    }

    /// <summary>False when the workload ended before the operation was reached.</summary>
    private static async Task<bool> InterruptAsync(Fault fault, int at)
    {
        using TemporaryFolder folder = new();
        ManualTimeProvider clock = new();
        await using (MaildirStore before = Must(await MaildirStore.OpenAsync(folder.Options(), clock, NullLogger.Instance)))
        {
            IUserAccount alice = (IUserAccount)Must(await Over(before, clock).OpenAccountAsync("alice", default));
            Must(await alice.CreateAsync(Named("Work"), SpecialUse.None, default));
            Must(await alice.CreateAsync(Named("Old"), SpecialUse.None, default));
            Must(await ShareAsync(alice, "Old", "bob"));
        }
        var files = new FaultyFiles(fault, at) { StashFolder = Directory.CreateDirectory(Path.Combine(folder.Path, "stash")).FullName };
        Guid boot = Guid.NewGuid();
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(folder.Options(), clock, NullLogger.Instance, files, boot);
        bool isShared = false;
        bool isRenamed = false;
        if (opened.TryGet(out MaildirStore? store))
        {
            if ((await Over(store, clock).OpenAccountAsync("alice", default)).TryGet(out IMailAccount? account))
            {
                isShared = (await ShareAsync((IUserAccount)account, "Work", "bob")).Error == StoreError.None;
                isRenamed = (await account.RenameAsync(Named("Old"), Named("Renamed"), default)).Error == StoreError.None;
            }
            await store.AbandonAsync();
        }
        if (fault == Fault.PowerLoss)
        {
            files.LosePower();
        }
        await using MaildirStore after = Must(
            await MaildirStore.OpenAsync(folder.Options(), clock, NullLogger.Instance, new Files.PosixFiles(), fault == Fault.PowerLoss ? Guid.NewGuid() : boot));
        IMailAccount bob = Must(await Over(after, clock).OpenAccountAsync("bob", default));
        string[] seen = [.. Must(await bob.ListAsync(default)).Where(l => l.IsSelectable && !l.Name.IsInbox).Select(l => l.Name.Levels[^1])];
        string context = $"{fault} at {at}: {string.Join(' ', seen)}";
        Assert.True(!isShared || seen.Contains("Work"), context);
        Assert.True(isRenamed ? seen.Contains("Renamed") : seen.Contains("Renamed") || seen.Contains("Old"), context);
        // Nothing that the list of the mailbox itself gives was lost from the list of who shares what.
        bool isInFile = File.Exists(Path.Combine(folder.Root("alice"), ".Work", "dovecot-acl"));
        Assert.True(isInFile == seen.Contains("Work"), context);
        return files.HasHappened;
    }

    private static AccessMailStore Over(IMailStore store, TimeProvider clock) => new(
        store, new SharingOptions { SystemAccount = "#public", Accounts = _ => new(["alice", "bob"]) }, new MetadataOptions(), clock);

    private static ValueTask<StoreResult<Done>> ShareAsync(IUserAccount account, string name, string user) => account.SetAccessAsync(
        Named(name), new AccessSubject(SubjectKind.User, user), false, AccessChange.Replace, Rights.Lookup | Rights.Read, default);
}
