using MailAccess.Message.Searching;
using MailAccess.Store.Maildir;
using MailAccess.Store.Memory;
using MailAccess.Store.Search;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Search;

public sealed class MemorySearchTests : SearchContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));
}

public sealed class MaildirSearchTests : SearchContract
{
    private readonly TemporaryFolder _folder = new();
    private MaildirStore _store = null!;

    private string FilterPath => Path.Combine(_folder.Root("alice"), TrigramFile.FileName);

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        _store = Must(await MaildirStore.OpenAsync(_folder.Options(), Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;

    [Fact]
    public async Task Files_of_others_with_LF_are_searched_as_they_lie_and_big_ones_piece_by_piece()
    {
        string inbox = Path.Combine(_folder.Root("alice"), "cur");
        string alternative = "Subject: one\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\nfirst part\n--b\nContent-Type: text/html\n\n<p>sec<b>ond</b>\n part</p>\n--b--\n";
        await File.WriteAllTextAsync(Path.Combine(inbox, "1.a.host:2,S"), alternative);
        await File.WriteAllTextAsync(Path.Combine(inbox, "2.b.host:2,S"), "Subject: two\nX: y\n\nline\r\nsecond part\n");
        await File.WriteAllTextAsync(Path.Combine(inbox, "3.c.host:2,S"), "Subject: three\n\n" + string.Concat(Enumerable.Repeat("0123456789 abc\n", 400_000)) + "second part\n");
        await using IMailbox mailbox = await OpenAsync("INBOX");
        Must(await mailbox.RefreshAsync(None));
        TextTerm[] terms = [TextTerm.Body("second part"), TextTerm.Body("preamble"), TextTerm.Everywhere("text/html"), TextTerm.Body("first part"), TextTerm.Body("abc\r\n012")];
        Assert.Equal(["1:3", "", "1", "1", "3"], await SearchAsync(mailbox, UidSet.All, terms));
    }

    [Fact]
    public async Task The_filter_is_made_in_rounds_and_names_only_what_may_have_the_text()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 1_000);
        TrigramFilter filter = Filter(mailbox);
        Assert.Equal(1_000, filter.CountMissing(mailbox.Snapshot));
        for (int made = 1; made > 0;)
        {
            made = filter.Extend(((Store.Model.MailboxHandle)mailbox).Model, 300, long.MaxValue);
        }
        Assert.Equal(0, filter.CountMissing(mailbox.Snapshot));
        Assert.Equal(1_000, filter.Extent.Messages);
        List<int> all = [.. Enumerable.Range(0, 1_000)];
        List<int> remaining = filter.Filter(mailbox.Snapshot, all, [TextTerm.Body("body 777")]);
        Assert.Contains(776, remaining);
        Assert.InRange(remaining.Count, 1, 50);
        Assert.Equal(all, filter.Filter(mailbox.Snapshot, all, [TextTerm.Body("77")]));
        Assert.Equal(["777"], await SearchAsync(mailbox, UidSet.All, TextTerm.Body("body 777")));
        Uid later = await AppendAsync(mailbox, "Subject: x\r\n\r\nbody 777 again\r\n");
        Assert.Equal([$"777,{later}"], await SearchAsync(mailbox, UidSet.All, TextTerm.Body("body 777")));
    }

    [Fact]
    public async Task A_filter_survives_the_process_and_every_kind_of_damage_only_costs_time()
    {
        await using (IMailbox mailbox = await OpenAsync("INBOX"))
        {
            await FillAsync(mailbox, 200);
            Complete(mailbox);
        }
        byte[] whole = await File.ReadAllBytesAsync(FilterPath);
        Random random = new(3);
        for (int i = 0; i < 40; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            await File.WriteAllBytesAsync(FilterPath, i % 4 == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
            await using IMailbox mailbox = await OpenAsync("INBOX");
            TrigramFilter fresh = new(_store.Files, _folder.Root("alice"), ((MaildirMailbox)((Store.Model.MailboxHandle)mailbox).Model).Guid);
            Complete(mailbox, fresh);
            List<int> remaining = fresh.Filter(mailbox.Snapshot, [.. Enumerable.Range(0, 200)], [TextTerm.Body("body 42")]);
            Assert.Contains(41, remaining);
            Complete(mailbox, fresh);
            Assert.Equal(0, fresh.CountMissing(mailbox.Snapshot));
            Assert.True(fresh.Filter(mailbox.Snapshot, [.. Enumerable.Range(0, 200)], [TextTerm.Body("body 42")]).Count < 50);
        }
    }

    [Fact]
    public async Task Messages_that_are_no_more_leave_the_file()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 1_000);
        TrigramFilter filter = Complete(mailbox);
        long before = filter.Extent.Octets;
        Must(await mailbox.ExpungeAsync(UidSet.FromRanges([(new Uid(1), new Uid(900))]), ExpungeScope.AllNamed, None));
        filter.Compact(mailbox.Snapshot);
        Assert.Equal(100, filter.Extent.Messages);
        Assert.InRange(filter.Extent.Octets, 1, before / 5);
        Assert.Equal(filter.Extent.Octets, new FileInfo(FilterPath).Length);
        Assert.Equal(["950"], await SearchAsync(mailbox, UidSet.All, TextTerm.Body("body 950")));
    }

    [Fact]
    public async Task An_administrator_makes_and_checks_it()
    {
        await using IMailbox mailbox = await OpenAsync("INBOX");
        await FillAsync(mailbox, 700);
        Assert.Equal(new SearchFilterState(0, 700, 0, true), Must(await SearchFilters.CheckAsync(mailbox, None)));
        List<(int Done, int Total)> told = [];
        Assert.Equal(700, Must(await SearchFilters.MakeAsync(mailbox, anew: true, (done, total) => told.Add((done, total)), None)));
        Assert.Equal([(512, 700), (700, 700), (700, 700)], told);
        SearchFilterState state = Must(await SearchFilters.CheckAsync(mailbox, None));
        Assert.Equal((700, 0, true), (state.Messages, state.Missing, state.IsSound));
        byte[] file = await File.ReadAllBytesAsync(FilterPath);
        file[^1] ^= 1;
        await File.WriteAllBytesAsync(FilterPath, file);
        Assert.False(Must(await SearchFilters.CheckAsync(mailbox, None)).IsSound);
    }

    private static TrigramFilter Filter(IMailbox mailbox) => ((Store.Model.MailboxHandle)mailbox).Model.SearchFilter!;

    private static TrigramFilter Complete(IMailbox mailbox, TrigramFilter? filter = null)
    {
        filter ??= Filter(mailbox);
        while (filter.Extend(((Store.Model.MailboxHandle)mailbox).Model, 300, long.MaxValue) > 0)
        {
        }
        return filter;
    }
}
