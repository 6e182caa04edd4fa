using System.Diagnostics;
using System.Text;
using MailAccess.Store.Mbox;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>A spool of more octets than 31 bits count. On request (<c>./test --big</c>): it takes twice its size of the disk.</summary>
public sealed class BigSpoolTests : StoreFixture
{
    private const int Messages = 2300;
    private const int LinesOfMessage = 13_000;
    private const long MemoryOctetsMax = 128L << 20;
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Fact(Explicit = true)]
    public async Task A_spool_over_two_gigabytes_is_opened_read_searched_appended_to_and_rewritten_in_bounded_memory()
    {
        await WriteSpoolAsync();
        string spool = _folder.Inbox("alice");
        Assert.True(new FileInfo(spool).Length > int.MaxValue);
        long before = Process.GetCurrentProcess().PeakWorkingSet64;
        await Timed("open", async () =>
        {
            await using IMailbox opened = await OpenAsync("INBOX");
            Assert.Equal(Messages, opened.Snapshot.Count);
        });
        await using IMailbox inbox = await OpenAsync("INBOX");
        var last = new Uid(Messages);
        await Timed("read the last", async () => await CheckAsync(inbox, last));
        await Timed("append", async () => Assert.Equal(new Uid(Messages + 1), await AppendAsync(inbox, Text(7))));
        await Timed("expunge the first", async () => Must(await inbox.ExpungeAsync(UidSet.Of(new Uid(1)), ExpungeScope.AllNamed, None)));
        Assert.Equal(Messages, inbox.Snapshot.Count);
        await CheckAsync(inbox, last);
        Assert.Equal(Text(7), await ReadAsync(inbox, new Uid(Messages + 1)));
        await Timed("flag all", async () => Must(await inbox.ChangeFlagsAsync(UidSet.All, FlagOperation.Add, SystemFlags.Flagged, [], null, None)));
        await inbox.DisposeAsync();
        await Timed("close", async () => await Store.DisposeAsync());
        await Timed("open unchanged", async () =>
        {
            await using IMailStore again = await OpenStoreAsync();
            await using IMailbox reopened = Must(await Must(await again.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
            Assert.Equal(Messages, reopened.Snapshot.Count);
            await CheckAsync(reopened, last);
        });
        IReadOnlyList<string> problems = new MboxInspector(spool, _folder.Options().FolderRootOf("alice")!, _folder.Options().DataFolder, "alice").Check(MailboxName.Inbox)!.Problems;
        Assert.Empty(problems);
        long grown = Process.GetCurrentProcess().PeakWorkingSet64 - before;
        Console.WriteLine($"memory grew by at most {grown >> 20} MB");
        Assert.InRange(grown, 0, MemoryOctetsMax);
    }

    private async Task WriteSpoolAsync()
    {
        string line = new string('x', 76) + "\n";
        StringBuilder body = new();
        for (int i = 0; i < LinesOfMessage; i++)
        {
            body.Append(line);
        }
        byte[] octets = Encoding.ASCII.GetBytes(body.ToString());
        await using FileStream file = File.Create(_folder.Inbox("alice"));
        for (int i = 1; i <= Messages; i++)
        {
            await file.WriteAsync(Encoding.ASCII.GetBytes($"From bob@example.org Mon Jan  5 09:08:07 2026\nSubject: number {i}\n\n"), None);
            await file.WriteAsync(octets, None);
            await file.WriteAsync("\n"u8.ToArray(), None);
        }
    }

    private static async Task CheckAsync(IMailbox mailbox, Uid uid)
    {
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, None));
        string start = $"Subject: number {uid.Value}\r\n\r\n";
        Assert.Equal(start.Length + (LinesOfMessage * 78L), content.Octets);
        byte[] octets = new byte[start.Length];
        Assert.Equal(octets.Length, await content.ReadAsync(0, octets, None));
        Assert.Equal(start, Encoding.ASCII.GetString(octets));
    }

    private static async Task Timed(string what, Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        await work();
        Console.WriteLine($"{what}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s");
    }
}
