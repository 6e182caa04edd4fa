using MailAccess.Store.Maildir;
using MailAccess.Store.Mbox;
using MailAccess.Store.Memory;
using MailAccess.Store.Quota;
using MailAccess.Store.Tests.Contract;
using MailAccess.Store.Tests.Mbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Quota;

/// <summary>Rules that a test sets, and warnings that it sees.</summary>
public sealed class TestPolicy : IQuotaPolicy
{
    private readonly Lock _gate = new();
    private readonly List<QuotaWarning> _warnings = [];

    public QuotaRules Rules { get; set; } = QuotaRules.None;

    public List<QuotaWarning> Warnings
    {
        get
        {
            lock (_gate)
            {
                return [.. _warnings];
            }
        }
    }

    public static MailboxSelector Select(string text) => MailboxSelector.TryParse(text, out MailboxSelector? selector) ? selector : throw new FormatException(text);

    public ValueTask<QuotaRules> RulesOfAsync(string accountName, CancellationToken cancellationToken) => new(Rules);

    public void Warn(QuotaWarning warning)
    {
        lock (_gate)
        {
            _warnings.Add(warning);
        }
    }
}

/// <summary>What a quota means, whatever holds the mail.</summary>
public abstract class QuotaContract : StoreFixture
{
    protected static readonly string Hundred = new string('x', 98) + "\r\n";

    protected TestPolicy Policy { get; } = new();

    protected static QuotaRules Messages(long most) => new() { Account = new QuotaLimit(null, most) };

    protected static QuotaRules Octets(long most) => new() { Account = new QuotaLimit(most, null) };

    protected async Task<QuotaAmount> UsedAsync() => Assert.Single(Must(await Account.GetQuotaAsync(MailboxName.Inbox, None))).Used;

    protected async Task<StoreError> TryAppendAsync(IMailbox mailbox, int count = 1)
    {
        await using IStagedMessage staged = await StageAsync(Hundred);
        return (await mailbox.AppendAsync([.. Enumerable.Range(0, count).Select(_ => new MessageToAppend { Message = staged })], None)).Error;
    }

    protected async Task<IMailbox> CreateAsync(string name, SpecialUse use)
    {
        Must(await Account.CreateAsync(Named(name), use, None));
        return await OpenAsync(name);
    }

