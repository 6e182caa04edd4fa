using System.Formats.Tar;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Maildir.Adoption;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Adoption;

/// <summary>Maildirs as other servers left them. What the real Dovecot does is in tests/EndToEnd.</summary>
public sealed class TakingOverTests : StoreFixture
{
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder.Root("alice");

    /// <summary>The account is opened by each test, when its Maildir is there.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Store.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    protected override IDisposable Folder => _folder;

    protected override async ValueTask<IMailStore> OpenStoreAsync() => Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    [Fact]
    public async Task A_maildir_of_courier_keeps_uids_keywords_subscriptions_dates_and_unique_ids()
    {
        Directory.CreateDirectory(Root);
        await TarFile.ExtractToDirectoryAsync(Path.Combine(AppContext.BaseDirectory, "Adoption", "samples", "courier", "courier-imap-5.0.13.tar"), Root, true);
        string before = Listing();
        InspectedMaildir inspected = MaildirInspection.Inspect(Root);
        Assert.Equal(before, Listing());
        Assert.True(inspected.IsUtf8);
        Assert.Equal((3, 2), (inspected.Mailboxes.Count, inspected.Subscriptions));
        InspectedMailbox root = inspected.Mailboxes[0];
        Assert.Equal((AdoptionSource.Courier, 795263340U, 5U, 4, 4, 4, 4), (root.Source, root.UidValidity, root.UidNext, root.Messages, root.Numbered, root.Keywords, root.Pop3Uidls));

        await ReopenAsync();
        Assert.Equal(["Entwürfe/Büro", "Sent"], Must(await Account.ListSubscriptionsAsync(None)).Select(n => n.Value));
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal((795263340U, 5U), (inbox.Snapshot.UidValidity.Value, inbox.Snapshot.UidNext.Value));
            Assert.Equal([1U, 2U, 3U, 4U], Uids(inbox));
            Assert.Equal(["$Forwarded"], KeywordsOf(inbox, new Uid(1)));
            Assert.Equal(["home", "work"], KeywordsOf(inbox, new Uid(2)));
            Assert.Equal(["late"], KeywordsOf(inbox, new Uid(3)));
            Assert.Equal(SystemFlags.Flagged | SystemFlags.Answered | SystemFlags.Deleted, Record(inbox, new Uid(3)).Flags);
            Assert.Equal(1_500_000_002, Record(inbox, new Uid(2)).InternalDateSeconds);
            Assert.Equal(29, Record(inbox, new Uid(2)).Octets);
            Assert.Equal("Subject: number 2\r\n\r\nbody 2\r\n", await ReadAsync(inbox, new Uid(2)));
            Assert.Equal(Enumerable.Range(1, 4).Select(n => $"UID{n}-1795263370"), await UniqueIdsAsync(inbox));
        }
        await using (IMailbox drafts = await OpenAsync("Entwürfe/Büro"))
        {
            Assert.Equal(SystemFlags.Draft, Record(drafts, new Uid(1)).Flags);
        }
        Must(await Account.CreateAsync(Named("Käse"), SpecialUse.None, None));
        Assert.True(Directory.Exists(Path.Combine(Root, ".Käse"))); // As its other folders are spelled.

