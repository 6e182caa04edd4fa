using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Memory;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Mbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

public sealed class MemoryReplaceTests : ReplaceContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));
}

public sealed class MaildirReplaceTests : ReplaceContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Fact]
    public async Task What_was_replaced_stays_so_after_the_process_was_killed()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        await using IStagedMessage staged = await StageAsync(Text(9));
        Uid arrived = Must(await mailbox.ReplaceAsync(uids[0], new MessageToAppend { Message = staged }, mailbox, None)).Uids[0];
        await ((MaildirStore)Store).AbandonAsync();
        Store = await OpenStoreAsync();
        Account = Must(await Store.OpenAccountAsync("alice", None));
        await using IMailbox again = await OpenAsync("INBOX");
        Assert.Equal([uids[1].Value, arrived.Value], Uids(again));
        Assert.Equal(Text(9), await ReadAsync(again, arrived));
    }
}

public sealed class MboxReplaceTests : ReplaceContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    /// <summary>They cannot share a commit: the new message is durable before the old one goes, and is taken back where that cannot go.</summary>
    [Fact]
    public async Task A_message_of_another_account_or_format_is_replaced_too()
    {
        using TemporaryFolder folder = new();
        await using IMailStore maildirs = Must(await MaildirStore.OpenAsync(folder.Options(), Clock, NullLogger.Instance));
        await using IMailAccount maildirAccount = Must(await maildirs.OpenAccountAsync("alice", None));
        await using IMailbox maildir = Must(await maildirAccount.OpenAsync(MailboxName.Inbox, None));
        await using IMailAccount bob = Must(await Store.OpenAccountAsync("bob", None));
        await using IMailbox hers = Must(await bob.OpenAsync(MailboxName.Inbox, None));
        await using IMailbox mbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mbox, 3);
        await using IStagedMessage staged = await StageAsync(Text(9));
        var message = new MessageToAppend { Message = staged };

        Uid arrived = Must(await mbox.ReplaceAsync(uids[0], message, hers, None)).Uids[0];
        Assert.Equal(Text(9), await ReadAsync(hers, arrived));
        Assert.Equal(2, mbox.Snapshot.Count);
        Assert.Equal(StoreError.Expunged, (await mbox.ReplaceAsync(uids[0], message, hers, None)).Error);
        Assert.Equal(1, hers.Snapshot.Count);

        await using IStagedMessage inMaildir = await StageInAsync(maildirs, Text(8));
        Must(await mbox.ReplaceAsync(uids[1], new MessageToAppend { Message = inMaildir }, maildir, None));
        Assert.Equal((1, 1), (mbox.Snapshot.Count, maildir.Snapshot.Count));
        Must(await maildir.ReplaceAsync(maildir.Snapshot[0].Uid, message, mbox, None));
        Assert.Equal((2, 0), (mbox.Snapshot.Count, maildir.Snapshot.Count));
    }

    private static async Task<IStagedMessage> StageInAsync(IMailStore store, string text)
    {
        IStagedMessage staged = Must(await store.StageAsync(text.Length, None));
        Must(await staged.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), None));
        Must(await staged.CompleteAsync(None));
        return staged;
    }
}
