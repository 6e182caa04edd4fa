using MailAccess.Message;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>What other programs do to files of an open mailbox, told by the kernel, and a Maildir of another server seen for the first time.</summary>
public sealed class MaildirNewsTests : StoreFixture
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    private string Path(params string[] parts) => System.IO.Path.Combine([_folder.Root("alice"), .. parts]);

    private void Deliver(string folder, string name, int number)
    {
        File.WriteAllText(Path("tmp", "arriving"), Text(number));
        File.Move(Path("tmp", "arriving"), Path(folder, name));
    }

    private FolderNews NewsOf() => ((MaildirStore)Store).Accounts.Single().OpenMailboxes.Single(m => m.Name.IsInbox).News;

    private async Task HousekeepAsync()
    {
        Housekeeper housekeeper = ((MaildirStore)Store).Housekeeper;
        await housekeeper.CurrentRound;
        housekeeper.Tick();
        await housekeeper.CurrentRound;
    }

    [Fact]
    public async Task Messages_of_another_server_are_there_before_they_are_measured_and_exact_afterwards()
    {
        for (int i = 1; i <= 40; i++)
        {
            string name = i % 2 == 0 ? $"{i:D3}.lf.host" : $"{i:D3}.known.host,S={Text(i).Length},W={Text(i).Length}";
            await File.WriteAllTextAsync(Path("cur", name + ":2,S"), i % 2 == 0 ? Text(i).Replace("\r\n", "\n", StringComparison.Ordinal) : Text(i));
            File.SetLastWriteTimeUtc(Path("cur", name + ":2,S"), DateTime.UnixEpoch.AddSeconds(1_000_000 + i));
        }
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Assert.Equal(40, mailbox.Snapshot.Count);
        ModSeq before = mailbox.Snapshot.HighestModSeq;
        Must(await mailbox.MeasureAsync(UidSet.All, None));
        Assert.Equal(0, mailbox.Snapshot.UnmeasuredCount);
        Assert.Equal(before, mailbox.Snapshot.HighestModSeq);
        Assert.Equal(Enumerable.Range(1, 40).Sum(i => (long)Text(i).Length), mailbox.Snapshot.Octets);
        for (int i = 1; i <= 40; i++)
        {
            Assert.Equal(Text(i).Length, mailbox.Snapshot[i - 1].Octets);
            Assert.Equal(1_000_000 + i, mailbox.Snapshot[i - 1].InternalDateSeconds);
            Assert.Equal(Text(i), await ReadAsync(mailbox, mailbox.Snapshot[i - 1].Uid));
        }
    }

    [Fact]
    public async Task A_length_in_a_name_that_the_file_does_not_have_is_not_believed()
    {
        await File.WriteAllTextAsync(Path("cur", "1.a.host,S=5,W=5:2,"), Text(1));
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Must(await mailbox.MeasureAsync(UidSet.All, None));
        Assert.Equal(Text(1).Length, mailbox.Snapshot[0].Octets);
    }

    [Fact]
    public async Task A_message_is_read_and_copied_whole_before_anybody_measured_it()
    {
        await File.WriteAllTextAsync(Path("cur", "1.a.host:2,"), Text(1).Replace("\r\n", "\n", StringComparison.Ordinal));
        await using IMailbox other = await CreateAsync("Other");
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Assert.Equal(Text(1), await ReadAsync(mailbox, mailbox.Snapshot[0].Uid));
        Must(await mailbox.CopyAsync(UidSet.All, other, None));
        Assert.True(other.Snapshot[0].IsMeasured);
        Assert.Equal(Text(1).Length, other.Snapshot[0].Octets);
        Assert.Equal(Text(1), await ReadAsync(other, other.Snapshot[0].Uid));
    }

    [Fact]
    public async Task A_summary_finds_size_date_and_line_ends_of_what_nobody_has_measured()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        Must(await mailbox.RefreshAsync(None));
        string[] sent = [.. Enumerable.Range(1, 300).Select(i => i % 4 == 0 ? Text(i) + string.Concat(Enumerable.Repeat("A line of many.\r\n", 5000)) : Text(i))];
        for (int i = 1; i <= sent.Length; i++)
        {
            string name = $"{i:D3}.a.host:2,S";
            string bare = sent[i - 1].Replace("\r\n", "\n", StringComparison.Ordinal);
            int first = sent[i - 1].IndexOf('\n', StringComparison.Ordinal) + 1;
            await File.WriteAllTextAsync(Path("cur", name), (i % 3) switch { 0 => sent[i - 1], 1 => bare, _ => sent[i - 1][..first] + bare[(first - 1)..] });
            File.SetLastWriteTimeUtc(Path("cur", name), DateTime.UnixEpoch.AddSeconds(1_000_000 + i));
        }
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(300, mailbox.Snapshot.UnmeasuredCount); // So many at once are shown before they are looked at.
        for (int i = 1; i <= sent.Length; i++)
        {
            MessageSummary summary = Must(await mailbox.GetSummaryAsync(new Uid((uint)i), None));
            Assert.Equal(Must(await other.GetSummaryAsync(await AppendAsync(other, sent[i - 1]), None)).EmailId, summary.EmailId);
            Assert.True(mailbox.Snapshot[i - 1].IsMeasured);
            Assert.Equal(sent[i - 1].Length, mailbox.Snapshot[i - 1].Octets);
            Assert.Equal(1_000_000 + i, mailbox.Snapshot[i - 1].InternalDateSeconds);
            Assert.Equal(sent[i - 1], await ReadAsync(mailbox, new Uid((uint)i)));
        }
    }

    [Fact]
    public async Task Our_own_renames_are_no_news()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 20);
        Must(await mailbox.RefreshAsync(None));
        Assert.True(NewsOf().IsWatched);
        await FlagAsync(mailbox, UidSet.All, FlagOperation.Add, SystemFlags.Seen);
        await HousekeepAsync();
        Must(await mailbox.ExpungeAsync(UidSet.Of(new Uid(3)), ExpungeScope.AllNamed, None));
        Assert.True(await ((MaildirStore)Store).Housekeeper.CheckpointAsync());
        ((MaildirStore)Store).Watcher.Drain();
        Assert.True(NewsOf().IsQuiet);
        Assert.Equal(19, Directory.GetFiles(Path("cur")).Count(f => f.EndsWith(":2,S", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Deliveries_renames_and_removals_by_others_are_told_one_by_one()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Must(await mailbox.RefreshAsync(None));
        Deliver("new", "1.a.host", 1);
        Deliver("new", "2.b.host", 2);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([1u, 2u], Uids(mailbox));
        File.Move(Path("new", "1.a.host"), Path("cur", "1.a.host:2,F"));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(SystemFlags.Flagged, Record(mailbox, new Uid(1)).Flags);
        File.Move(Path("cur", "1.a.host:2,F"), Path("cur", "1.a.host:2,S"));
        File.Move(Path("cur", "1.a.host:2,S"), Path("cur", "1.a.host:2,FS"));
        File.Delete(Path("new", "2.b.host"));
        Deliver("cur", "3.c.host:2,T", 3);
        File.Delete(Path("cur", "3.c.host:2,T"));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([1u], Uids(mailbox));
        Assert.Equal(SystemFlags.Flagged | SystemFlags.Seen, Record(mailbox, new Uid(1)).Flags);
        Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(1)));
    }

    [Fact]
    public async Task A_base_name_in_new_and_cur_is_one_message()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Must(await mailbox.RefreshAsync(None));
        Deliver("new", "1.a.host", 1);
        Must(await mailbox.RefreshAsync(None));
        File.Copy(Path("new", "1.a.host"), Path("cur", "1.a.host:2,S"));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([1u], Uids(mailbox));
        File.Delete(Path("new", "1.a.host"));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([1u], Uids(mailbox));
        Assert.Equal(SystemFlags.Seen, Record(mailbox, new Uid(1)).Flags);
        Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(1)));
    }

    [Fact]
    public async Task A_message_that_another_program_moves_goes_here_and_comes_there()
    {
        await using IMailbox other = await CreateAsync("Other");
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await AppendAsync(mailbox, Text(1), SystemFlags.Seen);
        await HousekeepAsync();
        string file = Directory.GetFiles(Path("cur")).Single();
        File.Move(file, Path(".Other", "cur", System.IO.Path.GetFileName(file)));
        Must(await mailbox.RefreshAsync(None));
        Must(await other.RefreshAsync(None));
        Assert.Equal(0, mailbox.Snapshot.Count);
        Assert.Equal(Text(1), await ReadAsync(other, other.Snapshot[0].Uid));
        Assert.Equal(SystemFlags.Seen, other.Snapshot[0].Flags);
    }

    [Fact]
    public async Task A_storm_of_renames_loses_and_doubles_nothing()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        for (int i = 0; i < 50; i++)
        {
            Deliver("cur", $"{i:D2}.a.host:2,", i);
        }
        Must(await mailbox.RefreshAsync(None));
        uint[] uids = [.. Uids(mailbox)];
        Task storm = Task.Run(() =>
        {
            for (int round = 0; round < 60; round++)
            {
                for (int i = 0; i < 50; i++)
                {
                    File.Move(Path("cur", $"{i:D2}.a.host:2," + (round % 2 == 0 ? "" : "S")), Path("cur", $"{i:D2}.a.host:2," + (round % 2 == 0 ? "S" : "")));
                }
            }
        });
        do
        {
            NewsOf().Lose(); // The worst case: every time a listing.
            Must(await mailbox.RefreshAsync(None));
            Assert.Equal(uids, Uids(mailbox));
        }
        while (!storm.IsCompleted);
        await storm;
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(uids, Uids(mailbox));
        Assert.Equal(50, mailbox.Snapshot.UnseenCount);
    }

    [Fact]
    public async Task Without_watches_the_times_of_folders_tell()
    {
        await Store.DisposeAsync();
        StoreLimits limits = new() { FolderWatchesMax = 0 };
        await using MaildirStore again = Must(await MaildirStore.OpenAsync(_folder.Options(limits), Clock, NullLogger.Instance));
        await using IMailbox mailbox = Must(await Must(await again.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(0, again.Watcher.WatchCount);
        Deliver("new", "1.a.host", 1);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(1, mailbox.Snapshot.Count);
    }

    [Fact]
    public async Task Folders_that_were_removed_and_made_again_are_watched_again()
    {
        FolderWatcher watcher = ((MaildirStore)Store).Watcher;
        await using IMailbox mailbox = await OpenAsync("INBOX");
        foreach (string folder in (string[])["new", "cur"])
        {
            Directory.Delete(Path(folder), recursive: true);
            Directory.CreateDirectory(Path(folder));
        }
        watcher.Drain();
        Assert.Equal(0, watcher.WatchCount);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(2, watcher.WatchCount);
        Deliver("new", "1.a.host", 1);
        watcher.Drain();
        Assert.False(NewsOf().IsQuiet);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(1, mailbox.Snapshot.Count);
        Assert.True(NewsOf().IsQuiet);
    }

    [Fact]
    public async Task A_closed_mailbox_is_watched_no_more()
    {
        await using (await OpenAsync("INBOX"))
        {
            Assert.Equal(2, ((MaildirStore)Store).Watcher.WatchCount);
        }
        Clock.Advance(TimeSpan.FromMinutes(1));
        await HousekeepAsync();
        Assert.Equal(0, ((MaildirStore)Store).Watcher.WatchCount);
    }
}
