using System.Globalization;
using System.Text;
using MailAccess.Store.Mbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>How much of a large spool is read, and when.</summary>
public sealed class MboxReadingTests : IDisposable
{
    private const int Messages = 100_000;
    private const int Tail = 32 * 1024;
    private readonly SpoolFolder _folder = new();

    private string Spool => _folder.Inbox("alice");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_a_large_spool_nothing_is_read_when_it_is_unchanged_and_only_the_tail_when_mail_was_appended()
    {
        MboxStoreOptions options = _folder.Options();
        var files = new CountedReads(Spool);
        await File.WriteAllTextAsync(Spool, string.Concat(Enumerable.Range(1, Messages).Select(Delivered)), TestContext.Current.CancellationToken);
        await using (MboxStore first = await OpenStoreAsync())
        await using (IMailbox mailbox = await OpenInboxAsync(first))
        {
            Assert.Equal(Messages, mailbox.Snapshot.Count);
        }
        Assert.True(files.Take() >= new FileInfo(Spool).Length, "it is read once");

        await using MboxStore store = await OpenStoreAsync();
        await using IMailbox again = await OpenInboxAsync(store);
        Assert.Equal(Messages, again.Snapshot.Count);
        Assert.Equal(0, files.Take());
        Assert.Equal(StoreError.None, (await again.RefreshAsync(TestContext.Current.CancellationToken)).Error);
        Assert.Equal(0, files.Take());

        await File.AppendAllTextAsync(Spool, Delivered(Messages + 1), TestContext.Current.CancellationToken);
        Assert.Equal(StoreError.None, (await again.RefreshAsync(TestContext.Current.CancellationToken)).Error);
        Assert.Equal(Messages + 1, again.Snapshot.Count);
        Assert.Equal((uint)Messages + 1, again.Snapshot[Messages].Uid.Value);
        Assert.InRange(files.Take(), 1, Tail); // First and last known message and the boundary prove that the rest is as it was.

        async Task<MboxStore> OpenStoreAsync()
        {
            StoreResult<MboxStore> opened = await MboxStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance, files);
            Assert.True(opened.TryGet(out MboxStore? found), opened.Error.ToString());
            return found;
        }
    }

    private static async Task<IMailbox> OpenInboxAsync(MboxStore store)
    {
        StoreResult<IMailAccount> account = await store.OpenAccountAsync("alice", TestContext.Current.CancellationToken);
        Assert.True(account.TryGet(out IMailAccount? alice), account.Error.ToString());
        StoreResult<IMailbox> inbox = await alice.OpenAsync(MailboxName.Inbox, TestContext.Current.CancellationToken);
        Assert.True(inbox.TryGet(out IMailbox? mailbox), inbox.Error.ToString());
        return mailbox;
    }

    private static string Delivered(int number) =>
        new StringBuilder("From bob@example.org Mon Jan  5 09:08:07 2026\nSubject: ").Append(number.ToString(CultureInfo.InvariantCulture)).Append("\n\nBody\n\n").ToString();
}
