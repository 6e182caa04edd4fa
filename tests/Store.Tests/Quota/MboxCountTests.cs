using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Mbox;
using MailAccess.Store.Quota;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Mbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Quota;

/// <summary>Counts of mbox files over restarts and other programs.</summary>
public sealed class MboxCountTests : StoreFixture
{
    private const string Foreign = "From carol@example.org Sat Jan  1 00:00:00 2000\nSubject: y\n\n1234567890\n\n";

    /// <summary>As clients see it: line ends are CRLF.</summary>
    private const int ForeignOctets = 12 + 2 + 12;

    private static readonly string Hundred = new string('x', 98) + "\r\n";

    private readonly SpoolFolder _folder = new();
    private readonly TestPolicy _policy = new() { Rules = new QuotaRules { Account = new QuotaLimit(null, 100_000) } };

    private string Archive => _folder.Box("alice", "Archive");

    protected override async ValueTask<IMailStore> OpenStoreAsync()
    {
        Clock.Advance(DateTimeOffset.UnixEpoch.AddYears(200) - Clock.GetUtcNow()); // All files are older than the grain of their times.
        return await OpenAsync(new PosixFiles());
    }

    protected override IDisposable Folder => _folder;

    private async Task<MboxStore> OpenAsync(IFiles files) =>
        Must(await MboxStore.OpenAsync(_folder.Options() with { Quota = _policy }, Clock, NullLogger.Instance, files));

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

    private static async Task CloseAsync(IMailAccount account) => await ((MboxAccount)account).CloseIdleAsync(null);

    [Fact]
    public async Task A_start_opens_no_file_whose_count_it_trusts()
    {
        await FillAsync(Store, Account, "Archive", 1000);
        await FillAsync(Store, Account, "INBOX", 3);
        Assert.Equal(1003, (await UsedAsync(Account)).Messages);
        await Store.DisposeAsync();
        var watched = new WatchedFiles();
        await using MboxStore again = await OpenAsync(watched);
        IMailAccount account = Must(await again.OpenAccountAsync("alice", None));
        Assert.Equal(new QuotaAmount(100_300, 1003), await UsedAsync(account));
        await FillAsync(again, account, "INBOX", 1);
        Assert.Equal(new QuotaAmount(100_400, 1004), await UsedAsync(account));
        Assert.DoesNotContain(watched.Touched, p => p.Contains("/boxes/Archive/", StringComparison.Ordinal)
            || (p.EndsWith(Archive, StringComparison.Ordinal) && !p.StartsWith("stat", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_other_programs_bring_and_take_counts()
    {
        await FillAsync(Store, Account, "INBOX", 2);
        await FillAsync(Store, Account, "Archive", 2);
        Assert.Equal(new QuotaAmount(400, 4), await UsedAsync(Account));
        await CloseAsync(Account);
        File.AppendAllText(Archive, Foreign);
        Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(new QuotaAmount(400 + ForeignOctets, 5), await UsedAsync(Account));
        File.AppendAllText(Archive, Foreign + Foreign); // Since what nobody has opened in between.
        Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(new QuotaAmount(400 + (3 * ForeignOctets), 7), await UsedAsync(Account));
        await using (IMailbox archive = await OpenAsync("Archive"))
        {
            Assert.Equal(5, archive.Snapshot.Count);
            Assert.Equal(new QuotaAmount(400 + (3 * ForeignOctets), 7), await UsedAsync(Account));
            File.AppendAllText(Archive, Foreign);
            Must(await archive.RefreshAsync(None));
            Assert.Equal(new QuotaAmount(400 + (4 * ForeignOctets), 8), await UsedAsync(Account));
        }
        await CloseAsync(Account);
        File.WriteAllText(Archive, Foreign);
        Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(new QuotaAmount(200 + ForeignOctets, 3), await UsedAsync(Account));
        File.Delete(Archive);
        Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync(Account));
    }

    [Fact]
    public async Task Counting_writes_nothing_and_gives_no_UIDs()
    {
        await Account.CreateAsync(Named("Archive"), SpecialUse.None, None);
        File.AppendAllText(Archive, Foreign);
        byte[] before = File.ReadAllBytes(Archive);
        Assert.Equal(1, (await UsedAsync(Account)).Messages);
        Assert.Equal(before, File.ReadAllBytes(Archive));
        await using IMailbox archive = await OpenAsync("Archive");
        Assert.Equal(new Uid(1), archive.Snapshot[0].Uid);
    }

    [Fact]
    public async Task A_file_that_is_no_mailbox_does_not_keep_its_owner_from_the_others()
    {
        await FillAsync(Store, Account, "INBOX", 2);
        await Account.CreateAsync(Named("Notes"), SpecialUse.None, None);
        File.WriteAllText(_folder.Box("alice", "Notes"), "Just a text that somebody put here.\n");
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync(Account));
    }

    [Fact]
    public async Task A_kept_count_that_is_damaged_is_counted_anew()
    {
        await FillAsync(Store, Account, "Archive", 3);
        Assert.Equal(3, (await UsedAsync(Account)).Messages);
        await Store.DisposeAsync();
        string kept = Assert.Single(Directory.GetFiles(_folder.Path, "mailaccess.quota", SearchOption.AllDirectories));
        byte[] content = File.ReadAllBytes(kept);
        content[content.AsSpan().IndexOf("300 3"u8)] = (byte)'9';
        File.WriteAllBytes(kept, content);
        await using MboxStore again = await OpenAsync(new PosixFiles());
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync(Must(await again.OpenAccountAsync("alice", None))));
    }
}