        // The index gets lost: Courier's files are no longer needed for anything.
        await Store.DisposeAsync();
        LoseIndex();
        Directory.GetFiles(Root, "courier*").ToList().ForEach(File.Delete);
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal((795263340U, 5U), (inbox.Snapshot.UidValidity.Value, inbox.Snapshot.UidNext.Value));
            Assert.Equal(["home", "work"], KeywordsOf(inbox, new Uid(2)));
            Assert.Equal(["$Forwarded"], KeywordsOf(inbox, new Uid(1)));
            Assert.Equal(Enumerable.Range(1, 4).Select(n => $"UID{n}-1795263370"), await UniqueIdsAsync(inbox));
        }
    }

    [Theory]
    [InlineData("1.a.host,S=20:2,S 30\n", "1.a.host,S=20")] // Before numbers: the name.
    [InlineData("/1 9 5\n1.a.host,S=20 30 7\n", "UID7")]
    [InlineData("/2 9 5\n1.a.host,S=20:2,S 30 7:5\n", "UID7-5")]
    [InlineData("/3 9 5\n1.a.host,S=20 30 7:5:1\n", "UID7-5")]
    [InlineData("/3 9 5\n1.a.host,S=20 30 7:0:0\n", "UID7")]
    public void Each_version_of_couriers_list_for_pop3_gives_the_unique_ids_that_courier_gave(string list, string uidl)
    {
        Directory.CreateDirectory(Root);
        File.WriteAllText(Path.Combine(Root, CourierFolder.SizesFileName), list);
        Assert.Equal(new CourierPop3Entry(30, uidl), CourierFolder.ReadSizes(new PosixFiles(), Root)["1.a.host,S=20"]);
    }

    [Fact]
    public async Task Dovecots_first_version_is_taken_over_and_what_it_adds_later_too()
    {
        Deliver("cur/1.a:2,Sa", "one");
        Deliver("cur/2.a:2,", "two");
        await File.WriteAllTextAsync(Path.Combine(Root, "dovecot-uidlist"), "1 1000 20\n7 1.a\n9 2.a\n");
        await File.WriteAllTextAsync(Path.Combine(Root, "dovecot-keywords"), "0 work\n");
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal([7U, 9U], Uids(inbox));
            Assert.Equal((1000U, 20U), (inbox.Snapshot.UidValidity.Value, inbox.Snapshot.UidNext.Value));
            Assert.Equal(["work"], KeywordsOf(inbox, new Uid(7)));
            await AppendAsync(inbox, Text(1));
        }
        await Store.DisposeAsync();
        UidList ours = UidList.Parse(await File.ReadAllBytesAsync(Path.Combine(Root, "dovecot-uidlist")))!;
        Assert.Equal((3, 1000U, 21U, 3), (ours.Version, ours.UidValidity.Value, ours.UidNext.Value, ours.Entries.Count));

        // Dovecot runs: two messages, in another order than their names have; the first it expunges again, and it knows UID 30.
        Deliver("cur/3.z:2,F", "three");
        Deliver("cur/4.a:2,", "four");
        await File.AppendAllTextAsync(Path.Combine(Root, "dovecot-uidlist"), "25 :4.a\n26 W7 PKnown :3.z\n29 :gone\n");
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal([7U, 9U, 20U, 25U, 26U], Uids(inbox));
            Assert.Equal(30U, inbox.Snapshot.UidNext.Value);
            Assert.Equal("three", await ReadAsync(inbox, new Uid(26)));
            Assert.Equal("Known", (await UniqueIdsAsync(inbox))[4]);
            Assert.Equal(new Uid(30), await AppendAsync(inbox, Text(2)));
        }
    }

    [Fact]
    public async Task A_delivery_that_dovecot_numbered_while_we_run_gets_that_number()
    {
        await ReopenAsync();
        await using IMailbox inbox = await OpenAsync("INBOX");
        await AppendAsync(inbox, Text(1));
        Deliver("new/9.z", "nine");
        Deliver("new/8.z", "eight");
        await File.AppendAllTextAsync(Path.Combine(Root, "dovecot-uidlist"), "5 :9.z\n");
        Must(await inbox.RefreshAsync(None));
        Assert.Equal([1U, 5U, 6U], Uids(inbox));
        Assert.Equal("nine", await ReadAsync(inbox, new Uid(5)));
    }

    [Fact]
    public async Task Another_uidvalidity_of_dovecots_counts_and_what_only_we_know_moves_along()
    {
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            await AppendAsync(inbox, Text(1), SystemFlags.Seen, [.. Enumerable.Range(0, 40).Select(n => $"k{n}")]);
            await AppendAsync(inbox, Text(2));
        }
        await Store.DisposeAsync();
        UidList list = UidList.Parse(await File.ReadAllBytesAsync(Path.Combine(Root, "dovecot-uidlist")))!;
        await File.WriteAllTextAsync(Path.Combine(Root, "dovecot-uidlist"), $"3 V77 N12 G{Guid.NewGuid():N}\n10 :{list.Entries[0].BaseName}\n11 :{list.Entries[1].BaseName}\n");
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal((77U, 12U), (inbox.Snapshot.UidValidity.Value, inbox.Snapshot.UidNext.Value));
            Assert.Equal([10U, 11U], Uids(inbox));
            Assert.Equal(40, KeywordsOf(inbox, new Uid(10)).Length);
        }
    }

    [Fact]
    public async Task Forty_keywords_survive_the_loss_of_the_index()
    {
        string[] keywords = [.. Enumerable.Range(0, 40).Select(n => $"keyword{n:D2}")];
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            await AppendAsync(inbox, Text(1), SystemFlags.None, keywords);
            await AppendAsync(inbox, Text(2), SystemFlags.None, keywords[39]);
            await AppendAsync(inbox, Text(3));
        }
        await Store.DisposeAsync();
        LoseIndex();
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal(keywords, KeywordsOf(inbox, new Uid(1)));
            Assert.Equal([keywords[39]], KeywordsOf(inbox, new Uid(2)));
            Assert.Empty(KeywordsOf(inbox, new Uid(3)));
        }
    }

    [Fact]
    public async Task Passed_and_forwarded_are_the_same()
    {
        Deliver("cur/1.a:2,P", "one");
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal(["$Forwarded"], KeywordsOf(inbox, new Uid(1)));
            Uid second = await AppendAsync(inbox, Text(2), SystemFlags.Seen, "$forwarded");
            await FlagAsync(inbox, UidSet.FromUids([new Uid(1)]), FlagOperation.Remove, SystemFlags.None, "$Forwarded");
            await HousekeepAsync();
            string[] names = [.. Directory.GetFiles(Path.Combine(Root, "cur")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
            Assert.Equal("1.a:2,", names[0]);
            Assert.EndsWith(":2,PSa", names[1], StringComparison.Ordinal);

            // mutt takes it away again.
            File.Move(Path.Combine(Root, "cur", names[1]), Path.Combine(Root, "cur", names[1].Replace(":2,PSa", ":2,Sa", StringComparison.Ordinal)));
            Directory.SetLastWriteTimeUtc(Path.Combine(Root, "cur"), DateTime.UnixEpoch.AddSeconds(1_700_000_000));
            Must(await inbox.RefreshAsync(None));
            Assert.Empty(KeywordsOf(inbox, second));
        }
    }

    [Fact]
    public async Task A_file_whose_name_is_no_utf8_is_a_message_like_others()
    {
        var files = new PosixFiles();
        string baseName = OctetText.Decode([.. "1.M"u8, 0xFC, 0xFF, .. ".host"u8]);
        Deliver("cur/0.a:2,", "zero");
        using (IFile file = files.Open($"{Root}/cur/{baseName}:2,S", OpenKind.CreateNew)!)
        {
            file.Write(0, "Subject: x\r\n\r\ny\r\n"u8);
        }
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal("Subject: x\r\n\r\ny\r\n", await ReadAsync(inbox, new Uid(2)));
            await FlagAsync(inbox, UidSet.FromUids([new Uid(2)]), FlagOperation.Add, SystemFlags.Flagged);
            await HousekeepAsync();
            Assert.Contains($"{baseName}:2,FS", files.List(Path.Combine(Root, "cur"))!);
        }
        await Store.DisposeAsync();
        byte[] list = await File.ReadAllBytesAsync(Path.Combine(Root, "dovecot-uidlist"));
        Assert.True(list.AsSpan().IndexOf(OctetText.Encode(baseName)) > 0);
        LoseIndex();
        await ReopenAsync();
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal([1U, 2U], Uids(inbox));
            Must(await inbox.ExpungeAsync(UidSet.FromUids([new Uid(2)]), ExpungeScope.AllNamed, None));
        }
        await Store.DisposeAsync();
        Assert.DoesNotContain($"{baseName}:2,FS", files.List(Path.Combine(Root, "cur"))!);
    }

    [Fact]
    public async Task A_folder_whose_name_is_no_utf8_is_listed_opened_renamed_and_deleted()
    {
        var files = new PosixFiles();
        string folder = OctetText.Decode([.. ".Entw"u8, 0xFC, .. "rfe"u8]);
        foreach (string part in new[] { "tmp", "new", "cur" })
        {
            files.CreateFolder($"{Root}/{folder}/{part}");
        }
        await ReopenAsync();
        string shown = Must(await Account.ListAsync(None)).Single(m => !m.Name.IsInbox).Name.Value;
        Assert.Equal("Entw\U0010FEFCrfe", shown);
        await using (IMailbox mailbox = await OpenAsync(shown))
        {
            await AppendAsync(mailbox, Text(1));
            Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(1)));
        }
        Assert.Equal(StoreError.AlreadyExists, (await Account.CreateAsync(Named(shown), SpecialUse.None, None)).Error);
        Must(await Account.RenameAsync(Named(shown), Named("Entwürfe"), None));
        Assert.True(Directory.Exists(Path.Combine(Root, ".Entw&APw-rfe")));
        await using (IMailbox mailbox = await OpenAsync("Entwürfe"))
        {
            Assert.Equal(Text(1), await ReadAsync(mailbox, new Uid(1)));
        }
        Must(await Account.DeleteAsync(Named("Entwürfe"), None));
        Assert.Equal(["cur", "new", "tmp"], Directory.GetDirectories(Root).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task In_a_shared_maildir_all_that_we_make_can_be_read_by_the_group()
    {
        const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;
        const UnixFileMode SharedFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        Directory.CreateDirectory(Root);
        File.SetUnixFileMode(Root, Shared);
        await ReopenAsync();
        Must(await Account.CreateAsync(Named("Team/Offers"), SpecialUse.None, None));
        await Account.SetSubscribedAsync(Named("Team"), true, None);
        await using (IMailbox mailbox = await OpenAsync("Team/Offers"))
        {
            await AppendAsync(mailbox, Text(1), SystemFlags.Seen, "work");
            await AppendAsync(mailbox, "Subject: large\r\n\r\n" + new string('x', 600_000) + "\r\n");
        }
        await Store.DisposeAsync();
        foreach (string entry in Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories))
        {
            Assert.True(File.GetUnixFileMode(entry) == (Directory.Exists(entry) ? Shared : SharedFile), $"{entry}: {File.GetUnixFileMode(entry)}");
        }
    }

    [Fact]
    public async Task In_a_private_maildir_nobody_else_reads_anything()
    {
        await ReopenAsync();
        Must(await Account.CreateAsync(Named("Sent"), SpecialUse.Sent, None));
        await using (IMailbox mailbox = await OpenAsync("Sent"))
        {
            await AppendAsync(mailbox, Text(1), SystemFlags.Seen, "work");
        }
        await Store.DisposeAsync();
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.All(Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories), e => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(e) & Others));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Root) & Others);
    }

    [Fact]
    public void Other_layouts_are_named()
    {
        Deliver("cur/1.a:2,", "one");
        Directory.CreateDirectory(Path.Combine(Root, "Lists", "dev", "cur"));
        File.WriteAllText(Path.Combine(Root, "dovecot-keywords"), "0 a\n26 z\n");
        InspectedMaildir found = MaildirInspection.Inspect(Root);
        Assert.Contains(found.Problems, p => p.Contains("LAYOUT=fs", StringComparison.Ordinal) && p.Contains("Lists/dev", StringComparison.Ordinal));
        Assert.Contains(found.Mailboxes[0].Problems, p => p.Contains("dovecot.index", StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(Root, "..", "dbox", "mailboxes", "INBOX", "dbox-Mails"));
        Assert.Contains(MaildirInspection.Inspect(Path.Combine(Root, "..", "dbox")).Problems, p => p.Contains("dbox", StringComparison.Ordinal));
        Assert.Contains("no such folder", Assert.Single(MaildirInspection.Inspect(Root + "x").Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_size_that_the_list_tells_is_taken_without_reading_and_a_wrong_one_is_not()
    {
        Deliver("cur/1.a,S=5:2,", "a\nb\n\n");
        Deliver("cur/2.a,S=9:2,", "a\nb\n\n");
        await File.WriteAllTextAsync(Path.Combine(Root, "dovecot-uidlist"), "3 V5 N3 G\n1 W7 :1.a,S=5\n2 W7 :2.a,S=9\n");
        await ReopenAsync();
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(7, Record(inbox, new Uid(1)).Octets); // Told (it would be 8).
        Assert.Equal(8, Record(inbox, new Uid(2)).Octets); // The file is not as long as its name says.
    }

    private async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenStoreAsync();
        Account = Must(await Store.OpenAccountAsync("alice", None));
    }

    private async Task HousekeepAsync()
    {
        Housekeeper housekeeper = ((MaildirStore)Store).Housekeeper;
        await housekeeper.CurrentRound;
        housekeeper.Tick();
        await housekeeper.CurrentRound;
    }

    private static async Task<string?[]> UniqueIdsAsync(IMailbox mailbox) =>
        [.. Must(await mailbox.GetNamesAsync(None)).OrderBy(n => n.Key.Value).Select(n => n.Value.Pop3Uidl)];

    private void LoseIndex()
    {
        foreach (string file in new[] { "mailaccess.index", "mailaccess.log", "mailaccess.cache" })
        {
            File.Delete(Path.Combine(Root, file));
        }
    }

    private void Deliver(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, path))!);
        File.WriteAllText(Path.Combine(Root, path), text);
    }

    private string Listing() => string.Join('\n', Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}"));
}
