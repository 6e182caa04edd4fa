using System.Globalization;
using MailAccess.Store.Inspection;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>The index of an mbox file is held against the file, shown, and made anew.</summary>
public sealed class MboxInspectorTests : StoreFixture
{
    private readonly SpoolFolder _folder = new();

    private string Spool => _folder.Inbox("alice");

    private MboxStoreOptions Options => _folder.Options();

    protected override async ValueTask<IMailStore> OpenStoreAsync() => Must(await MboxStore.OpenAsync(Options, Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Fact]
    public async Task What_the_store_left_is_good_and_dumped_with_its_places()
    {
        await FillAndCloseAsync();
        IndexReport report = Inspector().Check(MailboxName.Inbox)!;
        Assert.Empty(report.Problems);
        Assert.Equal(3, report.Messages);
        IndexDump dump = Inspector().Dump(MailboxName.Inbox)!;
        Assert.Equal(3, dump.Entries.Count);
        string octets = await File.ReadAllTextAsync(Spool, None);
        foreach (IndexEntry entry in dump.Entries)
        {
            int[] place = [.. entry.Place.Split('+').Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
            Assert.StartsWith("From ", octets.Substring(place[0], place[1]), StringComparison.Ordinal);
        }
        Assert.Equal([MailboxName.Inbox, Named("Lists")], Inspector().Mailboxes());
        Assert.Null(Inspector().Check(Named("Nowhere")));
        Assert.Null(Inspector().Dump(Named("Nowhere")));
    }

    [Fact]
    public async Task A_file_that_another_program_changed_is_a_note_and_one_that_lies_is_a_problem()
    {
        await FillAndCloseAsync();
        DateTime time = File.GetLastWriteTimeUtc(Spool);
        string octets = await File.ReadAllTextAsync(Spool, None);
        await File.WriteAllTextAsync(Spool, octets + "From bob@example.org Mon Jan  5 09:08:07 2026\nSubject: new\n\nbody\n\n", None);
        IndexReport changed = Inspector().Check(MailboxName.Inbox)!;
        Assert.Empty(changed.Problems);
        Assert.Contains("1 messages differ", Assert.Single(changed.Notes), StringComparison.Ordinal);

        int subject = octets.IndexOf("Subject: ", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Spool, octets.Remove(subject, 9).Insert(subject, "Sabject: "), None);
        File.SetLastWriteTimeUtc(Spool, time);
        Assert.Contains("has another header", Assert.Single(Inspector().Check(MailboxName.Inbox)!.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_index_is_told_and_rebuilt_with_its_uids_flags_and_keywords()
    {
        uint validity = await FillAndCloseAsync();
        byte[] index = await File.ReadAllBytesAsync(IndexPath, None);
        index[^1] ^= 1;
        await File.WriteAllBytesAsync(IndexPath, index, None);
        Assert.Contains("damaged", Assert.Single(Inspector().Check(MailboxName.Inbox)!.Problems), StringComparison.Ordinal);
        Assert.Null(Inspector().Dump(MailboxName.Inbox));
        await RebuildAsync();
        await CheckContentAsync(validity);
    }

    [Fact]
    public async Task Rebuilding_a_good_index_reads_the_whole_file_and_changes_nothing()
    {
        uint validity = await FillAndCloseAsync();
        IndexDump before = Inspector().Dump(MailboxName.Inbox)!;
        List<(int Done, int All)> progress = await RebuildAsync();
        Assert.NotEmpty(progress);
        Assert.Equal(progress[^1].All, progress[^1].Done);
        IndexDump after = Inspector().Dump(MailboxName.Inbox)!;
        Assert.Equal(before.Entries.Select(e => (e.Record, e.Place)), after.Entries.Select(e => (e.Record, e.Place)));
        await CheckContentAsync(validity);
    }

    [Fact]
    public async Task An_index_of_a_newer_version_is_refused_and_left_alone()
    {
        await FillAndCloseAsync();
        byte[] index = await File.ReadAllBytesAsync(IndexPath, None);
        index[4]++;
        await File.WriteAllBytesAsync(IndexPath, index, None);
        Assert.Contains("newer version", Assert.ThrowsAny<IOException>(() => Inspector().Check(MailboxName.Inbox)).Message, StringComparison.Ordinal);
        await using IMailStore store = await OpenStoreAsync();
        IMailAccount account = Must(await store.OpenAccountAsync("alice", None));
        Assert.Equal(StoreError.Unavailable, (await account.OpenAsync(MailboxName.Inbox, None)).Error);
        Assert.Equal(index, await File.ReadAllBytesAsync(IndexPath, None));
    }

    [Fact]
    public async Task An_open_mailbox_is_not_rebuilt()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(StoreError.Busy, (await ((IIndexedStore)Store).RebuildIndexAsync("alice", MailboxName.Inbox, (_, _) => { })).Error);
        Assert.Equal(StoreError.NotFound, (await ((IIndexedStore)Store).RebuildIndexAsync("alice", Named("Nowhere"), (_, _) => { })).Error);
    }

    private string IndexPath =>
        Path.Combine(MboxFolders.DataFolderOf(MboxStore.AccountFolderOf(Options.DataFolder, "alice"), MailboxName.Inbox), MboxIndex.IndexName);

    private MboxInspector Inspector() => new(Spool, Options.FolderRootOf("alice")!, Options.DataFolder, "alice");

    private async Task<uint> FillAndCloseAsync()
    {
        await CreateAsync("Lists");
        IMailbox inbox = await OpenAsync("INBOX");
        await AppendAsync(inbox, Text(1), SystemFlags.Flagged, ["key"]);
        await AppendAsync(inbox, Text(2));
        await AppendAsync(inbox, Text(3));
        await AppendAsync(inbox, Text(4));
        Must(await inbox.ExpungeAsync(UidSet.Of(new Uid(2)), ExpungeScope.AllNamed, None));
        uint validity = inbox.Snapshot.UidValidity.Value;
        await inbox.DisposeAsync();
        await Store.DisposeAsync();
        return validity;
    }

    private async Task<List<(int Done, int All)>> RebuildAsync()
    {
        List<(int, int)> progress = [];
        await using IMailStore store = await OpenStoreAsync();
        Assert.Equal(3, Must(await ((IIndexedStore)store).RebuildIndexAsync("alice", MailboxName.Inbox, (done, all) => progress.Add((done, all)))));
        return progress;
    }

    private async Task CheckContentAsync(uint validity)
    {
        Assert.Empty(Inspector().Check(MailboxName.Inbox)!.Problems);
        await using IMailStore store = await OpenStoreAsync();
        await using IMailbox inbox = Must(await Must(await store.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(validity, inbox.Snapshot.UidValidity.Value);
        Assert.Equal([1u, 3u, 4u], Uids(inbox));
        Assert.Equal(SystemFlags.Flagged, inbox.Snapshot[0].Flags);
        Assert.Equal(["key"], KeywordsOf(inbox, new Uid(1)));
        Assert.Equal(Text(4), await ReadAsync(inbox, new Uid(4)));
    }
}
