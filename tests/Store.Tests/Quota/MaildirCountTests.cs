using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir;
using MailAccess.Store.Quota;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Crash;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Quota;

/// <summary>Counts of a Maildir over restarts, crashes and other programs; and <c>maildirsize</c>, which those go by.</summary>
public sealed class MaildirCountTests : StoreFixture
{
    private static readonly string Hundred = new string('x', 98) + "\r\n";

    private readonly TemporaryFolder _folder = new();
    private readonly TestPolicy _policy = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync()
    {
        Clock.Advance(DateTimeOffset.UnixEpoch.AddYears(200) - Clock.GetUtcNow()); // All files are older than the grain of their folders' times.
        return await OpenAsync(new PosixFiles());
    }

    protected override IDisposable Folder => _folder;

    private string Root => _folder.Root("alice");

    private string SizeFile => Path.Combine(Root, "maildirsize");

    private async Task<MaildirStore> OpenAsync(IFiles files) => Must(await MaildirStore.OpenAsync(
        _folder.Options() with { Quota = _policy }, Clock, NullLogger.Instance, files, new Guid(1, 2, 3, new byte[8])));

    private static async Task FillAsync(IMailStore store, IMailAccount account, string mailbox, int count)
    {
        Assert.True(MailboxName.TryParse(mailbox, out MailboxName? name));
        await account.CreateAsync(name, SpecialUse.None, None);
        await using IMailbox opened = Must(await account.OpenAsync(name, None));
        await using IStagedMessage staged = Must(await store.StageAsync(0, None));
        Must(await staged.WriteAsync(Encoding.ASCII.GetBytes(Hundred), None));
        Must(await staged.CompleteAsync(None));
        Must(await opened.AppendAsync([.. Enumerable.Range(0, count).Select(_ => new MessageToAppend { Message = staged })], None));
    }

    private static async Task<QuotaAmount> UsedAsync(IMailAccount account) => Assert.Single(Must(await account.GetQuotaAsync(MailboxName.Inbox, None))).Used;

    private static async Task HousekeepAsync(IMailStore store)
    {
        Housekeeper housekeeper = ((MaildirStore)store).Housekeeper;
        await housekeeper.CurrentRound;
        housekeeper.Tick();
        await housekeeper.CurrentRound;
    }

