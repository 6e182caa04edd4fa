using MailAccess.Smtp;
using MailAccess.Store.Memory;
using MailAccess.Store.Quota;

namespace MailAccess.Queue.Tests;

/// <summary>Mailboxes that take no more: before data, at the end of data, and from the spool.</summary>
public sealed class QuotaTests
{
    private static QueueHarness Create(Rules rules, bool isPermanent)
    {
        QueueHarness harness = new();
        harness.Store = new MemoryMailStore(harness.Clock, quota: rules);
        harness.Options = harness.Options with { FullMailboxIsPermanent = isPermanent };
        return harness;
    }

    [Theory]
    [InlineData(false, RecipientKind.Full)]
    [InlineData(true, RecipientKind.FullForGood)]
    public async Task A_full_mailbox_is_refused_before_data(bool isPermanent, RecipientKind kind)
    {
        Rules rules = new("bob") { Messages = 1 };
        await using QueueHarness harness = await Create(rules, isPermanent).StartAsync();
        Assert.Equal(RecipientKind.Local, (await harness.Queue.VerifyRecipientAsync(Samples.Path("bob@example.test"), default)).Kind);
        Assert.Equal(250, (await harness.SendAsync("alice@example.test", "bob@example.test")).Overall.Code);
        Assert.Equal(kind, (await harness.Queue.VerifyRecipientAsync(Samples.Path("bob+news@example.test"), default)).Kind);
        Assert.Equal(RecipientKind.Local, (await harness.Queue.VerifyRecipientAsync(Samples.Path("carol@example.test"), default)).Kind);
    }

    [Fact]
    public async Task What_does_not_fit_for_now_waits_and_is_delivered_when_there_is_room()
    {
        Rules rules = new("bob") { Octets = 20 };
        await using QueueHarness harness = await Create(rules, isPermanent: false).StartAsync();
        CommitOutcome outcome = await harness.SendAsync("alice@example.test", "bob@example.test", "carol@example.test");
        Assert.Equal([452, 250], outcome.PerRecipient.Select(r => r.Code));
        Assert.Empty(await harness.InboxAsync("bob"));
        Assert.Single(await harness.InboxAsync("carol"));
        rules.Octets = 10_000;
        harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await harness.Logger.SawAsync("removed");
        Assert.Single(await harness.InboxAsync("bob"));
        Assert.Single(await harness.InboxAsync("carol"));
    }

    [Fact]
    public async Task What_does_not_fit_for_good_is_told_at_once()
    {
        Rules rules = new("bob") { Octets = 20 };
        await using QueueHarness harness = await Create(rules, isPermanent: true).StartAsync();
        SmtpReply only = (await harness.SendAsync("alice@example.test", "bob@example.test")).Overall;
        Assert.Equal((552, new EnhancedCode(5, 2, 2)), (only.Code, only.Enhanced));
        Assert.Empty(harness.Disk.Names); // The client knows: no report.
        Assert.Equal(250, (await harness.SendAsync("alice@example.test", "bob@example.test", "carol@example.test")).Overall.Code);
        await harness.Logger.SawAsync("sender non-delivery notification");
        await harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        string report = Assert.Single(await harness.InboxAsync("alice"));
        Assert.Contains("Status: 5.2.2", report, StringComparison.Ordinal);
        Assert.Contains("bob@example.test", report, StringComparison.Ordinal);
    }

    /// <summary>Limits for one account.</summary>
    private sealed class Rules(string accountName) : IQuotaPolicy
    {
        public long? Octets { get; set; }

        public long? Messages { get; set; }

        public ValueTask<QuotaRules> RulesOfAsync(string account, CancellationToken cancellationToken) =>
            new(account == accountName ? new QuotaRules { Account = new QuotaLimit(Octets, Messages) } : QuotaRules.None);

        public void Warn(QuotaWarning warning)
        {
        }
    }
}
