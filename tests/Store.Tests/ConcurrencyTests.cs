using System.Text;
using MailAccess.Store.Maildir;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>
/// Many sessions and another program on a few mailboxes at once, with the real clock, and housekeeping and checkpoints all the time.
/// A fixed amount of work; which operations meet is chance, what must hold at the end is not.
/// </summary>
public sealed class ConcurrencyTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(5);
    private static readonly CancellationToken None = CancellationToken.None;
    internal static readonly string[] Mailboxes = ["INBOX", "One", "Two"];
    private static readonly StoreLimits Limits = new()
    {
        JournalSegmentOctets = 64 * 1024,
        JournalCheckpointOctets = 32 * 1024,
        CheckpointInterval = TimeSpan.FromMilliseconds(5),
        HousekeepingInterval = TimeSpan.FromMilliseconds(2),
        MailboxIdleTimeout = TimeSpan.FromMilliseconds(1),
        LogOctetsBeforeFold = 4096,
        StagedMemoryOctetsMax = 1024,
        JournalContentOctetsMax = 1024,
        WorkerThreads = 4,
    };

    [Fact]
    public async Task Sessions_and_another_program_at_once_lose_double_and_hang_nothing()
    {
        using TemporaryFolder folder = new();
        await RunAsync(folder).WaitAsync(Watchdog);
    }

    private static async Task RunAsync(TemporaryFolder folder)
    {
        MaildirStore store = await OpenStoreAsync(folder);
        IMailAccount account = Must(await store.OpenAccountAsync("alice", None));
        foreach (string name in Mailboxes.Skip(1))
        {
            Must(await account.CreateAsync(Named(name), SpecialUse.None, None));
        }
        var world = new CrowdedWorld(store, account, folder.Root("alice"));
        await Task.WhenAll([
            .. Enumerable.Range(0, 4).Select(i => Task.Run(() => world.DeliverAsync(i))),
            .. Enumerable.Range(0, 4).Select(i => Task.Run(() => world.WorkAsync(new Random(i)))),
            .. Enumerable.Range(0, 2).Select(i => Task.Run(() => world.ReadAsync(new Random(100 + i)))),
            Task.Run(() => world.OtherProgramAsync(new Random(200))),
            Task.Run(() => world.NamesAsync()),
        ]);
        await store.Housekeeper.CurrentRound;
        store.Housekeeper.Tick(); // Flags that are owed to the names of files get there: a file that moves while they are counted counts twice.
        await store.Housekeeper.CurrentRound;
        List<string> before = await StateAsync(account, folder.Root("alice"));
        world.Ledger.Check(before);
        await store.DisposeAsync();
        await using MaildirStore again = await OpenStoreAsync(folder);
        Assert.Equal(before, await StateAsync(Must(await again.OpenAccountAsync("alice", None)), folder.Root("alice")));
    }

    /// <summary>One line for each message: mailbox, UID, flags, keywords, subject.</summary>
    private static async Task<List<string>> StateAsync(IMailAccount account, string root)
    {
        List<string> lines = [];
        foreach (string name in Mailboxes)
        {
            await using IMailbox mailbox = Must(await account.OpenAsync(Named(name), None));
            Must(await mailbox.RefreshAsync(None));
            MailboxSnapshot now = mailbox.Snapshot;
            for (int i = 0; i < now.Count; i++)
            {
                Assert.True(i == 0 || now[i - 1].Uid < now[i].Uid, "UIDs must ascend");
                string keywords = string.Join(',', now.Keywords.NamesOf(now[i].Keywords).Order(StringComparer.Ordinal));
                string subject = await SubjectAsync(mailbox, now[i].Uid);
                lines.Add($"{name}|{now.UidValidity.Value}|{now[i].Uid.Value}|{now[i].Flags}|{keywords}|{subject}");
            }
            Assert.True(now.Count == 0 || now[now.Count - 1].Uid < now.UidNext);
            Assert.Equal(now.Count, CrowdedWorld.FilesOf(CrowdedWorld.FolderOf(root, name)).Count());
        }
        return lines;
    }

    private static async Task<string> SubjectAsync(IMailbox mailbox, Uid uid)
    {
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, None));
        byte[] octets = new byte[content.Octets];
        int read = 0;
        while (read < octets.Length)
        {
            int count = await content.ReadAsync(read, octets.AsMemory(read), None);
            Assert.NotEqual(0, count);
            read += count;
        }
        string text = Encoding.ASCII.GetString(octets);
        Assert.StartsWith("Subject: ", text, StringComparison.Ordinal);
        Assert.EndsWith("end\r\n", text, StringComparison.Ordinal);
        return text[9..text.IndexOf('\r', StringComparison.Ordinal)];
    }

    private static async Task<MaildirStore> OpenStoreAsync(TemporaryFolder folder) =>
        Must(await MaildirStore.OpenAsync(folder.Options(Limits), TimeProvider.System, NullLogger.Instance));

    internal static T Must<T>(StoreResult<T> result)
    {
        Assert.True(result.TryGet(out T? value), $"the store said {result.Error}");
        return value;
    }

    internal static MailboxName Named(string text)
    {
        Assert.True(MailboxName.TryParse(text, out MailboxName? name));
        return name;
    }
}