    private async Task<(long Octets, long Messages, string Definition)> SizeAsync()
    {
        string[] lines = await File.ReadAllLinesAsync(SizeFile);
        long[][] numbers = [.. lines.Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray())];
        return (numbers.Sum(n => n[0]), numbers.Sum(n => n[1]), lines[0]);
    }

    private void Deliver(string folder, string name, int octets = 100) =>
        File.WriteAllText(Path.Combine(Root, folder, "new", name), new string('y', octets - 2) + "\r\n");

    [Fact]
    public async Task A_start_reads_no_mailbox_whose_count_it_trusts()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(null, 100_000) };
        await FillAsync(Store, Account, "Archive", 10_000);
        await FillAsync(Store, Account, "INBOX", 3);
        await Store.DisposeAsync();
        await using (MaildirStore counting = await OpenAsync(new PosixFiles()))
        {
            Assert.Equal(10_003, (await UsedAsync(Must(await counting.OpenAccountAsync("alice", None)))).Messages);
        }
        var watched = new WatchedFiles();
        await using MaildirStore again = await OpenAsync(watched);
        IMailAccount account = Must(await again.OpenAccountAsync("alice", None));
        Assert.Equal(new QuotaAmount(1_000_300, 10_003), await UsedAsync(account));
        await FillAsync(again, account, "INBOX", 1);
        Assert.Equal(new QuotaAmount(1_000_400, 10_004), await UsedAsync(account));
        Assert.DoesNotContain(watched.Touched, p => p.Contains("/.Archive/cur", StringComparison.Ordinal) && p.StartsWith("list", StringComparison.Ordinal));
        Assert.DoesNotContain(watched.Touched, p => p.Contains("/.Archive/mailaccess", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_other_programs_bring_and_take_counts()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(null, 10) };
        await FillAsync(Store, Account, "INBOX", 2);
        await FillAsync(Store, Account, "Lists", 2);
        Assert.Equal(4, (await UsedAsync(Account)).Messages);
        Deliver("", "1.foreign,S=100");
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Must(await inbox.RefreshAsync(None));
            Assert.Equal(5, (await UsedAsync(Account)).Messages);
            Directory.GetFiles(Path.Combine(Root, "new")).ToList().ForEach(File.Delete);
            Must(await inbox.RefreshAsync(None));
            Assert.Equal(2, (await UsedAsync(Account)).Messages);
        }
        // In a mailbox that nobody has open: noticed when counts are looked at again.
        await ((MaildirAccount)Account).CloseIdleAsync(null);
        Deliver(".Lists", "2.foreign,S=100");
        Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync(Account));
    }

    [Fact]
    public async Task Nobody_is_refused_for_long_when_another_program_has_made_room()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(null, 3) };
        await FillAsync(Store, Account, "Lists", 3);
        await ((MaildirAccount)Account).CloseIdleAsync(null);
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IStagedMessage staged = await StageAsync(Hundred);
        MessageToAppend[] one = [new MessageToAppend { Message = staged }];
        Assert.Equal(StoreError.OverQuota, (await inbox.AppendAsync(one, None)).Error);
        Directory.GetFiles(Path.Combine(Root, ".Lists", "new")).ToList().ForEach(File.Delete);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Must(await inbox.AppendAsync(one, None));
        Assert.Equal(new QuotaAmount(100, 1), await UsedAsync(Account));
    }

    [Theory]
    [InlineData(Fault.Kill)]
    [InlineData(Fault.PowerLoss)]
    public async Task Counts_are_true_after_a_crash_at_any_step(object fault)
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(null, 1000) };
        for (int at = 1; ; at++)
        {
            using var folder = new TemporaryFolder();
            var files = new FaultyFiles((Fault)fault, at) { StashFolder = Path.Combine(folder.Path, "stash") };
            Directory.CreateDirectory(files.StashFolder);
            Guid boot = new(at, 0, 0, new byte[8]);
            bool isDone = await WorkAsync(folder, files, boot);
            if ((Fault)fault == Fault.PowerLoss)
            {
                files.LosePower();
                boot = Guid.NewGuid();
            }
            await using (MaildirStore store = Must(await MaildirStore.OpenAsync(
                folder.Options() with { Quota = _policy }, Clock, NullLogger.Instance, new PosixFiles(), boot)))
            {
                IMailAccount account = Must(await store.OpenAccountAsync("alice", None));
                QuotaAmount used = await UsedAsync(account);
                await HousekeepAsync(store);
                Assert.Equal(await TruthAsync(account), used);
            }
            if (isDone)
            {
                Assert.True(at > 20, "nothing was tried");
                return;
            }
        }
    }

    private async Task<bool> WorkAsync(TemporaryFolder folder, FaultyFiles files, Guid boot)
    {
        StoreResult<MaildirStore> opened = await MaildirStore.OpenAsync(folder.Options() with { Quota = _policy }, Clock, NullLogger.Instance, files, boot);
        if (!opened.TryGet(out MaildirStore? store))
        {
            return false;
        }
        if ((await store.OpenAccountAsync("alice", None)).TryGet(out IMailAccount? account))
        {
            await WorkAsync(store, (MaildirAccount)account);
        }
        if (!files.HasHappened)
        {
            await store.DisposeAsync();
            return !files.HasHappened;
        }
        await store.AbandonAsync();
        return false;
    }

    private static async Task WorkAsync(MaildirStore store, MaildirAccount account)
    {
        Assert.True(MailboxName.TryParse("Other", out MailboxName? name));
        await account.CreateAsync(name, SpecialUse.None, None);
        if (!(await account.OpenAsync(MailboxName.Inbox, None)).TryGet(out IMailbox? inbox) || !(await account.OpenAsync(name, None)).TryGet(out IMailbox? other))
        {
            return;
        }
        for (int i = 1; i <= 3; i++)
        {
            await using IStagedMessage staged = Must(await store.StageAsync(0, None));
            await staged.WriteAsync(Encoding.ASCII.GetBytes(Hundred), None);
            await staged.CompleteAsync(None);
            await inbox.AppendAsync([new MessageToAppend { Message = staged }, new MessageToAppend { Message = staged }], None);
            await inbox.MoveAsync(UidSet.Of(new Uid((uint)i)), other, None);
            await other.ExpungeAsync(UidSet.Of(new Uid((uint)i - 1)), ExpungeScope.AllNamed, None);
            await HousekeepAsync(store);
        }
        await inbox.DisposeAsync();
        await other.DisposeAsync();
        await account.CloseIdleAsync(null);
        await store.Housekeeper.CheckpointAsync();
    }

    private static async Task<QuotaAmount> TruthAsync(IMailAccount account)
    {
        QuotaAmount truth = default;
        foreach (MailboxListing listing in Must(await account.ListAsync(None)))
        {
            await using IMailbox mailbox = Must(await account.OpenAsync(listing.Name, None));
            Must(await mailbox.RefreshAsync(None));
            truth += new QuotaAmount(mailbox.Snapshot.Octets, mailbox.Snapshot.Count);
        }
        return truth;
    }

    [Fact]
    public async Task A_damaged_file_of_counts_is_none()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(null, 10) };
        await FillAsync(Store, Account, "Lists", 3);
        await Store.DisposeAsync();
        string path = Path.Combine(Root, "mailaccess.quota");
        byte[] good = await File.ReadAllBytesAsync(path);
        foreach (int at in Enumerable.Range(0, good.Length))
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            await File.WriteAllBytesAsync(path, bad);
            await using MaildirStore store = await OpenAsync(new PosixFiles());
            Assert.Equal(3, (await UsedAsync(Must(await store.OpenAccountAsync("alice", None)))).Messages);
        }
    }

    [Fact]
    public async Task The_file_of_Maildir_plus_plus_says_what_is_there_but_for_Trash()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(1_000_000, 500) };
        await FillAsync(Store, Account, "INBOX", 2);
        await FillAsync(Store, Account, "Lists", 3);
        await FillAsync(Store, Account, "Trash", 7);
        await HousekeepAsync(Store);
        Assert.Equal((500, 5, "1000000S,500C"), await SizeAsync());
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox trash = await OpenAsync("Trash");
        Must(await inbox.MoveAsync(UidSet.Of(new Uid(1)), trash, None));
        Must(await inbox.ExpungeAsync(UidSet.Of(new Uid(2)), ExpungeScope.AllNamed, None));
        await HousekeepAsync(Store);
        Assert.Equal((300, 3, "1000000S,500C"), await SizeAsync());
        Assert.Equal(3, (await File.ReadAllLinesAsync(SizeFile)).Length); // Two changes at once are one line.
        Assert.All((await File.ReadAllTextAsync(SizeFile)).Split('\n').Skip(1).SkipLast(1), l => Assert.Equal(13, l.Length));
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(2_000_000, null) };
        Clock.Advance(TimeSpan.FromMinutes(1));
        await HousekeepAsync(Store);
        Assert.Equal((300, 3, "2000000S"), await SizeAsync());
    }

    [Fact]
    public async Task It_is_written_only_where_it_exists_or_there_is_a_limit()
    {
        await FillAsync(Store, Account, "INBOX", 2);
        await HousekeepAsync(Store);
        Assert.False(File.Exists(SizeFile));
        await File.WriteAllTextAsync(SizeFile, "5000S\n        100    1\n100 1\n");
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        Assert.Equal((300, 3, "5000S"), await SizeAsync());
    }

    [Fact]
    public async Task Lines_of_other_programs_stay_and_a_long_file_is_counted_anew()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(1_000_000, null) };
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        Deliver("", "1.foreign,S=700", 700);
        await File.AppendAllTextAsync(SizeFile, "700 1\n");
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        Assert.Equal((900, 3, "1000000S"), await SizeAsync());
        Assert.Equal(4, (await File.ReadAllLinesAsync(SizeFile)).Length);
        await File.AppendAllTextAsync(SizeFile, string.Concat(Enumerable.Repeat("1000 1       \n", 365))); // Wrong, and nearly full.
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        Assert.Equal((1100, 5, "1000000S"), await SizeAsync());
        Assert.True(new FileInfo(SizeFile).Length < 100);
        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "tmp")));
    }

    [Fact]
    public async Task Its_limit_holds_where_the_rules_say_so_and_have_none()
    {
        await File.WriteAllTextAsync(SizeFile, "250S\n0 0\n");
        await Store.DisposeAsync();
        _policy.Rules = new QuotaRules { TakesLimitOfMaildirsize = true };
        await using MaildirStore store = await OpenAsync(new PosixFiles());
        IMailAccount account = Must(await store.OpenAccountAsync("alice", None));
        await FillAsync(store, account, "INBOX", 2);
        await using IMailbox inbox = Must(await account.OpenAsync(MailboxName.Inbox, None));
        Assert.Equal(StoreError.OverQuota, (await inbox.CopyAsync(UidSet.Of(new Uid(1)), inbox, None)).Error);
        _policy.Rules = QuotaRules.None;
        Must(await inbox.CopyAsync(UidSet.Of(new Uid(1)), inbox, None));
    }

    [Fact]
    public async Task It_is_true_again_after_a_kill()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(1_000_000, null) };
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        await FillAsync(Store, Account, "INBOX", 4);
        await ((MaildirStore)Store).AbandonAsync();
        await using MaildirStore store = await OpenAsync(new PosixFiles());
        Assert.Equal((500, 5, "1000000S"), await SizeAsync());
    }

    [Fact]
    public async Task Where_it_cannot_be_written_mail_goes_on_and_it_is_counted_later()
    {
        _policy.Rules = new QuotaRules { Account = new QuotaLimit(1_000_000, null) };
        Directory.CreateDirectory(SizeFile); // In its place, by mistake.
        await FillAsync(Store, Account, "INBOX", 2);
        await HousekeepAsync(Store);
        Directory.Delete(SizeFile);
        await FillAsync(Store, Account, "INBOX", 1);
        await HousekeepAsync(Store);
        Assert.False(File.Exists(SizeFile)); // Not tried again twice a second.
        Clock.Advance(TimeSpan.FromMinutes(1));
        await HousekeepAsync(Store);
        Assert.Equal((300, 3, "1000000S"), await SizeAsync());
    }

    [Theory]
    [InlineData("1000S,5C", 1000L, 5L)]
    [InlineData("5C,1000S", 1000L, 5L)]
    [InlineData("1000S", 1000L, null)]
    [InlineData("0S,7C", null, 7L)]
    [InlineData("", null, null)]
    [InlineData("S,C,-1S,99999999999999999999S,5X", null, null)]
    public void Definitions_are_read_as_others_write_them(string line, long? octets, long? messages) =>
        Assert.Equal(new QuotaLimit(octets, messages), MaildirSize.ParseDefinition(line));
}
