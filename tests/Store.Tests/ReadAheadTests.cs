using System.Globalization;
using System.Text;
using MailAccess.Store.Memory;
using MailAccess.Testing;

namespace MailAccess.Store.Tests;

public sealed class ReadAheadTests
{
    private readonly MemoryMailStore _store = new(new ManualTimeProvider());

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(4, 1000)]
    [InlineData(100, 1000)]
    [InlineData(4, 0)] // Every message is too large to be opened ahead.
    public async Task Each_position_gives_its_own_message_also_where_some_are_passed_over(int messagesAhead, int octetsMax)
    {
        IMailbox mailbox = await FillAsync(20);
        ReadAheadLimits limits = new(messagesAhead, 1000, octetsMax);
        foreach (int step in new[] { 1, 2, 5, 19 })
        {
            await using ReadAhead ahead = new(mailbox, mailbox.Snapshot, p => p, 20, limits);
            for (int position = 0; position < 20; position += step)
            {
                Assert.True((await ahead.TakeAsync(position)).TryGet(out IMessageContent? content));
                Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"N: {position}\r\n\r\n"), await ReadAsync(content));
                await content.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_message_that_went_away_says_so_at_its_turn_and_the_others_follow()
    {
        IMailbox mailbox = await FillAsync(5);
        MailboxSnapshot view = mailbox.Snapshot;
        await using ReadAhead ahead = new(mailbox, view, p => p, 5, new ReadAheadLimits(1, 1000, 1000));
        await mailbox.ExpungeAsync(UidSet.Of(view[1].Uid), ExpungeScope.AllNamed, CancellationToken.None);
        Assert.True((await ahead.TakeAsync(0)).TryGet(out _));
        Assert.Equal(StoreError.Expunged, (await ahead.TakeAsync(1)).Error);
        Assert.True((await ahead.TakeAsync(2)).TryGet(out _));
    }

    private static async Task<string> ReadAsync(IMessageContent content)
    {
        byte[] octets = new byte[content.Octets];
        int count = await content.ReadAsync(0, octets, CancellationToken.None);
        return Encoding.ASCII.GetString(octets, 0, count);
    }

    private async Task<IMailbox> FillAsync(int count)
    {
        Assert.True((await _store.OpenAccountAsync("ann", CancellationToken.None)).TryGet(out IMailAccount? account));
        Assert.True((await account.OpenAsync(MailboxName.Inbox, CancellationToken.None)).TryGet(out IMailbox? mailbox));
        for (int i = 0; i < count; i++)
        {
            Assert.True((await _store.StageAsync(0, CancellationToken.None)).TryGet(out IStagedMessage? staged));
            await staged.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"N: {i}\r\n\r\n")), CancellationToken.None);
            await staged.CompleteAsync(CancellationToken.None);
            Assert.Equal(StoreError.None, (await mailbox.AppendAsync([new MessageToAppend { Message = staged }], CancellationToken.None)).Error);
            await staged.DisposeAsync();
        }
        return mailbox;
    }
}
