using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>Files and folders that other programs take away, and bring back.</summary>
public sealed class VanishingTests : StoreFixture
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Fact]
    public async Task A_file_that_another_program_takes_away_and_brings_back_is_not_removed_by_the_checkpoint()
    {
        IMailbox mailbox = await TakeAwayAndBringBackAsync();
        Assert.True(await ((MaildirStore)Store).Housekeeper.CheckpointAsync());
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([2u], Uids(mailbox));
        Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(2)));
    }

    [Fact]
    public async Task A_file_that_another_program_takes_away_and_brings_back_is_not_removed_by_recovery()
    {
        await TakeAwayAndBringBackAsync();
        await ((MaildirStore)Store).AbandonAsync();
        await using IMailStore again = await OpenStoreAsync();
        IMailbox mailbox = Must(await Must(await again.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([2u], Uids(mailbox));
        Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(2)));
    }

    [Fact]
    public async Task A_mailbox_whose_folder_is_removed_is_gone_and_holds_up_no_checkpoint()
    {
        IMailbox removed = await CreateAsync("Removed");
        await AppendAsync(removed, Text(1));
        Directory.Delete(Path.Combine(_folder.Root("alice"), ".Removed"), recursive: true);
        IMailbox inbox = await OpenAsync("INBOX");
        await AppendAsync(inbox, Text(2));
        Assert.True(await ((MaildirStore)Store).Housekeeper.CheckpointAsync());
        Assert.Equal(StoreError.NotFound, (await removed.RefreshAsync(None)).Error);
        Assert.True(removed.IsGone);
        Assert.Equal(StoreError.NotFound, (await Account.OpenAsync(Named("Removed"), None)).Error);
        IMailbox anew = await CreateAsync("Removed");
        Assert.Equal(new Uid(1), await AppendAsync(anew, Text(3)));
        Assert.NotEqual(removed.Snapshot.UidValidity, anew.Snapshot.UidValidity);
        Assert.True(await ((MaildirStore)Store).Housekeeper.CheckpointAsync());
    }

    [Fact]
    public async Task A_message_whose_file_is_renamed_while_the_folder_is_read_is_opened_and_copied_all_the_same()
    {
        await Store.DisposeAsync();
        WatchedFiles files = new();
        await using MaildirStore store = Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance, files, Guid.NewGuid()));
        IMailAccount account = Must(await store.OpenAccountAsync("alice", None));
        Must(await account.CreateAsync(Named("Copies"), SpecialUse.None, None));
        await using IMailbox inbox = Must(await account.OpenAsync(MailboxName.Inbox, None));
        await using IMailbox copies = Must(await account.OpenAsync(Named("Copies"), None));
        File.WriteAllText(Path.Combine(_folder.Root("alice"), "cur", "1.x.host:2,"), Text(1));
        Must(await inbox.RefreshAsync(None));
        RenameTo("1.x.host:2,S");
        Assert.Equal(Text(1), await ReadAsync(inbox, new Uid(1)));
        RenameTo("1.x.host:2,FS");
        Must(await inbox.CopyAsync(UidSet.All, copies, None));
        Assert.Equal(Text(1), await ReadAsync(copies, new Uid(1)));

        void RenameTo(string name)
        {
            string folder = Path.Combine(_folder.Root("alice"), "cur");
            File.Move(Directory.GetFiles(folder).Single(), Path.Combine(folder, name));
            files.MissedOnce = name;
        }
    }

    [Fact]
    public void Messages_expunged_before_they_had_their_place_never_get_one()
    {
        var files = new PosixFiles();
        var folder = new MaildirFolder(files, _folder.Root("alice"));
        folder.Create();
        var owed = new MailboxFiles(files, folder, new FolderNews(((MaildirStore)Store).Watcher, folder, isLocal: false), logOctets: 0);
        string[] names = [.. Enumerable.Range(0, MailboxFiles.PartMax * 3).Select(i => $"{i}.x.host")];
        foreach (string name in names)
        {
            File.WriteAllText(folder.Full(MaildirFolder.TemporaryPathOf(name)), Text(1));
        }
        owed.Owe([], names.Select(n => (n, new Placement("new/" + n, MaildirFolder.TemporaryPathOf(n)))), []);
        owed.Owe([], [], names.Skip(1).Select(n => (n, "new/" + n)));
        while (owed.PayPart())
        {
        }
        foreach (string name in names)
        {
            owed.Place(name); // Whose commits were answered places them too.
        }
        Assert.Equal([names[0]], Directory.GetFiles(folder.New).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(folder.Tmp));
    }

    [Fact]
    public async Task Who_asks_for_news_that_somebody_else_has_just_found_waits_until_they_are_durable()
    {
        await Store.DisposeAsync();
        using ManualResetEventSlim syncing = new();
        using ManualResetEventSlim go = new(initialState: true);
        WatchedFiles files = new()
        {
            BeforeSync = path =>
            {
                if (!go.IsSet)
                {
                    syncing.Set();
                    go.Wait(None);
                }
            },
        };
        await using MaildirStore store = Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance, files, Guid.NewGuid()));
        await using IMailbox inbox = Must(await Must(await store.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        string file = Path.Combine(_folder.Root("alice"), "cur", "1.x.host:2,");
        File.WriteAllText(file, Text(1));
        Must(await inbox.RefreshAsync(None));
        File.Delete(file);
        go.Reset();
        Task<StoreResult<Done>> first = inbox.RefreshAsync(None).AsTask();
        syncing.Wait(None);
        Task<StoreResult<Done>> second = inbox.RefreshAsync(None).AsTask();
        Assert.False(second.IsCompleted);
        go.Set();
        Must(await second);
        Assert.Equal(0, inbox.Snapshot.Count);
        Must(await first);
    }

    [Fact]
    public async Task Work_for_which_there_is_no_room_is_answered_as_unavailable()
    {
        using var workers = new FileWorkers(1, 256 * 1024, jobsMax: 1);
        using ManualResetEventSlim started = new();
        using ManualResetEventSlim go = new();
        Task running = workers.RunAsync(() => { started.Set(); go.Wait(); });
        started.Wait(None);
        ValueTask<StoreResult<int>> waiting = workers.RunAsync<int>(() => 1, _ => { });
        StoreResult<int> refused = await workers.RunAsync<int>(() => 2, _ => { });
        Assert.Equal(StoreError.Unavailable, refused.Error);
        go.Set();
        Assert.Equal(1, Must(await waiting));
        await running;
    }

    private async Task<IMailbox> TakeAwayAndBringBackAsync()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        await AppendAsync(mailbox, Text(1));
        string file = Assert.Single(Directory.GetFiles(Path.Combine(_folder.Root("alice"), "new")));
        string elsewhere = Path.Combine(_folder.Path, "elsewhere");
        File.Move(file, elsewhere);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(0, mailbox.Snapshot.Count);
        File.Move(elsewhere, file);
        return mailbox;
    }
}
