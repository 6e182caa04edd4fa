using System.Text;
using MailAccess.Store.Maildir;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests;

/// <summary>A Maildir in the hands of other programs too, and an index that gets lost.</summary>
public sealed class MaildirSharingTests : StoreFixture
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    private string Path(params string[] parts) => System.IO.Path.Combine([_folder.Root("alice"), .. parts]);

    private async Task<string[]> FilesAfterHousekeepingAsync(string folder)
    {
        await HousekeepAsync();
        return [.. Directory.GetFiles(Path(folder)).Select(f => System.IO.Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
    }

    private async Task HousekeepAsync()
    {
        Housekeeper housekeeper = ((MaildirStore)Store).Housekeeper;
        await housekeeper.CurrentRound;
        housekeeper.Tick();
        await housekeeper.CurrentRound;
    }

    private async Task<MaildirStore> ReopenAsync()
    {
        await Store.DisposeAsync();
        return Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));
    }

    [Fact]
    public async Task A_new_message_lies_in_new_with_its_sizes_in_the_name_until_a_session_claims_it()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await AppendAsync(mailbox, Text(1));
        string name = Assert.Single(await FilesAfterHousekeepingAsync("new"));
        Assert.Contains($",S={Text(1).Length},W={Text(1).Length}", name, StringComparison.Ordinal);
        Assert.Equal(Text(1), await File.ReadAllTextAsync(Path("new", name)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path("new", name)));
        mailbox.ClaimRecent(onlyLook: false);
        Assert.Empty(await FilesAfterHousekeepingAsync("new"));
        Assert.Equal([name + ":2,"], await FilesAfterHousekeepingAsync("cur"));
        Assert.Empty(Directory.GetFiles(Path("tmp")));
    }

    [Fact]
    public async Task Letters_that_could_not_be_written_are_written_later_and_names_get_none_before()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await AppendAsync(mailbox, Text(1));
        Directory.CreateDirectory(Path("dovecot-keywords")); // Nothing can be put in its place.
        await FlagAsync(mailbox, UidSet.Of(new Uid(1)), FlagOperation.Add, SystemFlags.None, "first");
        Assert.DoesNotContain(await FilesAfterHousekeepingAsync("cur"), f => f.EndsWith('a'));
        Directory.Delete(Path("dovecot-keywords"));
        Assert.EndsWith("a", Assert.Single(await FilesAfterHousekeepingAsync("cur")), StringComparison.Ordinal);
        Assert.Equal("0 first\n", await File.ReadAllTextAsync(Path("dovecot-keywords")));
    }

    [Fact]
    public async Task Messages_that_are_opened_together_are_found_where_another_program_put_them()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        mailbox.ClaimRecent(onlyLook: false);
        string[] names = await FilesAfterHousekeepingAsync("cur");
        File.Move(Path("cur", names[0]), Path("cur", names[0] + "S"));
        File.Delete(Path("cur", names[1]));
        StoreResult<IMessageContent>[] opened = await mailbox.OpenMessagesAsync(uids, None);
        Assert.Equal([StoreError.None, StoreError.Expunged, StoreError.None], opened.Select(o => o.Error));
        Assert.Equal(Text(1), await ReadAsync(Must(opened[0])));
        Assert.Equal(Text(3), await ReadAsync(Must(opened[2])));
    }

    [Fact]
    public async Task Names_follow_flags_and_keywords_get_letters()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(mailbox, Text(1), SystemFlags.Seen, "first");
        Assert.EndsWith(":2,Sa", Assert.Single(await FilesAfterHousekeepingAsync("cur")), StringComparison.Ordinal);
        await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Replace, SystemFlags.Draft | SystemFlags.Answered, "second");
        Assert.EndsWith(":2,DRb", Assert.Single(await FilesAfterHousekeepingAsync("cur")), StringComparison.Ordinal);
        Assert.Equal("0 first\n1 second\n", await File.ReadAllTextAsync(Path("dovecot-keywords")));
        Assert.Equal(Text(1), await ReadAsync(mailbox, uid));
    }

    [Fact]
    public async Task A_message_that_another_program_delivers_appears_with_its_exact_size()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await File.WriteAllTextAsync(Path("new", "1.a.host"), "Subject: lf\n\nbody\r\nmixed\n");
        await File.WriteAllTextAsync(Path("cur", "2.b.host:2,FS"), "Subject: crlf\r\n\r\nbody\r\n");
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(2, mailbox.Snapshot.Count);
        Assert.Equal("Subject: lf\r\n\r\nbody\r\nmixed\r\n", await ReadAsync(mailbox, mailbox.Snapshot[0].Uid));
        Assert.Equal(28, mailbox.Snapshot[0].Octets);
        Assert.Equal(SystemFlags.Flagged | SystemFlags.Seen, mailbox.Snapshot[1].Flags);
        Assert.Equal("Subject: crlf\r\n\r\nbody\r\n", await ReadAsync(mailbox, mailbox.Snapshot[1].Uid));
        Assert.False(mailbox.TryGetSummary(mailbox.Snapshot[0], out _));
        Must(await mailbox.GetSummaryAsync(mailbox.Snapshot[0].Uid, None));
        Must(await mailbox.GetSummaryAsync(mailbox.Snapshot[1].Uid, None));
        Assert.True(mailbox.TryGetSummary(mailbox.Snapshot[0], out Message.MessageSummary summary));
        Assert.Contains("\"lf\"", Encoding.UTF8.GetString(summary.Envelope.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_copied_straight_to_its_place_appears_when_it_is_whole()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        foreach (string name in new[] { "1.a.host", "2.b.host" })
        {
            string path = Path("new", name);
            await using (FileStream copy = File.Create(path))
            {
                await copy.WriteAsync("Subject: long\r\n\r\nfirst half\r\n"u8.ToArray(), None);
                await copy.FlushAsync(None);
                int before = mailbox.Snapshot.Count;
                Must(await mailbox.RefreshAsync(None));
                Assert.Equal(before, mailbox.Snapshot.Count);
                await copy.WriteAsync("second half\r\n"u8.ToArray(), None);
            }
            Must(await mailbox.RefreshAsync(None));
            Assert.Equal("Subject: long\r\n\r\nfirst half\r\nsecond half\r\n", await ReadAsync(mailbox, mailbox.Snapshot[mailbox.Snapshot.Count - 1].Uid));
            Assert.Equal(42, mailbox.Snapshot[mailbox.Snapshot.Count - 1].Octets);
        }
        Assert.Equal(2, mailbox.Snapshot.Count);
    }

    [Fact]
    public async Task A_big_message_with_bare_line_feeds_reads_right_at_any_offset()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        string raw = "Subject: big\n\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i}\n"));
        string expected = raw.Replace("\n", "\r\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path("new", "1.big.host"), raw);
        Must(await mailbox.RefreshAsync(None));
        Uid uid = mailbox.Snapshot[0].Uid;
        Assert.Equal(expected, await ReadAsync(mailbox, uid));
        await using IMessageContent content = Must(await mailbox.OpenMessageAsync(uid, None));
        var random = new Random(1);
        for (int i = 0; i < 50; i++)
        {
            byte[] piece = new byte[random.Next(1, 5000)];
            int offset = random.Next(expected.Length);
            int count = await content.ReadAsync(offset, piece, None);
            Assert.Equal(expected.Substring(offset, count), Encoding.ASCII.GetString(piece, 0, count));
            Assert.Equal(Math.Min(piece.Length, expected.Length - offset), count);
        }
    }

    [Fact]
    public async Task Flags_that_another_program_changes_are_joined_with_ours()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Uid uid = await AppendAsync(mailbox, Text(1), SystemFlags.Flagged);
        string name = Assert.Single(await FilesAfterHousekeepingAsync("cur"));
        await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Add, SystemFlags.Answered); // Not yet in the name.
        File.Move(Path("cur", name), Path("cur", name[..name.IndexOf(':', StringComparison.Ordinal)] + ":2,S"));
        Assert.Equal(Text(1), await ReadAsync(mailbox, uid)); // Found although nobody told us.
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(SystemFlags.Answered | SystemFlags.Seen, Record(mailbox, uid).Flags);
        Assert.EndsWith(":2,RS", Assert.Single(await FilesAfterHousekeepingAsync("cur")), StringComparison.Ordinal);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal(SystemFlags.Answered | SystemFlags.Seen, Record(mailbox, uid).Flags);
        Assert.Equal(1, mailbox.Snapshot.Count);
    }

    [Fact]
    public async Task A_message_that_another_program_deletes_is_expunged()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        IReadOnlyList<Uid> uids = await FillAsync(mailbox, 3);
        await HousekeepAsync();
        File.Delete(Directory.GetFiles(Path("new")).Single(f => File.ReadAllText(f) == Text(2)));
        Assert.Equal(StoreError.Expunged, (await mailbox.OpenMessageAsync(uids[1], None)).Error);
        Must(await mailbox.RefreshAsync(None));
        Assert.Equal([uids[0].Value, uids[2].Value], Uids(mailbox));
    }

    [Fact]
    public async Task A_listener_hears_of_a_delivery_by_another_program()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable subscription = mailbox.Subscribe(() => heard.TrySetResult());
        await File.WriteAllTextAsync(Path("tmp", "1.x.host"), Text(1));
        File.Move(Path("tmp", "1.x.host"), Path("new", "1.x.host"));
        await heard.Task.WaitAsync(TimeSpan.FromSeconds(120), TimeProvider.System);
        Assert.Equal(1, mailbox.Snapshot.Count);
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        Uid uid;
        ModSeq modSeq;
        await using (IMailbox mailbox = await OpenAsync("INBOX"))
        {
            uid = await AppendAsync(mailbox, Text(1), SystemFlags.Seen, "k1", "k2");
            await AppendAsync(mailbox, Text(2));
            await FlagAsync(mailbox, UidSet.Of(uid), FlagOperation.Remove, SystemFlags.Seen, "k1");
            modSeq = mailbox.Snapshot.HighestModSeq;
        }
        await using MaildirStore again = await ReopenAsync();
        await using IMailbox reopened = Must(await Must(await again.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(2, reopened.Snapshot.Count);
        Assert.Equal(["k2"], KeywordsOf(reopened, uid));
        Assert.Equal(SystemFlags.None, Record(reopened, uid).Flags);
        Assert.Equal(modSeq, reopened.Snapshot.HighestModSeq);
        Assert.True(Must(await reopened.GetSummaryAsync(reopened.Snapshot[0].Uid, None)).IsValid);
        Assert.True(reopened.TryGetSummary(reopened.Snapshot[1], out _)); // It came with the first, from the cache.
        Assert.Equal(Text(2), await ReadAsync(reopened, reopened.Snapshot[1].Uid));
        Assert.Empty(Directory.GetFiles(System.IO.Path.Combine(_folder.Options().DataFolder, "journal")));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("torn")]
    [InlineData("flipped")]
    [InlineData("other version")]
    public async Task A_lost_index_is_rebuilt_with_uids_flags_and_keywords(string how)
    {
        Uid kept;
        UidValidity validity;
        Uid next;
        await using (IMailbox mailbox = await OpenAsync("INBOX"))
        {
            IReadOnlyList<Uid> uids = await FillAsync(mailbox, 5);
            Must(await mailbox.ExpungeAsync(UidSet.FromUids([uids[0], uids[4]]), ExpungeScope.AllNamed, None));
            kept = uids[2];
            await FlagAsync(mailbox, UidSet.Of(kept), FlagOperation.Add, SystemFlags.Answered, "key");
            validity = mailbox.Snapshot.UidValidity;
            next = mailbox.Snapshot.UidNext;
        }
        await Store.DisposeAsync();
        Damage(how);
        await using MaildirStore again = Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));
        await using IMailbox rebuilt = Must(await Must(await again.OpenAccountAsync("alice", None)).OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(validity, rebuilt.Snapshot.UidValidity);
        Assert.Equal(3, rebuilt.Snapshot.Count);
        Assert.True(rebuilt.Snapshot.UidNext >= next);
        Assert.Equal(SystemFlags.Answered, Record(rebuilt, kept).Flags);
        Assert.Equal(["key"], KeywordsOf(rebuilt, kept));
        Assert.Equal(Text(3), await ReadAsync(rebuilt, kept));
        Must(await rebuilt.MeasureAsync(UidSet.Of(kept), None));
        Assert.Equal(Text(3).Length, Record(rebuilt, kept).Octets);
    }

    [Fact]
    public async Task Only_one_process_has_a_data_folder()
    {
        StoreResult<MaildirStore> second = await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance);
        Assert.Equal(StoreError.Busy, second.Error);
    }

    [Fact]
    public async Task An_idle_mailbox_is_closed_and_opens_again()
    {
        await using (IMailbox mailbox = await OpenAsync("INBOX"))
        {
            await AppendAsync(mailbox, Text(1));
        }
        Clock.Advance(TimeSpan.FromMinutes(1));
        await HousekeepAsync();
        Assert.Empty(((MaildirStore)Store).Accounts.Single().OpenMailboxes);
        await using IMailbox again = await OpenAsync("INBOX");
        Assert.Equal(Text(1), await ReadAsync(again, again.Snapshot[0].Uid));
    }

    [Fact]
    public async Task Folders_and_subscriptions_look_as_other_programs_expect()
    {
        await CreateAsync("Entwürfe/2026.alt");
        Must(await Account.SetSubscribedAsync(Named("Entwürfe/2026.alt"), true, None));
        Must(await Account.SetSubscribedAsync(MailboxName.Inbox, true, None));
        Assert.True(File.Exists(Path(".Entw&APw-rfe.2026&AC4-alt", "maildirfolder")));
        Assert.Equal("Entw&APw-rfe.2026&AC4-alt\nINBOX\n", string.Join('\n', (await File.ReadAllLinesAsync(Path("subscriptions"))).Order(StringComparer.Ordinal)) + "\n");
    }

    private void Damage(string how)
    {
        string index = Path("mailaccess.index");
        byte[] content = File.ReadAllBytes(index);
        switch (how)
        {
            case "gone":
                File.Delete(index);
                break;
            case "torn":
                File.WriteAllBytes(index, content[..(content.Length / 2)]);
                break;
            case "flipped":
                content[200] ^= 4;
                File.WriteAllBytes(index, content);
                break;
            default:
                content[4]++;
                File.WriteAllBytes(index, content);
                break;
        }
    }
}
