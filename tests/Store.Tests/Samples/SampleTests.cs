using System.Text;
using MailAccess.Message;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Samples;

/// <summary>
/// Mailboxes as earlier versions left them, folder by folder of their index version. Every later version opens them and finds
/// what was in them. Never make a version's samples anew: what they are worth is that nobody can change them any more.
/// </summary>
public sealed class SampleTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StoreLimits Limits = new() { JournalSegmentOctets = 4096, WorkerThreads = 2 };

    /// <summary>Whose structure versions have seen differently: unclosed quotes, junk behind a delimiter, no empty line.</summary>
    private static readonly string[] Broken =
    [
        "Subject: message 7\r\nFrom: \"Ann <ann@example.test>\r\nTo: Bob B. bob@example.test\r\n\r\nBody 7\r\n",
        "Subject: message 8\r\nContent-Type: multipart/mixed; boundary=b charset=x\r\n\r\n--b\r\n\r\none\r\n--b-- junk\r\nepilogue\r\n",
        "Subject: message 9\r\nContent-Disposition: ; filename=a\r\n",
    ];

    /// <summary>
    /// The three places where an index can be: folded, as index and log, and in the journal alone; and one with summaries of broken mail.
    /// </summary>
    public static TheoryData<string> Samples => ["v1/folded", "v1/logged", "v1/journaled", "v1/broken"];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Everything_in_a_sample_is_found(string sample)
    {
        using TemporaryFolder folder = new();
        Copy(Path.Combine(SourceFolder, sample), folder.Path);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(SourceFolder, sample + ".txt"), None), await DescribeAsync(folder));
        // And again from what this version wrote.
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(SourceFolder, sample + ".txt"), None), await DescribeAsync(folder));
    }

    /// <summary>A cache keeps what FETCH sends: what an earlier version rendered otherwise is not believed, and nothing else is lost with it.</summary>
    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Summaries_of_an_earlier_version_are_made_anew(string sample)
    {
        using TemporaryFolder folder = new();
        Copy(Path.Combine(SourceFolder, sample), folder.Path);
        await using (MaildirStore store = await OpenAsync(folder))
        {
            IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
            await using IMailbox inbox = StoreKit.Must(await account.OpenAsync(MailboxName.Inbox, None));
            for (int i = 0; i < inbox.Snapshot.Count; i++)
            {
                MessageParser parser = new();
                parser.Feed(Encoding.UTF8.GetBytes(await StoreKit.ReadAsync(inbox, inbox.Snapshot[i].Uid)));
                ReadOnlyMemory<byte> expected = parser.Summarize().Encoded;
                MessageSummary served = StoreKit.Must(await inbox.GetSummaryAsync(inbox.Snapshot[i].Uid, None));
                Assert.True(expected.Span.SequenceEqual(served.Encoded.Span), $"message {i + 1}: {Encoding.UTF8.GetString(served.Encoded.Span)}");
                Assert.True(inbox.TryGetSummary(inbox.Snapshot[i], out MessageSummary kept));
                Assert.True(expected.Span.SequenceEqual(kept.Encoded.Span));
            }
        }
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(SourceFolder, sample + ".txt"), None), await DescribeAsync(folder));
    }

    /// <summary>For a new version: name its folder here, run it once, and add it to <see cref="Samples"/>.</summary>
    [Fact(Explicit = true)]
    public async Task Make_the_samples_of_this_version()
    {
        const string Version = "v1";
        Assert.False(Directory.Exists(Path.Combine(SourceFolder, Version)), "the samples of this version are there");
        foreach (string kind in new[] { "folded", "logged", "journaled", "broken" })
        {
            using TemporaryFolder folder = new();
            await FillAsync(folder, kind);
            string target = Path.Combine(SourceFolder, Version, kind);
            Copy(folder.Path, target);
            await File.WriteAllTextAsync(target + ".txt", await DescribeAsync(folder), None);
        }
    }

    private static async Task FillAsync(TemporaryFolder folder, string kind)
    {
        var clock = new ManualTimeProvider();
        MaildirStore store = StoreKit.Must(await MaildirStore.OpenAsync(folder.Options(Limits), clock, NullLogger.Instance));
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        StoreKit.Must(await account.CreateAsync(StoreKit.Named("Kept/\u00c4pfel"), SpecialUse.Archive, None));
        IMailbox inbox = StoreKit.Must(await account.OpenAsync(MailboxName.Inbox, None));
        IMailbox kept = StoreKit.Must(await account.OpenAsync(StoreKit.Named("Kept/\u00c4pfel"), None));
        for (int i = 1; i <= 6; i++)
        {
            await StoreKit.AppendAsync(store, inbox, StoreKit.Text(i), i == 2 ? SystemFlags.Seen : SystemFlags.None, i == 3 ? ["$Label1"] : []);
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        StoreKit.Must(await inbox.ChangeFlagsAsync(UidSet.Of(new Uid(1)), FlagOperation.Add, SystemFlags.Flagged | SystemFlags.Answered, ["work", "$Forwarded"], null, None));
        StoreKit.Must(await inbox.CopyAsync(UidSet.Of(new Uid(3)), kept, None));
        StoreKit.Must(await inbox.MoveAsync(UidSet.Of(new Uid(4)), kept, None));
        StoreKit.Must(await inbox.ExpungeAsync(UidSet.Of(new Uid(5)), ExpungeScope.AllNamed, None));
        foreach (string text in kind == "broken" ? Broken : [])
        {
            await StoreKit.AppendAsync(store, inbox, text);
        }
        if (kind == "logged")
        {
            await store.Housekeeper.CheckpointAsync();
        }
        await (kind is "folded" or "broken" ? store.DisposeAsync() : store.AbandonAsync());
    }

    /// <summary>One line a message: all that must survive.</summary>
    private static async Task<string> DescribeAsync(TemporaryFolder folder)
    {
        await using MaildirStore store = await OpenAsync(folder);
        IMailAccount account = StoreKit.Must(await store.OpenAccountAsync("alice", None));
        string text = "";
        foreach (MailboxListing listing in StoreKit.Must(await account.ListAsync(None)).Where(l => l.IsSelectable))
        {
            await using IMailbox mailbox = StoreKit.Must(await account.OpenAsync(listing.Name, None));
            MailboxSnapshot now = mailbox.Snapshot;
            text += $"{listing.Name} {listing.SpecialUse} validity {now.UidValidity} next {now.UidNext} modseq {now.HighestModSeq}\n";
            for (int i = 0; i < now.Count; i++)
            {
                MessageRecord record = now[i];
                string subject = (await StoreKit.ReadAsync(mailbox, record.Uid)).Split('\r')[0];
                string keywords = string.Join(' ', now.Keywords.NamesOf(record.Keywords).Order(StringComparer.Ordinal));
                text += $"  {record.Uid} [{record.Flags}] [{keywords}] modseq {record.ModSeq} date {record.InternalDateSeconds} saved {record.SavedDateSeconds} "
                    + $"octets {record.Octets} {subject}\n";
            }
        }
        return text;
    }

    /// <summary>Under another boot, whatever machine this is: what is in the journal is made whole from it.</summary>
    private static async Task<MaildirStore> OpenAsync(TemporaryFolder folder) => StoreKit.Must(await MaildirStore.OpenAsync(
        folder.Options(Limits), new ManualTimeProvider(), NullLogger.Instance, new Files.PosixFiles(), Guid.NewGuid()));

    private static string SourceFolder { get; } = Path.Combine(Repository.Root, "tests", "Store.Tests", "Samples");

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
        foreach (string folder in Directory.GetFiles(to, "maildirfolder", SearchOption.AllDirectories))
        {
            Array.ForEach(["cur", "new", "tmp"], f => Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(folder)!, f))); // git keeps no empty folder.
        }
    }
}
