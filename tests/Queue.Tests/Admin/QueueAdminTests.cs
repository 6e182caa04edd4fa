using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>What administrators do with messages while the queue works.</summary>
public sealed class QueueAdminTests : RemoteDeliveryFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // By the clock that stands still.

    private DateTimeOffset Now => Harness.Clock.GetUtcNow();

    private async Task<QueueActionOutcome> ActAsync(string id, QueueAction action, string? text = null) =>
        await Harness.Queue.Admin.ActAsync(id, action, text, Patience, None);

    private async Task<QueueEntry[]> ListAsync(QueueFilter? filter = null) => await Harness.Queue.Admin.ListAsync(filter ?? QueueFilter.All, None).ToArrayAsync(None);

    /// <summary>A message to x@far.test whose server says 450, and which waits therefore.</summary>
    private async Task<string> DeferredAsync(string to = "x@far.test")
    {
        await Harness.SendAsync("alice@example.test", to);
        await Harness.Logger.SawAsync($"to=<{to}>", "status=deferred");
        string id = (await ListAsync()).Single(e => e.Recipients[0].Address == to).Id;
        await Harness.Queue.Admin.ActAsync(id, QueueAction.Release, null, Patience, None); // Says that it is on no hold, when the attempt has ended.
        return id;
    }

    private ScriptedPeer Busy() => Peer("far.test", c => c.Verb == "RCPT" ? "450 4.2.1 busy" : null);

    [Fact]
    public async Task A_message_on_hold_is_tried_by_no_schedule_no_flush_and_no_restart_until_released()
    {
        bool isBusy = true;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && isBusy ? "450 4.2.1 busy" : null);
        string id = await DeferredAsync();
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Hold)).Result);
        await Harness.Logger.SawAsync($"{id}: placed on hold (by the administrator)");
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Release)).Result);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Hold, "looks odd")).Result);
        isBusy = false;
        Harness.Clock.Advance(TimeSpan.FromDays(1));
        Harness.Queue.Flush();
        await Harness.RestartAsync();
        Harness.Queue.Flush();
        Harness.Clock.Advance(TimeSpan.FromDays(1));
        await Harness.SendAsync("alice@example.test", "other@far.test");
        await Harness.Logger.SawAsync("to=<other@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Single(peer.Messages);
        QueueEntry entry = Assert.Single(await ListAsync());
        Assert.Equal((QueueState.Hold, "looks odd", 2), (entry.State, entry.HoldReason, entry.Attempts));
        Assert.Equal(QueueActionResult.Unchanged, (await ActAsync(id, QueueAction.Hold)).Result);
        Assert.Equal(QueueActionResult.Refused, (await ActAsync(id, QueueAction.Retry)).Result);

        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Release)).Result);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(2, peer.Messages.Count);
        Assert.Equal(QueueActionResult.NotFound, (await ActAsync(id, QueueAction.Release)).Result);
    }

    [Fact]
    public async Task What_is_being_delivered_is_left_alone_and_waited_for()
    {
        TaskCompletionSource slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedPeer peer = Peer("far.test", c =>
        {
            if (c.Verb == ".")
            {
                slow.Task.GetAwaiter().GetResult();
            }
            return null;
        });
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await peer.SawAsync("DATA", None);
        QueueEntry entry = Assert.Single(await ListAsync());
        Assert.Equal(QueueState.Active, entry.State);
        Assert.Equal(QueueActionResult.Busy, (await Harness.Queue.Admin.ActAsync(entry.Id, QueueAction.Delete, null, TimeSpan.Zero, None)).Result);
        Assert.Equal(new QueueActionOutcome(entry.Id, QueueActionResult.Unchanged, "is being delivered now"), await ActAsync(entry.Id, QueueAction.Retry)); // What was asked for.
        Task<QueueActionOutcome> deleting = ActAsync(entry.Id, QueueAction.Delete);
        slow.SetResult();
        Assert.Equal(QueueActionResult.NotFound, (await deleting).Result);
        Assert.Single(peer.Messages);
    }

    [Fact]
    public async Task Deleted_mail_is_gone_and_nobody_is_told()
    {
        await using ScriptedPeer peer = Busy();
        string id = await DeferredAsync();
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Delete)).Result);
        Harness.Clock.Advance(TimeSpan.FromDays(6));
        Assert.Empty(Harness.Disk.Names);
        Assert.Equal(0, Harness.Queue.WaitingCount);
        Assert.Empty(await Harness.InboxAsync("alice"));
        Assert.Empty(peer.Messages);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bounced_mail_comes_back_at_once_with_the_administrators_words(bool isOnHold)
    {
        await using ScriptedPeer peer = Busy();
        string id = await DeferredAsync();
        if (isOnHold)
        {
            await ActAsync(id, QueueAction.Hold);
        }
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Bounce, "we do not send such mail")).Result);
        await Harness.Logger.SawAsync("to=<alice@example.test>", "status=sent");
        await Harness.Logger.SawAsync("removed");
        string report = Assert.Single(await Harness.InboxAsync("alice"));
        Assert.Contains("Final-Recipient: rfc822; x@far.test\r\nAction: failed\r\nStatus: 5.7.1", report, StringComparison.Ordinal);
        Assert.Contains("we do not send such mail", report, StringComparison.Ordinal);
        Assert.Empty(Harness.Disk.Names);
    }

    [Fact]
    public async Task Requeued_mail_has_no_attempts_behind_it_and_is_tried_now()
    {
        bool isBusy = true;
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" && isBusy ? "450 4.2.1 busy" : null);
        string id = await DeferredAsync();
        Assert.Equal(1, Assert.Single(await ListAsync()).Attempts);
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Requeue)).Result);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        await ActAsync(id, QueueAction.Release);
        Assert.Equal(1, Assert.Single(await ListAsync()).Attempts);
        isBusy = false;
        Assert.Equal(QueueActionResult.Done, (await ActAsync(id, QueueAction.Retry)).Result);
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
    }

    [Fact]
    public async Task Nobody_is_made_to_send_what_its_sender_wants_sent_later() // RFC 4865 §4.2
    {
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test") with { Hold = new FutureRelease(Now + TimeSpan.FromDays(1), "for;86400") });
        QueueEntry entry = Assert.Single(await ListAsync());
        Assert.Equal(QueueState.Future, entry.State);
        Assert.Equal(QueueActionResult.Refused, (await ActAsync(entry.Id, QueueAction.Retry)).Result);
        Assert.Equal(QueueActionResult.Done, (await ActAsync(entry.Id, QueueAction.Hold)).Result);
        Assert.Equal(QueueActionResult.Done, (await ActAsync(entry.Id, QueueAction.Release)).Result);
        while ((entry = Assert.Single(await ListAsync())).State == QueueState.Active || Harness.Queue.WaitingCount == 0)
        {
            await Task.Yield(); // The queue looks at what was released, and puts it back.
        }
        Assert.Equal((QueueState.Future, 0), (entry.State, entry.Attempts));
    }

    [Fact]
    public async Task Filters_choose_by_what_is_asked_for()
    {
        await using ScriptedPeer peer = Busy();
        string old = await DeferredAsync("x@far.test");
        Harness.Clock.Advance(TimeSpan.FromMinutes(1));
        string young = await DeferredAsync("y@far.test");
        await ActAsync(young, QueueAction.Hold);

        await AreAsync(new QueueFilter(), old, young);
        await AreAsync(new QueueFilter { Ids = [young, "nonsense"] }, young);
        await AreAsync(new QueueFilter { Sender = "ALICE@*.test", Domain = "far.test", Error = "BUSY" }, old, young);
        await AreAsync(new QueueFilter { Sender = "<>" });
        await AreAsync(new QueueFilter { Domain = "*.far.test" });
        await AreAsync(new QueueFilter { Recipient = "x@*" }, old);
        await AreAsync(new QueueFilter { Older = TimeSpan.FromMinutes(1) }, old);
        await AreAsync(new QueueFilter { Younger = TimeSpan.FromMinutes(1) }, young);
        await AreAsync(new QueueFilter { State = QueueState.Hold }, young);
        await AreAsync(new QueueFilter { State = QueueState.Deferred }, old);
        await AreAsync(new QueueFilter { Error = "full" });

        async Task AreAsync(QueueFilter filter, params string[] ids) => Assert.Equal(ids, (await ListAsync(filter)).Select(e => e.Id));
    }

    [Fact]
    public async Task Mail_that_a_rule_means_is_put_on_hold_as_it_comes_wherever_it_goes()
    {
        string file = Path.GetTempFileName();
        await RestartWithAsync(o => o with { HoldRulesFile = file });
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        Assert.True(HoldRule.TryParse("sender=ALICE@*  client=127.0.0.0/8", out HoldRule? rule, out _));
        HoldRules.Write(file, [rule]);
        Assert.Contains("queued", (await Harness.SendAsync("alice@example.test", "bob@example.test")).Overall.Text, StringComparison.Ordinal);
        Assert.Single(await Harness.InboxAsync("bob"));
        QueueEntry entry = Assert.Single(await ListAsync());
        Assert.Equal((QueueState.Hold, "rule sender=ALICE@* client=127.0.0.0/8"), (entry.State, entry.HoldReason));
        await Harness.SendAsync("carol@example.test", "bob@example.test");
        HoldRules.Write(file, []);
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        Assert.Equal(3, (await Harness.InboxAsync("bob")).Length);
        await ActAsync(entry.Id, QueueAction.Release);
        await Harness.Logger.SawAsync(entry.Id, "status=sent");
        Assert.Equal(4, (await Harness.InboxAsync("bob")).Length);
        File.Delete(file);
    }

    [Fact]
    public void Rules_that_were_written_in_one_tick_of_the_clock_count()
    {
        string file = Path.GetTempFileName();
        DateTime tick = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.True(HoldRule.TryParse("sender=alice@*", out HoldRule? rule, out _));
        HoldRules rules = new(file);
        File.SetLastWriteTimeUtc(file, tick);
        Assert.Null(Find());
        HoldRules.Write(file, [rule]);
        File.SetLastWriteTimeUtc(file, tick);
        Assert.Equal(rule.Text, Find()?.Text);
        File.Delete(file);
        Assert.Null(Find());

        HoldRule? Find() => rules.Find(QueueHarness.Envelope("alice@example.test", "bob@example.test"), new MailOrigin { Protocol = "smtp" });
    }

    [Fact]
    public async Task By_lmtp_a_rule_holds_who_was_taken_though_another_is_refused()
    {
        string file = Path.GetTempFileName();
        await RestartWithAsync(o => o with { HoldRulesFile = file });
        Assert.True(HoldRule.TryParse("sender=alice@*", out HoldRule? rule, out _));
        HoldRules.Write(file, [rule]);
        CommitOutcome outcome = await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "nobody@example.test", "bob@example.test"), CommitMode.ReplyPerRecipient);
        Assert.Equal([550, 250], outcome.PerRecipient.Select(r => r.Code));
        Assert.Empty(await Harness.InboxAsync("bob"));
        QueueEntry entry = Assert.Single(await ListAsync());
        Assert.Equal("bob@example.test", Assert.Single(entry.Recipients).Address);
        await ActAsync(entry.Id, QueueAction.Release);
        await Harness.EmptyAsync();
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Empty(await Harness.InboxAsync("alice"));
        File.Delete(file);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sender=")]
    [InlineData("sender=x@y subject=z")]
    [InlineData("client=example.org")]
    public void What_is_no_rule_is_refused(string text)
    {
        Assert.False(HoldRule.TryParse(text, out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("a*b*c", "axxbyybzc", true)]
    [InlineData("a*b", "ab", true)]
    [InlineData("a*b", "abx", false)]
    [InlineData("*@Example.org", "x@eXample.ORG", true)]
    [InlineData("", "x", false)]
    public void A_star_is_any_text(string pattern, string text, bool matches) => Assert.Equal(matches, Wildcard.Matches(pattern, text));

    [Theory]
    [InlineData(QueueAction.Hold, Crash.Kill)]
    [InlineData(QueueAction.Hold, Crash.PowerLossNothing)]
    [InlineData(QueueAction.Hold, Crash.PowerLossAnything)]
    [InlineData(QueueAction.Release, Crash.Kill)]
    [InlineData(QueueAction.Release, Crash.PowerLossNothing)]
    [InlineData(QueueAction.Delete, Crash.Kill)]
    [InlineData(QueueAction.Delete, Crash.PowerLossNothing)]
    [InlineData(QueueAction.Delete, Crash.PowerLossAnything)]
    [InlineData(QueueAction.Bounce, Crash.Kill)]
    [InlineData(QueueAction.Bounce, Crash.PowerLossNothing)]
    public async Task A_crash_at_any_step_leaves_the_message_as_it_was_or_as_it_was_meant_to_be(QueueAction action, Crash crash)
    {
        await using ScriptedPeer peer = Busy();
        QueueActionResult result;
        int step = 0;
        do
        {
            Harness.Disk = new SimulatedDisk();
            await Harness.RestartAsync();
            string id = await DeferredAsync();
            if (action == QueueAction.Release)
            {
                await ActAsync(id, QueueAction.Hold);
            }
            Harness.Disk.FailAfter(step++);
            result = (await ActAsync(id, action)).Result;
            Harness.Disk = Harness.Disk.After(crash, new Random(step));
            await Harness.RestartAsync();
            QueueEntry? found = (await ListAsync()).SingleOrDefault(e => e.Id == id);
            bool isDone = result == QueueActionResult.Done;
            switch (action)
            {
                case QueueAction.Hold:
                    Assert.True(found!.State == QueueState.Hold || !isDone, "the hold was promised and is lost");
                    break;
                case QueueAction.Release:
                    Assert.True(found!.State != QueueState.Hold || !isDone, "the release was promised and is lost");
                    break;
                case QueueAction.Delete:
                    Assert.True(found is null || !isDone, "the deletion was promised and is lost");
                    break;
                default:
                    Assert.True(found is null || !isDone, "the message was returned and is still there");
                    break;
            }
        }
        while (result != QueueActionResult.Done);
        Assert.True(step > 1, "no step failed");
    }
}
