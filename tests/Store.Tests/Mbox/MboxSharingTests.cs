using System.Text;
using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Mbox;

/// <summary>Other programs on the same files.</summary>
public sealed class MboxSharingTests : StoreFixture
{
    private readonly SpoolFolder _folder = new();

    private string Spool => _folder.Inbox("alice");

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    private static string Delivered(string subject, string fields = "") =>
        $"From bob@example.org Mon Jan  5 09:08:07 2026\nSubject: {subject}\n{fields}\nBody of {subject}\n\n";

    private static string Seen(string subject) => $"Subject: {subject}\r\n\r\nBody of {subject}\r\n";

    private async Task<IMailbox> ReopenAsync()
    {
        await Store.DisposeAsync();
        var store = Must(await MboxStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));
        return Must(await Must(await store.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
    }

    [Fact]
    public async Task A_spool_of_another_server_keeps_its_uids_and_flags()
    {
        await File.WriteAllTextAsync(Spool,
            "From MAILER-DAEMON Mon Jan  5 09:08:07 2026\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1700000000 0000000009 work\nStatus: RO\n\ntext\n\n"
            + Delivered("one", "Status: RO\nX-Status: AF\nX-UID: 4\n") + Delivered("two", "X-UID: 9\nX-Keywords: work\n") + Delivered("new"), None);
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Assert.Equal(1700000000u, mailbox.Snapshot.UidValidity.Value);
        Assert.Equal([4u, 9u, 10u], Uids(mailbox));
        Assert.Equal(SystemFlags.Seen | SystemFlags.Answered | SystemFlags.Flagged, mailbox.Snapshot[0].Flags);
        Assert.Equal(["work"], KeywordsOf(mailbox, new Uid(9)));
        Assert.Equal(Seen("new"), await ReadAsync(mailbox, new Uid(10)));
        Assert.StartsWith("From MAILER-DAEMON", await File.ReadAllTextAsync(Spool, None), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_uid_in_a_delivered_message_is_just_text()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await AppendAsync(mailbox, Text(1));
        await File.AppendAllTextAsync(Spool, Delivered("forged", "X-UID: 4000000000\nX-IMAPbase: 7 4000000001\n"), None);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([1u, 2u], Uids(mailbox));
    }

    [Fact]
    public async Task A_message_whose_body_another_program_edited_is_another_message_though_it_kept_the_uid_in_its_header()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 2);
        await ((MboxStore)Store).HousekeepAsync();
        string spool = await File.ReadAllTextAsync(Spool, None);
        Assert.Contains("X-UID: ", spool, StringComparison.Ordinal);
        int body = spool.IndexOf("\n\n", StringComparison.Ordinal) + 2;
        await File.WriteAllTextAsync(Spool, spool.Insert(body, "And one more line.\n"), None);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([2u, 3u], Uids(mailbox));
        string edited = await ReadAsync(mailbox, new Uid(3));
        Assert.Contains("And one more line.\r\n", edited, StringComparison.Ordinal);
        Assert.Equal(edited.Length, Record(mailbox, new Uid(3)).Octets);
    }

    [Fact]
    public async Task What_is_delivered_changed_and_removed_by_others_is_seen()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await File.AppendAllTextAsync(Spool, Delivered("four"), None);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(4, mailbox.Snapshot.Count);
        Assert.Equal(Seen("four"), await ReadAsync(mailbox, mailbox.Snapshot[3].Uid));

