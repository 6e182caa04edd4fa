using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue.Tests;

public sealed class IntakeTests
{
    [Fact]
    public async Task Mail_for_local_recipients_is_in_their_mailboxes_before_the_answer()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        CommitOutcome outcome = await harness.SendAsync("alice@example.test", "bob@example.test");
        Assert.Equal(250, outcome.Overall.Code);
        Assert.Equal(
            "Return-Path: <alice@example.test>\r\nDelivered-To: bob@example.test\r\nFrom: a@example.test\r\nSubject: hello\r\n\r\n.dot\r\nbody\r\n",
            Assert.Single(await harness.InboxAsync("bob")));
        Assert.Empty(harness.Disk.Names);
        await harness.Logger.SawAsync("from=<alice@example.test>, size=", "nrcpt=1");
        await harness.Logger.SawAsync("to=<bob@example.test>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent");
        await harness.Logger.SawAsync("removed");
    }

    [Fact]
    public async Task Each_of_several_local_recipients_gets_a_copy_that_names_it()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        await harness.SendAsync("", "bob@example.test", "carol+news@example.test", "postmaster");
        Assert.StartsWith("Return-Path: <>\r\nDelivered-To: bob@example.test\r\nFrom:", Assert.Single(await harness.InboxAsync("bob")), StringComparison.Ordinal);
        Assert.Contains("Delivered-To: carol+news@example.test\r\n", Assert.Single(await harness.InboxAsync("carol")), StringComparison.Ordinal);
        Assert.Contains("Delivered-To: postmaster\r\n", Assert.Single(await harness.InboxAsync("root")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bob@example.test", RecipientKind.Local)]
    [InlineData("nobody@example.test", RecipientKind.Unknown)]
    [InlineData("bob@elsewhere.test", RecipientKind.Remote)]
    [InlineData("bob@EXAMPLE.test", RecipientKind.Local)]
    [InlineData("bob@BÜCHER.test", RecipientKind.Local)]
    public async Task Recipients_are_judged_before_data(string address, RecipientKind kind)
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        Assert.Equal(kind, (await harness.Queue.VerifyRecipientAsync(Samples.Path(address), default)).Kind);
    }

    [Fact]
    public async Task A_directory_that_is_down_is_temporary_and_the_mail_waits_in_the_spool()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        harness.IsDirectoryDown = true;
        Assert.Equal(RecipientKind.Temporary, (await harness.Queue.VerifyRecipientAsync(Samples.Path("bob@example.test"), default)).Kind);
        Assert.True((await harness.SendAsync("alice@example.test", "bob@example.test")).Overall.IsPositive);
        Assert.Equal(2, harness.Disk.Names.Count);
        harness.IsDirectoryDown = false;
        harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await harness.Logger.SawAsync("removed");
        Assert.Single(await harness.InboxAsync("bob"));
        Assert.Empty(harness.Disk.Names);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_by_what_came_not_by_what_was_said()
    {
        await using QueueHarness harness = new();
        harness.Options = harness.Options with { Limits = new QueueLimits { MessageOctetsMax = 20 } };
        await harness.StartAsync();
        CommitOutcome outcome = await harness.SendAsync("alice@example.test", "bob@example.test");
        Assert.Equal(552, outcome.Overall.Code);
        Assert.Empty(await harness.InboxAsync("bob"));
    }

    [Fact]
    public async Task A_message_with_too_many_hops_is_refused()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        string hops = string.Concat(Enumerable.Repeat("Received: from a by b\r\n", 101));
        CommitOutcome outcome = await harness.SendAsync(QueueHarness.Envelope("alice@example.test", "bob@elsewhere.test"), hops + "\r\nbody\r\n");
        Assert.Equal(new EnhancedCode(5, 4, 6), outcome.Overall.Enhanced);
        Assert.Empty(harness.Disk.Names);
    }

    [Fact]
    public async Task A_message_that_was_delivered_to_the_recipient_before_is_refused()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        CommitOutcome outcome = await harness.SendAsync(
            QueueHarness.Envelope("alice@example.test", "bob@example.test"), "Delivered-To: bob@example.test\r\n\r\nbody\r\n");
        Assert.Equal(new EnhancedCode(5, 4, 6), outcome.Overall.Enhanced);
    }

    [Fact]
    public async Task Lmtp_gets_a_reply_each_and_nothing_is_spooled()
    {
        await using QueueHarness harness = new();
        harness.Store = new FailingStore(harness.Store) { ["bob"] = StoreError.Unavailable, ["carol"] = StoreError.OverQuota };
        await harness.StartAsync();
        Envelope envelope = QueueHarness.Envelope("x@elsewhere.test", "alice@example.test", "bob@example.test", "carol@example.test", "nobody@example.test");
        CommitOutcome outcome = await harness.SendAsync(envelope, CommitMode.ReplyPerRecipient);
        Assert.Equal([250, 451, 452, 550], outcome.PerRecipient.Select(r => r.Code));
        Assert.Empty(harness.Disk.Names);
    }

    [Fact]
    public async Task With_one_reply_a_temporary_failure_goes_to_the_spool_alone_and_comes_later()
    {
        await using QueueHarness harness = new();
        FailingStore store = new(harness.Store) { ["bob"] = StoreError.Busy };
        harness.Store = store;
        await harness.StartAsync();
        Assert.True((await harness.SendAsync("x@elsewhere.test", "alice@example.test", "bob@example.test")).Overall.IsPositive);
        Assert.Single(await harness.InboxAsync("alice"));
        QueueEntry entry = Assert.Single(await harness.Queue.ListAsync(default).ToListAsync());
        Assert.Equal("bob@example.test", Assert.Single(entry.Recipients).Address);
        store.Clear();
        harness.Clock.Advance(TimeSpan.FromMinutes(5));
        await harness.Logger.SawAsync("removed");
        Assert.Single(await harness.InboxAsync("bob"));
        Assert.Single(await harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task Where_all_fail_for_good_the_reply_says_so_and_nobody_is_told_twice()
    {
        await using QueueHarness harness = new();
        harness.Store = new FailingStore(harness.Store) { ["bob"] = StoreError.OverQuota };
        harness.Options = harness.Options with { FullMailboxIsPermanent = true };
        await harness.StartAsync();
        CommitOutcome outcome = await harness.SendAsync("alice@example.test", "bob@example.test", "nobody@example.test");
        Assert.Equal(552, outcome.Overall.Code);
        Assert.Empty(harness.Disk.Names);
        Assert.Empty(await harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task A_spool_that_fails_means_a_temporary_refusal()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        harness.Disk.FailAfter(2);
        CommitOutcome outcome = await harness.SendAsync("alice@example.test", "bob@elsewhere.test");
        Assert.InRange(outcome.Overall.Code, 450, 452);
    }

    [Fact]
    public async Task Before_the_start_and_after_the_stop_no_mail_is_taken()
    {
        await using QueueHarness harness = await new QueueHarness().StartAsync();
        await harness.Queue.StopAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(451, (await harness.SendAsync("alice@example.test", "bob@example.test")).Overall.Code);
    }

    [Fact]
    public void Every_reason_of_the_store_has_a_reply()
    {
        foreach (StoreError error in Enum.GetValues<StoreError>().Where(e => e != StoreError.None))
        {
            SmtpReply reply = StoreReplies.ToReply(error);
            Assert.InRange(reply.Code, 400, 599);
            Assert.Equal(reply.Code / 100, reply.Enhanced!.Value.Class);
        }
    }
}
