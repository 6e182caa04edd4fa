using System.Text;

namespace MailAccess.Store.Tests.Contract;

/// <summary>The short words of <see cref="StoreFixture"/> for tests that open stores themselves.</summary>
internal static class StoreKit
{
    public static T Must<T>(StoreResult<T> result)
    {
        Assert.True(result.TryGet(out T? value), $"the store said {result.Error}");
        return value;
    }

    public static MailboxName Named(string text)
    {
        Assert.True(MailboxName.TryParse(text, out MailboxName? name), $"'{text}' is no mailbox name");
        return name;
    }

    public static string Text(int number) => $"Subject: message {number}\r\nMessage-ID: <{number}@example.test>\r\n\r\nBody {number}\r\n";

    public static async Task<Uid> AppendAsync(
        IMailStore store, IMailbox mailbox, string text, SystemFlags flags = SystemFlags.None, IReadOnlyList<string>? keywords = null) =>
        Assert.Single(Must(await TryAppendAsync(store, mailbox, text, flags, keywords)).Uids);

    public static async Task<StoreResult<AppendOutcome>> TryAppendAsync(
        IMailStore store, IMailbox mailbox, string text, SystemFlags flags = SystemFlags.None, IReadOnlyList<string>? keywords = null)
    {
        CancellationToken none = CancellationToken.None;
        StoreResult<IStagedMessage> begun = await store.StageAsync(text.Length, none);
        if (!begun.TryGet(out IStagedMessage? staged))
        {
            return begun.Error;
        }
        await using (staged)
        {
            StoreResult<Done> written = await staged.WriteAsync(Encoding.UTF8.GetBytes(text), none);
            if (written.Error != StoreError.None || (written = await staged.CompleteAsync(none)).Error != StoreError.None)
            {
                return written.Error;
            }
            return await mailbox.AppendAsync([new MessageToAppend { Message = staged, Flags = flags, Keywords = keywords ?? [] }], none);
        }
    }

    public static async Task<string> ReadAsync(IMailbox mailbox, Uid uid)
    {
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, CancellationToken.None));
        byte[] octets = new byte[content.Octets];
        int read = 0;
        int count;
        while (read < octets.Length && (count = await content.ReadAsync(read, octets.AsMemory(read), CancellationToken.None)) > 0)
        {
            read += count;
        }
        return Encoding.UTF8.GetString(octets, 0, read);
    }
}
