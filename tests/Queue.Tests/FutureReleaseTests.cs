using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Messages that wait for their release. RFC 4865.</summary>
public sealed class FutureReleaseTests : RemoteDeliveryFixture
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private DateTimeOffset Now => Harness.Clock.GetUtcNow();

    private Envelope Held(TimeSpan wait, params string[] to) =>
        QueueHarness.Envelope("alice@example.test", to) with { Hold = new FutureRelease(Now + wait, $"for;{wait.TotalSeconds:0}") };

    /// <summary>The queue has looked at everything that was due, and put back what waits.</summary>
    private async Task SettledAsync(int waiting)
    {
        while (Harness.Queue.WaitingCount != waiting)
        {
            await Task.Yield();
        }
    }

    [Theory]
    [InlineData("bob@example.test")]
    [InlineData("x@far.test")]
    [InlineData("bob@example.test", "x@far.test")]
    public async Task A_message_is_not_released_before_its_time_and_goes_then(params string[] to)
    {
        await using ScriptedPeer peer = Peer("far.test");
        Assert.Contains("queued", (await Harness.SendAsync(Held(Day, to))).Overall.Text, StringComparison.Ordinal);
        await SettledAsync(1);
        QueueEntry entry = await WaitingAsync();
        Assert.Equal((Now + Day, 0), (entry.NextAttempt, entry.Attempts));
        Harness.Clock.Advance(Day - TimeSpan.FromSeconds(1));
        await SettledAsync(1);
        Assert.Empty(peer.Messages);
        Assert.Empty(await Harness.InboxAsync("bob"));
        Harness.Clock.Advance(TimeSpan.FromSeconds(1));
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(to.Contains("x@far.test") ? 1 : 0, peer.Messages.Count);
        Assert.Equal(to.Contains("bob@example.test") ? 1 : 0, (await Harness.InboxAsync("bob")).Length);
    }

    [Fact]
    public async Task Neither_a_flush_nor_a_restart_releases_it()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await Harness.SendAsync(Held(Day, "x@far.test", "bob@example.test"));
        Harness.Queue.Flush();
        await Harness.SendAsync("alice@example.test", "one@far.test");
        Assert.Equal("RCPT TO:<one@far.test>", Assert.Single((await peer.NextMessageAsync(None)).Recipients));
        await Harness.Logger.SawAsync("removed"); // Else the restart may come before the record, and it is sent again.
        await Harness.RestartAsync();
        Harness.Queue.Flush();
        await Harness.SendAsync("alice@example.test", "two@far.test");
        Assert.Equal("RCPT TO:<two@far.test>", Assert.Single((await peer.NextMessageAsync(None)).Recipients));
        await SettledAsync(1);
        Assert.Equal(0, (await WaitingAsync()).Attempts);
        Harness.Clock.Advance(Day);
        Assert.Equal("RCPT TO:<x@far.test>", Assert.Single((await peer.NextMessageAsync(None)).Recipients));
        await Harness.Logger.SawAsync("to=<bob@example.test>", "status=sent");
        Assert.Single(await Harness.InboxAsync("bob"));
    }

    [Fact]
    public async Task What_came_due_while_the_server_was_down_goes_at_the_next_start()
    {
        await using ScriptedPeer peer = Peer("far.test");
        await Harness.SendAsync(Held(Day, "x@far.test"));
        await Harness.Queue.DisposeAsync();
        Harness.Clock.Advance(Day * 2);
        await Harness.StartAsync();
        await peer.NextMessageAsync(None);
    }

    [Fact]
    public void Lifetime_and_delay_count_from_the_release() // RFC 4865 §4.2
    {
        QueueOptions options = new() { HostName = "mail.example.test", SpoolFolder = "" };
        SpoolMessage message = Samples.Message(1, "x@far.test") with { Attempts = 1, Hold = new FutureRelease(Samples.Start + Day, "for;86400") };
        Assert.NotNull(Aftermath.DecideRetry(message, options, Samples.Start.AddDays(5)).NextAttempt);
        Assert.Null(Aftermath.DecideRetry(message, options, Samples.Start.AddDays(6)).NextAttempt);
        Assert.Empty(Aftermath.DecideNotifications(message, options, Samples.Start + Day + TimeSpan.FromHours(3)));
        Assert.Single(Aftermath.DecideNotifications(message, options, Samples.Start + Day + TimeSpan.FromHours(4)));
    }

    [Fact]
    public async Task A_report_says_when_the_message_came_and_what_was_asked_for() // RFC 4865 §5.1.2
    {
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" ? "550 5.1.1 unknown" : null);
        await Harness.SendAsync(Held(Day, "x@far.test"));
        Harness.Clock.Advance(Day);
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        string report = Assert.Single(await Harness.InboxAsync("alice"));
        Assert.Contains("Arrival-Date: Sat, 14 Mar 2026 09:26:53 +0000\r\nFuture-Release-Request: for;86400\r\n", report, StringComparison.Ordinal);
    }
}