        string spool = await File.ReadAllTextAsync(Spool, None);
        int second = spool.IndexOf("\nFrom ", StringComparison.Ordinal) + 1;
        await File.WriteAllTextAsync(Spool, spool[second..].Replace("Status:   ", "Status: RO", StringComparison.Ordinal), None);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([uids[1].Value, uids[2].Value, 4u], Uids(mailbox));
        Assert.Equal(SystemFlags.Seen, Record(mailbox, uids[1]).Flags);
        Assert.Equal(Text(3), await ReadAsync(mailbox, uids[2]));
    }

    [Fact]
    public async Task Flags_reach_the_header_without_moving_anything()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        long octets = new FileInfo(Spool).Length;
        await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Seen | SystemFlags.Flagged, "work");
        await ((MboxStore)Store).HousekeepAsync();
        string spool = await File.ReadAllTextAsync(Spool, None);
        Assert.Contains("Status: R", spool, StringComparison.Ordinal);
        Assert.Contains("X-Status: F", spool, StringComparison.Ordinal);
        Assert.Contains("X-Keywords: work", spool, StringComparison.Ordinal);
        Assert.Equal(Text(1), await ReadAsync(mailbox, uids[0]));
        Assert.True(new FileInfo(Spool).Length - octets <= " work".Length);
    }

    [Fact]
    public async Task A_mark_of_deletion_outlives_a_program_that_writes_back_what_it_knew()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 2);
        await ((MboxStore)Store).HousekeepAsync();
        string known = await File.ReadAllTextAsync(Spool, None);
        await FlagAsync(mailbox, UidSet.Of(uids[0]), FlagOperation.Add, SystemFlags.Deleted | SystemFlags.Flagged);
        await ((MboxStore)Store).HousekeepAsync();
        Assert.Matches("X-Status: F *\n", await File.ReadAllTextAsync(Spool, None));
        await File.WriteAllTextAsync(Spool, known, None);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(SystemFlags.Deleted, Record(mailbox, uids[0]).Flags);
        Must(await mailbox.ExpungeAsync(UidSet.All, ExpungeScope.OnlyDeleted, None));
        Assert.Equal([uids[1].Value], Uids(mailbox));

        await FlagAsync(mailbox, UidSet.Of(uids[1]), FlagOperation.Add, SystemFlags.Deleted);
        await mailbox.DisposeAsync();
        await Store.DisposeAsync();
        Assert.Matches("X-Status: D *\n", await File.ReadAllTextAsync(Spool, None));
    }

    [Fact]
    public async Task A_lost_index_is_made_again_with_uids_and_flags()
    {
        IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await FlagAsync(mailbox, UidSet.Of(uids[2]), FlagOperation.Add, SystemFlags.Flagged, "work");
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        UidValidity validity = mailbox.Snapshot.UidValidity;
        await Store.DisposeAsync();
        Directory.Delete(Path.Combine(_folder.Path, "data"), recursive: true);
        await using IMailbox again = await ReopenAsync();
        Assert.Equal(validity, again.Snapshot.UidValidity);
        Assert.Equal([uids[1].Value, uids[2].Value], Uids(again));
        Assert.Equal(SystemFlags.Flagged, Record(again, uids[2]).Flags);
        Assert.Equal(["work"], KeywordsOf(again, uids[2]));
    }

    [Fact]
    public async Task Mail_delivered_between_two_of_our_looks_survives_an_expunge()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await File.AppendAllTextAsync(Spool, Delivered("meanwhile"), None);
        Must(await mailbox.ExpungeAsync(UidSet.Of(uids[0]), ExpungeScope.AllNamed, None));
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(3, mailbox.Snapshot.Count);
        Assert.Equal(Seen("meanwhile"), await ReadAsync(mailbox, mailbox.Snapshot[2].Uid));
        Assert.Equal(Text(2), await ReadAsync(mailbox, uids[1]));
    }

    [Fact]
    public async Task Messages_move_between_formats()
    {
        using var other = new TemporaryFolder();
        await using IMailStore maildirs = Must(await MaildirStore.OpenAsync(other.Options(), Clock, NullLogger.Instance));
        await using IMailAccount account = Must(await maildirs.OpenAccountAsync("alice", None));
        await using IMailbox maildir = Must(await account.OpenAsync(MailboxName.Inbox, None));
        await using IMailbox mbox = await OpenAsync("INBOX");
        await AppendAsync(mbox, Text(1), SystemFlags.Seen, "work");
        CopyOutcome moved = Must(await mbox.MoveAsync(UidSet.All, maildir, None));
        Assert.Equal(0, mbox.Snapshot.Count);
        Assert.Equal(Text(1), await ReadAsync(maildir, moved.Destinations[0]));
        CopyOutcome back = Must(await maildir.CopyAsync(UidSet.All, mbox, None));
        Assert.Equal(1, maildir.Snapshot.Count);
        Assert.Equal(Text(1), await ReadAsync(mbox, back.Destinations[0]));
        Assert.Equal(["work"], KeywordsOf(mbox, back.Destinations[0]));
        Assert.Equal(SystemFlags.Seen, Record(mbox, back.Destinations[0]).Flags);
    }

    [Fact]
    public async Task A_message_that_nobody_has_looked_at_keeps_its_date_in_another_format()
    {
        using var other = new TemporaryFolder();
        await using IMailStore maildirs = Must(await MaildirStore.OpenAsync(other.Options(), Clock, NullLogger.Instance));
        await using IMailAccount account = Must(await maildirs.OpenAccountAsync("alice", None));
        await using IMailbox maildir = Must(await account.OpenAsync(MailboxName.Inbox, None));
        await using IMailbox mbox = await OpenAsync("INBOX");
        string file = Path.Combine(other.Root("alice"), "cur", "1.foreign.host:2,S");
        var date = new DateTime(2012, 3, 4, 5, 6, 7, DateTimeKind.Utc);
        await File.WriteAllTextAsync(file, "Subject: old\n\nbody\n", None);
        File.SetLastWriteTimeUtc(file, date);
        Must(await maildir.RefreshAsync(None));
        CopyOutcome copied = Must(await maildir.CopyAsync(UidSet.All, mbox, None));
        Assert.Equal(new DateTimeOffset(date).ToUnixTimeSeconds(), Record(mbox, copied.Destinations[0]).InternalDateSeconds);
        Assert.Equal("Subject: old\r\n\r\nbody\r\n", await ReadAsync(mbox, copied.Destinations[0]));
    }

    [Fact]
    public async Task A_lock_of_another_program_is_waited_for_and_one_of_a_dead_program_is_not()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await File.WriteAllTextAsync(Spool + ".lock", "999999999:host.test\n", None);
        await AppendAsync(mailbox, Text(1));
        Assert.False(File.Exists(Spool + ".lock"));

        using var locks = new LockedByOthers(Clock, Spool);
        Task<Uid> waiting = AppendAsync(mailbox, Text(2));
        TimeSpan retry = new MboxLimits().LockRetryInterval;
        await Clock.ArmedAsync(retry);
        Assert.False(waiting.IsCompleted);
        locks.Dispose();
        while (!waiting.IsCompleted)
        {
            await Task.WhenAny(Clock.ArmedAsync(retry), waiting); // Else the clock may run away from who waits.
            Clock.Advance(retry);
        }
        Assert.Equal(Text(2), await ReadAsync(mailbox, await waiting));
    }

    [Fact]
    public async Task Nobody_waits_for_a_lock_longer_than_the_limit_whoever_waits_before_him()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        await FillAsync(inbox, 1);
        await FillAsync(other, 1);
        using var locks = new LockedByOthers(Clock, Spool, _folder.Box("alice", "Other"));
        var limits = new MboxLimits();
        Task<StoreResult<UidSet>> first = inbox.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None).AsTask();
        await PassAsync(limits.LockTimeout * 0.6, first);
        Task<StoreResult<UidSet>> second = other.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None).AsTask();
        await PassAsync(limits.LockTimeout, first);
        Assert.Equal(StoreError.Busy, (await first).Error);
        Assert.False(second.IsCompleted);
        await PassAsync(limits.LockTimeout * 0.7, second);
        Assert.True(second.IsCompleted, "it waits as if nobody had waited before");
        Assert.Equal(StoreError.Busy, (await second).Error);

        async Task PassAsync(TimeSpan time, Task waiting)
        {
            for (DateTimeOffset end = Clock.GetUtcNow() + time; Clock.GetUtcNow() < end && !waiting.IsCompleted;)
            {
                await Task.WhenAny(Clock.ArmedAsync(limits.LockRetryInterval), waiting);
                Clock.Advance(limits.LockRetryInterval);
            }
        }
    }

    /// <summary>Dot-locks of a process that lives as long as the machine.</summary>
    private sealed class LockedByOthers : IDisposable
    {
        private readonly string[] _locks;

        public LockedByOthers(TimeProvider clock, params string[] spools)
        {
            _locks = [.. spools.Select(s => s + ".lock")];
            foreach (string name in _locks)
            {
                File.WriteAllText(name, "1:host.test\n");
                File.SetLastWriteTimeUtc(name, clock.GetUtcNow().UtcDateTime);
            }
        }

        public void Dispose() => Array.ForEach(_locks, File.Delete);
    }
}
