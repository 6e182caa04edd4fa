using MailAccess.Message;
using MailAccess.Store.Index;
using MailAccess.Store.Maildir;
using MailAccess.Store.Memory;
using MailAccess.Store.Model;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

public sealed class MemoryIdentityTests : IdentityContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));
}

public sealed class MaildirIdentityTests : IdentityContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Vanished_uids_mod_sequences_and_ids_survive_the_end_of_the_process(bool isKilled)
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 6);
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[1]), ExpungeScope.AllNamed, None));
        await FlagAsync(mailbox, UidSet.Of(uids[2]), FlagOperation.Add, SystemFlags.Seen);
        await EndAsync(isKilled);

        await using (IMailStore again = await OpenStoreAsync())
        {
            await using IMailbox second = await InboxOfAsync(again);
            Assert.Equal(mailbox.MailboxId, second.MailboxId);
            Assert.Equal(Record(mailbox, uids[2]).ModSeq, Record(second, uids[2]).ModSeq);
            Assert.Equal(Record(mailbox, uids[3]).ModSeq, Record(second, uids[3]).ModSeq);
            Assert.Equal("2", Must(await second.VanishedSinceAsync(full, null, None)).ToString());
            Must(await second.ExpungeAsync(UidSet.Of(uids[4]), ExpungeScope.AllNamed, None));
            Assert.Equal("2,5", Must(await second.VanishedSinceAsync(full, null, None)).ToString());
        }
        await using IMailStore third = await OpenStoreAsync();
        await using IMailbox last = await InboxOfAsync(third);
        Assert.Equal("2,5", Must(await last.VanishedSinceAsync(full, null, None)).ToString());
        Assert.Equal("5", Must(await last.VanishedSinceAsync(new ModSeq(full.Value + 2), null, None)).ToString());
    }

    [Fact]
    public async Task A_lost_or_damaged_file_of_vanished_uids_makes_the_answer_longer_and_never_shorter()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 6);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[1]), ExpungeScope.AllNamed, None));
        ModSeq between = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[3]), ExpungeScope.AllNamed, None));
        await EndAsync(isKilled: false);
        string path = Path.Combine(_folder.Root("alice"), VanishedFile.FileName);
        byte[] content = await File.ReadAllBytesAsync(path, None);
        content[^3] ^= 4;
        await File.WriteAllBytesAsync(path, content, None);

        await using IMailStore again = await OpenStoreAsync();
        await using IMailbox second = await InboxOfAsync(again);
        Assert.Equal("2,4", Must(await second.VanishedSinceAsync(between, null, None)).ToString());
        Must(await second.ExpungeAsync(UidSet.Of(uids[5]), ExpungeScope.AllNamed, None));
        Assert.Equal("2,4,6", Must(await second.VanishedSinceAsync(between, null, None)).ToString());
    }

    [Fact]
    public async Task A_rebuilt_index_keeps_the_mailbox_id_and_EMAILIDs_and_answers_old_mod_sequences_with_all_that_is_absent()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 4);
        ObjectId id = Must(await mailbox.GetSummaryAsync(uids[2], None)).EmailId;
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        await EndAsync(isKilled: false);
        foreach (string name in (string[])[IndexFile.IndexName, IndexFile.LogName, SummaryCache.FileName])
        {
            File.Delete(Path.Combine(_folder.Root("alice"), name));
        }
        await using IMailStore again = await OpenStoreAsync();
        await using IMailbox rebuilt = await InboxOfAsync(again);
        Assert.Equal(mailbox.MailboxId, rebuilt.MailboxId);
        Assert.Equal(id, Must(await rebuilt.GetSummaryAsync(uids[2], None)).EmailId);
        Assert.True(rebuilt.Snapshot.HighestModSeq > full);
        Assert.Equal("1", Must(await rebuilt.VanishedSinceAsync(full, null, None)).ToString());
    }

    [Fact]
    public async Task An_index_that_is_rebuilt_on_request_tells_by_its_mod_sequence_that_messages_are_gone()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 3);
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        await EndAsync(isKilled: false);
        File.Delete(Directory.EnumerateFiles(Path.Combine(_folder.Root("alice"), "new")).Order(StringComparer.Ordinal).First());
        await using (var store = (MaildirStore)await OpenStoreAsync())
        {
            Assert.Equal(2, Must(await store.RebuildIndexAsync("alice", MailboxName.Inbox, (_, _) => { })));
        }
        await using IMailStore again = await OpenStoreAsync();
        await using IMailbox rebuilt = await InboxOfAsync(again);
        Assert.Equal(2, rebuilt.Snapshot.Count);
        Assert.True(rebuilt.Snapshot.HighestModSeq > full);
        Assert.Single(Must(await rebuilt.VanishedSinceAsync(full, null, None)));
    }

    [Fact]
    public async Task A_summary_of_an_older_version_in_the_cache_is_made_anew()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        Must(await mailbox.GetSummaryAsync(uids[0], None));
        var model = (MaildirMailbox)((MailboxHandle)mailbox).Model;
        MessageRecord record = Record(mailbox, uids[1]);
        byte[] old = [.. model.ReadSummary(record).Span];
        old[0] = 1;
        long locator = Assert.Single(model.AddToCache([new SummaryToCache(model.Names[Locator.Of(record).NamePlace], old)]));
        Assert.False(mailbox.TryGetSummary(record with { CacheLocator = locator }, out _));
        Assert.True(mailbox.TryGetSummary(record, out MessageSummary now));
        Assert.Equal(MessageSummary.Version, now.Encoded.Span[0]);
    }

    [Fact]
    public void The_log_forgets_the_oldest_commits_whole_and_remembers_the_floor()
    {
        var log = new VanishedLog(new ModSeq(1));
        for (uint i = 2; i <= 101; i++)
        {
            log.Add([new VanishedUids(new ModSeq(i), new Uid(i), new Uid(i)), new VanishedUids(new ModSeq(i), new Uid(i + 1000), new Uid(i + 1000))]);
        }
        log.Trim(100);
        Assert.Equal(50, log.Entries.Count);
        Assert.Equal(new ModSeq(76), log.Floor);
        Assert.All(log.Entries, e => Assert.True(e.ModSeq > log.Floor));
        VanishedLog back = VanishedFile.Decode(VanishedFile.Encode(Guid.Empty, log), Guid.Empty)!;
        Assert.Equal(log.Entries, back.Entries);
        Assert.Equal(log.Floor, back.Floor);
        Assert.Null(VanishedFile.Decode(VanishedFile.Encode(Guid.Empty, log), Guid.NewGuid()));
    }

    private async Task EndAsync(bool isKilled)
    {
        if (isKilled)
        {
            await ((MaildirStore)Store).AbandonAsync();
        }
        else
        {
            await Store.DisposeAsync();
        }
    }

    private static async Task<IMailbox> InboxOfAsync(IMailStore store) =>
        Must(await Must(await store.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
}
