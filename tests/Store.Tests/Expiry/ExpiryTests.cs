using MailAccess.Store.Expiry;
using MailAccess.Store.Maildir;
using MailAccess.Store.Memory;
using MailAccess.Store.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Store.Tests.Expiry;

/// <summary>What goes by itself, and above all what stays.</summary>
public abstract class ExpiryContract : StoreFixture
{
    private readonly StoreLimits _limits = new() { ExpiryMessagesPerCommit = 2 };

    private static ExpiryRule Rule(string mailbox, int? days = null, int? messages = null)
    {
        Assert.True(MailboxSelector.TryParse(mailbox, out MailboxSelector? selector));
        return new ExpiryRule { Mailbox = selector, AgeMax = days is { } d ? TimeSpan.FromDays(d) : null, MessagesMax = messages };
    }

    private Task<ExpiryOutcome> SweepAsync(ExpiryMode mode, params ExpiryRule[] rules) =>
        new ExpirySweep(Store, rules, _limits, Clock, NullLogger.Instance).RunAsync(["alice"], mode, None);

    private async Task<IMailbox> CreateAsync(string name, SpecialUse use)
    {
        Must(await Account.CreateAsync(Named(name), use, None));
        return await OpenAsync(name);
    }

    [Fact]
    public async Task Time_counts_from_when_a_message_came_into_the_mailbox()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox trash = await CreateAsync("Bin", SpecialUse.Trash);
        await FillAsync(trash, 3);
        await FillAsync(inbox, 2);
        Clock.Advance(TimeSpan.FromDays(20));
        Must(await inbox.MoveAsync(UidSet.Of(new Uid(1)), trash, None)); // Old, but new in the trash.
        await using IStagedMessage old = await StageAsync(Text(9));
        Must(await trash.AppendAsync([new MessageToAppend { Message = old, InternalDate = Clock.GetUtcNow().AddYears(-10) }], None));
        Clock.Advance(TimeSpan.FromDays(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(new ExpiryOutcome(1, 1, 0, 0), await SweepAsync(ExpiryMode.Remove, Rule("\\Trash", days: 30)));
        Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(new ExpiryOutcome(1, 1, 3, 0), await SweepAsync(ExpiryMode.OnlyCount, Rule("\\Trash", days: 30)));
        Assert.Equal(5, trash.Snapshot.Count);
        Assert.Equal(new ExpiryOutcome(1, 1, 3, 0), await SweepAsync(ExpiryMode.Remove, Rule("\\Trash", days: 30)));
        Assert.Equal([4u, 5u], Uids(trash));
        Assert.Equal(1, inbox.Snapshot.Count);
    }

    [Fact]
    public async Task Of_too_many_those_go_that_came_first()
    {
        await using IMailbox lists = await CreateAsync("Lists/a", SpecialUse.None);
        await using IMailbox other = await CreateAsync("Other", SpecialUse.None);
        await FillAsync(lists, 10);
        await FillAsync(other, 10);
        Assert.Equal(new ExpiryOutcome(1, 1, 7, 0), await SweepAsync(ExpiryMode.Remove, Rule("Lists/*", messages: 3)));
        Assert.Equal([8u, 9u, 10u], Uids(lists));
        Assert.Equal(10, other.Snapshot.Count);
        Assert.Equal(new ExpiryOutcome(1, 1, 0, 0), await SweepAsync(ExpiryMode.Remove, Rule("Lists/*", messages: 3)));
    }

    [Fact]
    public async Task Several_rules_for_a_mailbox_all_hold()
    {
        await using IMailbox junk = await CreateAsync("Junk", SpecialUse.Junk);
        await FillAsync(junk, 2);
        Clock.Advance(TimeSpan.FromDays(8));
        await FillAsync(junk, 4);
        Assert.Equal(3, (await SweepAsync(ExpiryMode.Remove, Rule("\\Junk", days: 7), Rule("J*", messages: 3))).Messages);
        Assert.Equal([4u, 5u, 6u], Uids(junk));
    }

    [Fact]
    public async Task A_mailbox_that_no_rule_names_is_never_touched()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        await using IMailbox trash = await CreateAsync("Trash", SpecialUse.None);
        await FillAsync(inbox, 3);
        await FillAsync(trash, 3);
        Clock.Advance(TimeSpan.FromDays(1000));
        Assert.Equal(default, await SweepAsync(ExpiryMode.Remove));
        Assert.Equal(new ExpiryOutcome(1, 0, 0, 0), await SweepAsync(ExpiryMode.Remove, Rule("\\Trash", days: 1), Rule("Tras", messages: 1), Rule("inbox/%", days: 1)));
        Assert.Equal((3, 3), (inbox.Snapshot.Count, trash.Snapshot.Count));
    }

    [Fact]
    public async Task A_rule_without_bounds_lets_nothing_go()
    {
        await using IMailbox inbox = await OpenAsync("INBOX");
        await FillAsync(inbox, 3);
        Clock.Advance(TimeSpan.FromDays(1000));
        Assert.Equal(0, (await SweepAsync(ExpiryMode.Remove, Rule("*"))).Messages);
    }
}

public sealed class MemoryExpiryTests : ExpiryContract
{
    protected override ValueTask<IMailStore> OpenStoreAsync() => new(new MemoryMailStore(Clock));

    [Fact]
    public async Task After_some_mailboxes_the_sweep_waits_for_them_to_be_closed()
    {
        Assert.True(MailboxSelector.TryParse("*", out MailboxSelector? all));
        var limits = new StoreLimits { ExpiryMailboxesBetweenPauses = 10 };
        var sweep = new ExpirySweep(Store, [new ExpiryRule { Mailbox = all, MessagesMax = 1 }], limits, Clock, NullLogger.Instance);
        Task<ExpiryOutcome> running = sweep.RunAsync(Enumerable.Range(0, 25).Select(i => $"account{i}"), ExpiryMode.Remove, None);
        Assert.False(running.IsCompleted);
        Clock.Advance(limits.MailboxIdleTimeout);
        Assert.False(running.IsCompleted);
        Clock.Advance(limits.MailboxIdleTimeout);
        Assert.Equal(25, (await running).Mailboxes);
    }
}

public sealed class MaildirExpiryTests : ExpiryContract
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Without the rounds that a clock moved by years would make.</summary>
    protected override async ValueTask<IMailStore> OpenStoreAsync() => Must(await MaildirStore.OpenAsync(
        _folder.Options(new StoreLimits { JournalSegmentOctets = 1 << 20, WorkerThreads = 4, HousekeepingInterval = TimeSpan.FromDays(5000) }),
        Clock, NullLogger.Instance));

    protected override IDisposable Folder => _folder;
}
