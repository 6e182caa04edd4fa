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

    /// <summary>The three places where an index can be: folded, as index and log, and in the journal alone.</summary>
    public static TheoryData<string> Samples => ["v1/folded", "v1/logged", "v1/journaled"];

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

    /// <summary>For a new version: name its folder here, run it once, and add it to <see cref="Samples"/>.</summary>
    [Fact(Explicit = true)]
    public async Task Make_the_samples_of_this_version()
    {
        const string Version = "v1";
        Assert.False(Directory.Exists(Path.Combine(SourceFolder, Version)), "the samples of this version are there");
        foreach (string kind in new[] { "folded", "logged", "journaled" })
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
        if (kind == "logged")
        {
            await store.Housekeeper.CheckpointAsync();
        }
        await (kind == "folded" ? store.DisposeAsync() : store.AbandonAsync());
    }

    /// <summary>One line a message: all that must survive.</summary>
    private static async Task<string> DescribeAsync(TemporaryFolder folder)
    {
        // Under another boot, whatever machine this is: what is in the journal is made whole from it.
        await using MaildirStore store = StoreKit.Must(await MaildirStore.OpenAsync(
            folder.Options(Limits), new ManualTimeProvider(), NullLogger.Instance, new Files.PosixFiles(), Guid.NewGuid()));
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