    [Fact]
    public async Task Without_rules_there_is_no_root_and_no_limit()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 3));
        Assert.Empty(Must(await Account.GetQuotaAsync(null, None)));
    }

    [Fact]
    public async Task The_limit_is_reached_exactly_and_not_exceeded()
    {
        Policy.Rules = Octets(300);
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 2));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox, 2)); // All or nothing: not one of them.
        Assert.Equal(2, inbox.Snapshot.Count);
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync());
        Policy.Rules = Messages(3);
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
    }

    [Fact]
    public async Task What_is_expunged_makes_room()
    {
        Policy.Rules = Messages(2);
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 2));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
        Must(await inbox.ExpungeAsync(UidSet.Of(new Uid(1)), ExpungeScope.AllNamed, None));
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync());
    }

    [Fact]
    public async Task A_copy_counts_and_a_move_within_the_account_does_not()
    {
        Policy.Rules = Messages(3);
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 2));
        Assert.Equal(StoreError.OverQuota, (await inbox.CopyAsync(UidSet.All, other, None)).Error);
        Assert.Equal(0, other.Snapshot.Count);
        Must(await inbox.CopyAsync(UidSet.Of(new Uid(1)), other, None));
        Must(await inbox.MoveAsync(UidSet.All, other, None));
        Must(await other.MoveAsync(UidSet.Of(new Uid(1)), other, None));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync());
        Policy.Rules = Messages(1); // Too much already: things can still be put in order.
        Must(await other.MoveAsync(UidSet.All, inbox, None));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync());
    }

    private async Task<StoreError> TryReplaceAsync(IMailbox mailbox, Uid replaced, string text, IMailbox destination)
    {
        await using IStagedMessage staged = await StageAsync(text);
        return (await mailbox.ReplaceAsync(replaced, new MessageToAppend { Message = staged }, destination, None)).Error;
    }

    [Fact]
    public async Task A_message_that_takes_anothers_place_needs_room_only_for_what_it_has_more()
    {
        Policy.Rules = new QuotaRules { Account = new QuotaLimit(350, 3) };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 3));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
        Assert.Equal(StoreError.None, await TryReplaceAsync(inbox, new Uid(1), Hundred, inbox));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync());
        Assert.Equal(StoreError.OverQuota, await TryReplaceAsync(inbox, new Uid(2), Hundred + Hundred, other));
        Assert.Equal((3, 0), (inbox.Snapshot.Count, other.Snapshot.Count));
        Assert.Equal(StoreError.None, await TryReplaceAsync(inbox, new Uid(2), Hundred + Hundred[..48] + "\r\n", other));
        Assert.Equal(new QuotaAmount(350, 3), await UsedAsync());
        Assert.Equal(StoreError.OverQuota, await TryReplaceAsync(inbox, new Uid(3), Hundred + "x\r\n", inbox));
        Policy.Rules = new QuotaRules { Account = new QuotaLimit(10, 1) }; // Too much already: what does not grow may come.
        Assert.Equal(StoreError.None, await TryReplaceAsync(inbox, new Uid(3), Hundred, other));
        Assert.Equal(StoreError.OverQuota, await TryReplaceAsync(inbox, new Uid(4), Hundred + "x\r\n", inbox));
        Assert.Equal(StoreError.None, await TryReplaceAsync(inbox, new Uid(4), "small\r\n", inbox));
        Assert.Equal(new QuotaAmount(257, 3), await UsedAsync());
        Policy.Rules = new QuotaRules { Account = new QuotaLimit(357, 4) };
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
    }

    [Fact]
    public async Task In_a_mailbox_with_a_limit_of_its_own_a_replaced_message_makes_room_only_if_it_was_there()
    {
        Policy.Rules = new QuotaRules { Mailboxes = [new MailboxQuotaRule { Mailbox = TestPolicy.Select("Lists/*"), Own = new QuotaLimit(200, 2) }] };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox list = await CreateAsync("Lists/a");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(StoreError.None, await TryAppendAsync(list, 2));
        Assert.Equal(StoreError.OverQuota, await TryReplaceAsync(inbox, new Uid(1), "small\r\n", list));
        Assert.Equal(StoreError.OverQuota, await TryReplaceAsync(list, new Uid(1), Hundred + "x\r\n", list));
        Assert.Equal(StoreError.None, await TryReplaceAsync(list, new Uid(1), Hundred, list));
        Assert.Equal(new QuotaAmount(200, 2), Must(await Account.GetQuotaAsync(Named("Lists/a"), None)).Single().Used);
    }

    [Fact]
    public async Task Replacements_at_once_leave_true_counts_and_are_not_in_each_others_way()
    {
        Policy.Rules = Octets(2_000);
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 20));
        StoreError[] results = await Task.WhenAll(Enumerable.Range(1, 20).Select(i =>
            Task.Run(() => TryReplaceAsync(inbox, new Uid((uint)i), Hundred, i % 2 == 0 ? inbox : other))));
        Assert.All(results, r => Assert.Equal(StoreError.None, r));
        Assert.Equal((10, 10), (inbox.Snapshot.Count, other.Snapshot.Count));
        Assert.Equal(new QuotaAmount(2_000, 20), await UsedAsync());
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
        Must(await inbox.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None));
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 10));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
    }

    [Fact]
    public async Task An_ignored_mailbox_does_not_count_and_what_comes_out_of_it_does()
    {
        Policy.Rules = Messages(2) with { Mailboxes = [new MailboxQuotaRule { Mailbox = TestPolicy.Select("\\Trash"), IsIgnored = true }] };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox trash = await CreateAsync("Bin", SpecialUse.Trash);
        Assert.Equal(StoreError.None, await TryAppendAsync(trash, 5));
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 2));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync());
        Assert.Empty(Must(await Account.GetQuotaAsync(Named("Bin"), None)));
        Assert.Equal(StoreError.OverQuota, (await trash.MoveAsync(UidSet.Of(new Uid(1)), inbox, None)).Error);
        Must(await inbox.MoveAsync(UidSet.Of(new Uid(1)), trash, None));
        Assert.Equal(new QuotaAmount(100, 1), await UsedAsync());
        Must(await trash.MoveAsync(UidSet.Of(new Uid(1)), inbox, None));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync());
    }

    [Fact]
    public async Task Who_is_full_can_still_throw_away_where_a_rule_says_so()
    {
        Policy.Rules = Octets(1000) with { Mailboxes = [new MailboxQuotaRule { Mailbox = TestPolicy.Select("Trash"), ExtraPercent = 10, ExtraOctets = 100 }] };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox trash = await CreateAsync("Trash");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 10));
        Must(await inbox.CopyAsync(UidSet.Of(new Uid(1)), trash, None));
        Must(await inbox.CopyAsync(UidSet.Of(new Uid(1)), trash, None));
        Assert.Equal(StoreError.OverQuota, (await inbox.CopyAsync(UidSet.Of(new Uid(1)), trash, None)).Error);
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox));
    }

    [Fact]
    public async Task A_mailbox_can_have_a_limit_of_its_own()
    {
        Policy.Rules = new QuotaRules { Mailboxes = [new MailboxQuotaRule { Mailbox = TestPolicy.Select("Lists/*"), Own = new QuotaLimit(null, 2) }] };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox list = await CreateAsync("Lists/a");
        await using IMailbox second = await CreateAsync("Lists/b");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 5));
        Assert.Equal(StoreError.None, await TryAppendAsync(list, 2));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(list));
        Assert.Equal(StoreError.OverQuota, (await inbox.MoveAsync(UidSet.Of(new Uid(1)), list, None)).Error);
        Must(await list.MoveAsync(UidSet.Of(new Uid(1)), list, None));
        Assert.Equal(StoreError.None, await TryAppendAsync(second));
        QuotaRoot root = Assert.Single(Must(await Account.GetQuotaAsync(Named("Lists/a"), None)));
        Assert.Equal(("#mailbox/alice/Lists/a", new QuotaAmount(200, 2), true), (root.Name, root.Used, root.IsFull));
        Assert.Equal(2, Must(await Account.GetQuotaAsync(null, None)).Count);
    }

    [Fact]
    public async Task Counts_follow_a_mailbox_that_is_renamed_and_go_with_one_that_is_deleted()
    {
        Policy.Rules = Messages(10);
        await using (IMailbox box = await CreateAsync("a"))
        {
            Assert.Equal(StoreError.None, await TryAppendAsync(box, 3));
        }
        Must(await Account.RenameAsync(Named("a"), Named("b"), None));
        Assert.Equal(new QuotaAmount(300, 3), await UsedAsync());
        await using (IMailbox box = await OpenAsync("b"))
        {
            Assert.Equal(StoreError.None, await TryAppendAsync(box, 1));
        }
        Assert.Equal(new QuotaAmount(400, 4), await UsedAsync());
        Must(await Account.DeleteAsync(Named("b"), None));
        Assert.Equal(default, await UsedAsync());
        await using (IMailbox inbox = await OpenAsync("INBOX"))
        {
            Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 2));
        }
        Must(await Account.RenameAsync(MailboxName.Inbox, Named("Old"), None));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync());
    }

    [Fact]
    public async Task However_many_come_at_once_the_limit_is_met_exactly()
    {
        Policy.Rules = Octets(5_000);
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        StoreError[] results = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => Task.Run(() => TryAppendAsync(i % 2 == 0 ? inbox : other))));
        Assert.Equal(50, results.Count(r => r == StoreError.None));
        Assert.Equal(70, results.Count(r => r == StoreError.OverQuota));
        Assert.Equal(new QuotaAmount(5_000, 50), await UsedAsync());
    }

    [Fact]
    public async Task Moves_appends_and_expunges_at_once_leave_true_counts()
    {
        Policy.Rules = Messages(30);
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        await Task.WhenAll(Enumerable.Range(0, 90).Select(i => Task.Run<StoreError>(async () => (i % 3) switch
        {
            0 => await TryAppendAsync(inbox),
            1 => (await inbox.MoveAsync(UidSet.Of(new Uid((uint)i)), other, None)).Error,
            _ => (await other.ExpungeAsync(UidSet.Of(new Uid((uint)i / 9)), ExpungeScope.AllNamed, None)).Error,
        })));
        int count = inbox.Snapshot.Count + other.Snapshot.Count;
        Assert.InRange(count, 1, 30);
        Assert.Equal(new QuotaAmount(count * 100, count), await UsedAsync());
        Assert.Equal(30 - count == 0 ? StoreError.OverQuota : StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(StoreError.OverQuota, await TryAppendAsync(inbox, 31 - Math.Min(30, count)));
    }

    [Fact]
    public async Task Percentages_are_told_once_each_time_they_are_reached_from_below()
    {
        Policy.Rules = Messages(10) with { WarningPercents = [50, 90] };
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox other = await CreateAsync("Other");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 4));
        Assert.Empty(Policy.Warnings);
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        Must(await inbox.MoveAsync(UidSet.All, other, None));
        Assert.Equal([50], Policy.Warnings.Select(w => w.Percent));
        Must(await other.ExpungeAsync(UidSet.All, ExpungeScope.AllNamed, None));
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox, 9));
        Assert.Equal([50, 50, 90], Policy.Warnings.Select(w => w.Percent));
        Assert.Equal(new QuotaWarning("alice", 90, new QuotaAmount(900, 9), new QuotaLimit(null, 10)), Policy.Warnings[^1]);
    }

    [Fact]
    public async Task A_word_of_the_system_is_taken_also_where_there_is_no_room()
    {
        Policy.Rules = Messages(1);
        await using IMailbox inbox = await OpenAsync("INBOX");
        Assert.Equal(StoreError.None, await TryAppendAsync(inbox));
        await using IStagedMessage staged = await StageAsync(Hundred);
        Must(await inbox.AppendAsync([new MessageToAppend { Message = staged, IsExemptFromQuota = true }], None));
        Assert.Equal(new QuotaAmount(200, 2), await UsedAsync());
    }
}

public sealed class MemoryQuotaTests : QuotaContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock, quota: Policy));
}

public sealed class MaildirQuotaTests : QuotaContract
{
    private readonly TemporaryFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MaildirStore.OpenAsync(_folder.Options() with { Quota = Policy }, Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}

public sealed class MboxQuotaTests : QuotaContract
{
    private readonly SpoolFolder _folder = new();

    protected override async ValueTask<IMailStore> OpenStoreAsync() =>
        Must(await MboxStore.OpenAsync(_folder.Options() with { Quota = Policy }, Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}
