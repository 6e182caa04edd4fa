using System.Text;
using MailAccess.Testing;

namespace MailAccess.Store.Tests.Contract;

/// <summary>A store under test with the short words that the contracts are written in.</summary>
public abstract class StoreFixture : IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    protected ManualTimeProvider Clock { get; } = new();

    protected IMailStore Store { get; set; } = null!;

    protected IMailAccount Account { get; set; } = null!;

    /// <summary>Where the store's files lie, for a store that has any; goes with it.</summary>
    protected virtual IDisposable? Folder => null;

    /// <summary>A store without any account yet.</summary>
    protected abstract ValueTask<IMailStore> OpenStoreAsync();

    public virtual async ValueTask InitializeAsync()
    {
        Store = await OpenStoreAsync();
        Account = Must(await Store.OpenAccountAsync("alice", None));
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Account.DisposeAsync();
        await Store.DisposeAsync();
        Folder?.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static T Must<T>(StoreResult<T> result)
    {
        Assert.True(result.TryGet(out T? value), $"the store said {result.Error}");
        return value;
    }

    protected static MailboxName Named(string text)
    {
        Assert.True(MailboxName.TryParse(text, out MailboxName? name), $"'{text}' is no mailbox name");
        return name;
    }

    protected async Task<IMailbox> OpenAsync(string name) => Must(await Account.OpenAsync(Named(name), None));

    protected async Task<IMailbox> CreateAsync(string name)
    {
        Must(await Account.CreateAsync(Named(name), SpecialUse.None, None));
        return await OpenAsync(name);
    }

    protected async Task<IStagedMessage> StageAsync(string text)
    {
        IStagedMessage staged = Must(await Store.StageAsync(text.Length, None));
        Must(await staged.WriteAsync(Encoding.UTF8.GetBytes(text), None));
        Must(await staged.CompleteAsync(None));
        return staged;
    }

    protected static string Text(int number) => $"Subject: message {number}\r\nMessage-ID: <{number}@example.test>\r\n\r\nBody {number}\r\n";

    protected async Task<Uid> AppendAsync(IMailbox mailbox, string text, SystemFlags flags = SystemFlags.None, params string[] keywords)
    {
        await using IStagedMessage staged = await StageAsync(text);
        AppendOutcome outcome = Must(await mailbox.AppendAsync([new MessageToAppend { Message = staged, Flags = flags, Keywords = keywords }], None));
        Assert.Equal(mailbox.Snapshot.UidValidity, outcome.UidValidity);
        return Assert.Single(outcome.Uids);
    }

    /// <summary>Appends messages 1 to count, in one commit.</summary>
    protected async Task<IReadOnlyList<Uid>> FillAsync(IMailbox mailbox, int count)
    {
        List<IStagedMessage> staged = [];
        for (int i = 1; i <= count; i++)
        {
            staged.Add(await StageAsync(Text(i)));
        }
        AppendOutcome outcome = Must(await mailbox.AppendAsync([.. staged.Select(s => new MessageToAppend { Message = s })], None));
        foreach (IStagedMessage message in staged)
        {
            await message.DisposeAsync();
        }
        return outcome.Uids;
    }

    protected static async Task<string> ReadAsync(IMailbox mailbox, Uid uid)
    {
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, None));
        return await ReadAsync(content);
    }

    protected static async Task<string> ReadAsync(IMessageContent content)
    {
        byte[] octets = new byte[content.Octets];
        int read = 0;
        while (read < octets.Length)
        {
            int count = await content.ReadAsync(read, octets.AsMemory(read), None);
            Assert.NotEqual(0, count);
            read += count;
        }
        Assert.Equal(0, await content.ReadAsync(read, new byte[1], None));
        return Encoding.UTF8.GetString(octets);
    }

    protected static async Task<FlagsOutcome> FlagAsync(
        IMailbox mailbox, UidSet uids, FlagOperation operation, SystemFlags flags, params string[] keywords) =>
        Must(await mailbox.ChangeFlagsAsync(uids, operation, flags, keywords, null, None));

    protected static MessageRecord Record(IMailbox mailbox, Uid uid)
    {
        int index = mailbox.Snapshot.IndexOf(uid);
        Assert.True(index >= 0, $"no message {uid}");
        return mailbox.Snapshot[index];
    }

    protected static IEnumerable<uint> Uids(IMailbox mailbox) =>
        Enumerable.Range(0, mailbox.Snapshot.Count).Select(i => mailbox.Snapshot[i].Uid.Value);

    protected static string[] KeywordsOf(IMailbox mailbox, Uid uid) =>
        [.. mailbox.Snapshot.Keywords.NamesOf(Record(mailbox, uid).Keywords).Order(StringComparer.Ordinal)];
}
