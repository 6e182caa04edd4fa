using MailAccess.Store.Index;
using MailAccess.Store.Mbox;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

public sealed class MboxIdentityTests : IdentityContract
{
    private readonly SpoolFolder _folder = new();

    private string Data => Path.GetDirectoryName(Directory.EnumerateFiles(_folder.Path, MboxIndex.IndexName, SearchOption.AllDirectories).Single())!;

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Vanished_uids_and_mod_sequences_survive_the_end_of_the_process(bool isKilled)
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 6);
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[1]), ExpungeScope.AllNamed, None));
        await FlagAsync(mailbox, UidSet.Of(uids[2]), FlagOperation.Add, SystemFlags.Seen);
        ModSeq between = mailbox.Snapshot.HighestModSeq;
        IMailbox second = await ReopenAsync(isKilled: isKilled);
        Assert.Equal(between, second.Snapshot.HighestModSeq);
        Assert.Equal(Record(mailbox, uids[2]).ModSeq, Record(second, uids[2]).ModSeq);
        Assert.Equal("2", Must(await second.VanishedSinceAsync(full, null, None)).ToString());
        Must(await second.ExpungeAsync(UidSet.Of(uids[4]), ExpungeScope.AllNamed, None));
        IMailbox third = await ReopenAsync(isKilled: isKilled);
        Assert.Equal("2,5", Must(await third.VanishedSinceAsync(full, null, None)).ToString());
        Assert.Equal("5", Must(await third.VanishedSinceAsync(between, null, None)).ToString());
        Assert.Equal("", Must(await third.VanishedSinceAsync(third.Snapshot.HighestModSeq, null, None)).ToString());
    }

    [Fact]
    public async Task A_lost_file_of_vanished_uids_makes_the_answer_longer_and_never_shorter()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 6);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[1]), ExpungeScope.AllNamed, None));
        ModSeq between = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[3]), ExpungeScope.AllNamed, None));
        IMailbox second = await ReopenAsync(() => File.Delete(Path.Combine(Data, VanishedFile.FileName)));
        Assert.Equal("2,4", Must(await second.VanishedSinceAsync(between, null, None)).ToString());
    }

    [Fact]
    public async Task Without_its_index_a_file_keeps_its_UIDVALIDITY_and_mod_sequences_start_above_all_that_were_given()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        for (int i = 0; i < 10; i++)
        {
            await FlagAsync(mailbox, UidSet.Of(uids[1]), i % 2 == 0 ? FlagOperation.Add : FlagOperation.Remove, SystemFlags.Flagged);
        }
        ModSeq full = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        IMailbox second = await ReopenAsync(() => Directory.Delete(Data, recursive: true));
        Must(await second.RefreshAsync(None));
        Assert.Equal(mailbox.Snapshot.UidValidity, second.Snapshot.UidValidity);
        Assert.Equal([2u, 3u], Uids(second));
        Assert.All([uids[1], uids[2]], u => Assert.True(Record(second, u).ModSeq > full));
        Assert.Equal("1", Must(await second.VanishedSinceAsync(full, null, None)).ToString());
    }

    private async Task<IMailbox> ReopenAsync(Action? meanwhile = null, bool isKilled = false)
    {
        await Account.DisposeAsync();
        await (isKilled ? ((MboxStore)Store).AbandonAsync() : Store.DisposeAsync());
        meanwhile?.Invoke();
        Store = await OpenStoreAsync();
        Account = Must(await Store.OpenAccountAsync("alice", None));
        return await OpenAsync("INBOX");
    }
}
