using MailAccess.Message;
using MailAccess.Store.Inspection;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>A mailbox through which much mail goes stays small, also while a session keeps it open.</summary>
public sealed class CompactionTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StoreLimits Limits = new()
    {
        JournalSegmentOctets = 1 << 20,
        WorkerThreads = 2,
        CacheOctetsDeadMax = 4096,
        NamesOctetsDeadMax = 4096,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cache_and_names_shrink_and_everything_is_found_before_and_after_a_restart(bool isKilled)
    {
        using TemporaryFolder folder = new();
        var clock = new ManualTimeProvider();
        MaildirStore store = await OpenAsync(folder, clock);
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        IMailbox inbox = StoreKit.Must(await account.OpenAsync(MailboxName.Inbox, None));
        MailboxSnapshot view = inbox.Snapshot;
        for (int i = 1; i <= 600; i++)
        {
            Uid uid = await StoreKit.AppendAsync(store, inbox, StoreKit.Text(i), SystemFlags.Flagged, ["key"]);
            if (i % 50 != 0)
            {
                StoreKit.Must(await inbox.ExpungeAsync(UidSet.Of(uid), ExpungeScope.AllNamed, None));
            }
            view = i == 100 ? inbox.Snapshot : view;
            if (i % 100 == 0)
            {
                store.Housekeeper.Tick();
                await store.Housekeeper.CurrentRound;
            }
        }
        var mailbox = store.Accounts.Single().OpenMailboxes.Single();
        Assert.InRange(mailbox.Names.Octets, 1, 30_000);
        Assert.NotEqual(0, mailbox.Names.Base);
        Assert.InRange(new FileInfo(Path.Combine(folder.Root("alice"), "mailaccess.cache")).Length, 1, 300_000);
        await CheckAsync(inbox);
        inbox.TryGetSummary(view[0], out _); // A view of long ago harms nobody.
        ModSeq modSeq = inbox.Snapshot.HighestModSeq;
        await (isKilled ? store.AbandonAsync() : store.DisposeAsync());

        store = await OpenAsync(folder, clock);
        account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        inbox = StoreKit.Must(await account.OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(modSeq, inbox.Snapshot.HighestModSeq);
        await CheckAsync(inbox);
        await store.DisposeAsync();
        IndexReport report = new MaildirInspector(folder.Root("alice")).Check(MailboxName.Inbox)!;
        Assert.Empty(report.Problems);
    }

    private static async Task<MaildirStore> OpenAsync(TemporaryFolder folder, ManualTimeProvider clock) =>
        StoreKit.Must(await MaildirStore.OpenAsync(folder.Options(Limits), clock, NullLogger.Instance));

    private static async Task CheckAsync(IMailbox inbox)
    {
        Assert.Equal(Enumerable.Range(1, 12).Select(i => (uint)i * 50), Enumerable.Range(0, inbox.Snapshot.Count).Select(i => inbox.Snapshot[i].Uid.Value));
        for (int i = 0; i < inbox.Snapshot.Count; i++)
        {
            MessageRecord record = inbox.Snapshot[i];
            Assert.Equal(StoreKit.Text((int)record.Uid.Value), await StoreKit.ReadAsync(inbox, record.Uid));
            MessageSummary summary = StoreKit.Must(await inbox.GetSummaryAsync(record.Uid, None));
            Assert.True(summary.IsValid);
            Assert.Equal(SystemFlags.Flagged, record.Flags);
            Assert.Equal(["key"], inbox.Snapshot.Keywords.NamesOf(record.Keywords));
        }
    }
}
