using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Messages that must not be late. RFC 2852.</summary>
public sealed class DeliverByTests : RemoteDeliveryFixture
{
    private static readonly string[] Watching = ["PIPELINING", "DSN", "DELIVERBY"];

    private Envelope Timed(double seconds, DeliverByMode mode, string to, DsnNotify notify = DsnNotify.Unspecified, bool trace = false) => new()
    {
        ReversePath = Samples.Path("alice@example.test"),
        Recipients = [new EnvelopeRecipient { Path = Samples.Path(to), Notify = notify }],
        DeliverBy = new DeliverBy(Harness.Clock.GetUtcNow().AddSeconds(seconds), mode, trace),
    };

    private ScriptedPeer Peer(string[] extensions, Func<PeerCommand, PeerAnswer?>? script = null)
    {
        ScriptedPeer peer = new(script) { Extensions = extensions };
        Harness.Ports["far.test"] = peer.Port;
        return peer;
    }

    private async Task<string> ReportAsync()
    {
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        return Assert.Single(await Harness.InboxAsync("alice"));
    }

    [Fact]
    public async Task What_must_be_returned_is_returned_when_its_time_is_up_and_not_tried_any_more() // RFC 2852 §4.1.3
    {
        await using ScriptedPeer peer = Peer(Watching, c => c.Verb == "RCPT" ? "450 4.2.0 busy" : null);
        await Harness.SendAsync(Timed(120, DeliverByMode.Return, "x@far.test"));
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Assert.Equal(Harness.Clock.GetUtcNow().AddSeconds(120), (await WaitingAsync()).NextAttempt);
        Harness.Clock.Advance(TimeSpan.FromSeconds(120));
        string report = await ReportAsync();
        Assert.Contains("Arrival-Date: Sat, 14 Mar 2026 09:26:53 +0000\r\nDeliver-By-Date: Sat, 14 Mar 2026 09:28:53 +0000\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Action: failed\r\nStatus: 5.4.7\r\n", report, StringComparison.Ordinal);
        Assert.Single(peer.Heard, c => c.Verb == "RCPT");
    }

    [Fact]
    public async Task The_time_is_kept_over_a_restart()
    {
        await using ScriptedPeer peer = Peer(Watching, c => c.Verb == "RCPT" ? "450 4.2.0 busy" : null);
        await Harness.SendAsync(Timed(120, DeliverByMode.Return, "x@far.test"));
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        await WaitingAsync();
        await Harness.Queue.DisposeAsync();
        Harness.Clock.Advance(TimeSpan.FromSeconds(121));
        await Harness.StartAsync();
        Assert.Contains("Status: 5.4.7\r\n", await ReportAsync(), StringComparison.Ordinal);
        Assert.Single(peer.Heard, c => c.Verb == "RCPT");
    }

    [Fact]
    public async Task A_sender_who_wants_to_know_is_told_and_delivery_goes_on() // RFC 2852 §4.1.3
    {
        bool busy = true;
        await using ScriptedPeer peer = Peer(Watching, c => c.Verb == "RCPT" && busy ? "450 4.2.0 busy" : null);
        await Harness.SendAsync(Timed(120, DeliverByMode.Notify, "x@far.test"));
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        Assert.Equal(Harness.Clock.GetUtcNow().AddSeconds(120), (await WaitingAsync()).NextAttempt);
        Harness.Clock.Advance(TimeSpan.FromSeconds(120));
        string report = await ReportAsync();
        Assert.Contains("Action: delayed\r\nStatus: 4.4.7\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Deliver-By-Date: ", report, StringComparison.Ordinal);
        await Harness.Logger.SawAsync("removed");
        busy = false;
        Assert.Equal(Harness.Clock.GetUtcNow().AddMinutes(10), (await WaitingAsync()).NextAttempt);
        Harness.Clock.Advance(TimeSpan.FromMinutes(10)); // And no further: other timers would ring on the way, and the message go between them.
        Assert.EndsWith(" BY=-600;N", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
        await Harness.Logger.SawAsync("removed");
        Assert.Single(await Harness.InboxAsync("alice"));
    }

    [Theory]
    [InlineData(120, DeliverByMode.Return, false, "BY=120;R")]
    [InlineData(98.9, DeliverByMode.Return, true, "BY=98;RT")]
    [InlineData(-7, DeliverByMode.Notify, false, "BY=-7;N")]
    [InlineData(0, DeliverByMode.Notify, true, "BY=0;NT")]
    public async Task The_next_server_hears_how_much_time_is_left(double seconds, DeliverByMode mode, bool trace, string by) // RFC 2852 §4.1.4
    {
        await using ScriptedPeer peer = Peer(Watching);
        await Harness.SendAsync(Timed(seconds, mode, "x@far.test", trace: trace));
        Assert.Equal($"MAIL FROM:<alice@example.test> {by}", (await peer.NextMessageAsync(None)).Mail);
    }

    [Theory]
    [InlineData(null, "5.3.3")]
    [InlineData("DELIVERBY 240", "5.4.7")]
    [InlineData("DELIVERBY 121,SOMETHING", "5.4.7")]
    public async Task What_must_be_returned_never_goes_where_the_time_is_not_watched(string? announced, string status) // RFC 2852 §4.1.4.1, §6
    {
        await using ScriptedPeer peer = Peer(announced is null ? ["DSN"] : ["DSN", announced]);
        await Harness.SendAsync(Timed(120, DeliverByMode.Return, "x@far.test"));
        Assert.Contains($"Action: failed\r\nStatus: {status}\r\n", await ReportAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "MAIL");
    }

    [Theory]
    [InlineData("DELIVERBY 120")]
    [InlineData("DELIVERBY ,SOMETHING")]
    [InlineData("DELIVERBY nonsense")]
    public async Task A_least_time_that_is_kept_does_no_harm(string announced)
    {
        await using ScriptedPeer peer = Peer(["DSN", announced]);
        await Harness.SendAsync(Timed(120, DeliverByMode.Return, "x@far.test"));
        Assert.EndsWith(" BY=120;R", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, "NOTIFY=FAILURE,DELAY", true)]
    [InlineData(DsnNotify.Success, "NOTIFY=SUCCESS,DELAY", true)]
    [InlineData(DsnNotify.Failure | DsnNotify.Delay, "NOTIFY=FAILURE,DELAY", true)]
    [InlineData(DsnNotify.Never, "NOTIFY=NEVER", false)]
    public async Task Where_the_time_is_lost_the_sender_hears_of_the_relay(DsnNotify notify, string passed, bool told) // RFC 2852 §4.1.4.2
    {
        await using ScriptedPeer peer = Peer(["DSN"]);
        await Harness.SendAsync(Timed(120, DeliverByMode.Notify, "x@far.test", notify));
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.Equal("MAIL FROM:<alice@example.test>", message.Mail);
        Assert.Equal($"RCPT TO:<x@far.test> {passed}", Assert.Single(message.Recipients));
        if (told)
        {
            Assert.Contains("Action: relayed\r\n", await ReportAsync(), StringComparison.Ordinal);
        }
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(told ? 1 : 0, (await Harness.InboxAsync("alice")).Length);
    }

    [Theory]
    [InlineData(true, DsnNotify.Unspecified, 1)]
    [InlineData(true, DsnNotify.Failure, 1)]
    [InlineData(true, DsnNotify.Never, 0)]
    [InlineData(false, DsnNotify.Unspecified, 0)]
    public async Task A_trace_tells_of_each_relay(bool trace, DsnNotify notify, int reports) // RFC 2852 §4.1.4
    {
        await using ScriptedPeer peer = Peer(Watching);
        await Harness.SendAsync(Timed(120, DeliverByMode.Return, "x@far.test", notify, trace));
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=sent");
        if (reports > 0)
        {
            Assert.Contains("Action: relayed\r\n", await ReportAsync(), StringComparison.Ordinal);
        }
        await Harness.Logger.SawAsync("removed");
        Assert.Equal(reports, (await Harness.InboxAsync("alice")).Length);
    }

    [Fact]
    public async Task What_a_mailbox_takes_in_time_is_simply_delivered()
    {
        await Harness.SendAsync(Timed(1, DeliverByMode.Return, "bob@example.test", trace: true));
        Assert.Single(await Harness.InboxAsync("bob"));
        Assert.Empty(Harness.Disk.Names);
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, true)]
    [InlineData(DsnNotify.Delay, true)]
    [InlineData(DsnNotify.Failure, false)]
    [InlineData(DsnNotify.Never, false)]
    public void Lateness_is_told_at_the_senders_time_not_at_ours(DsnNotify notify, bool told)
    {
        QueueOptions options = new() { HostName = "mail.example.test", SpoolFolder = "", DelayWarningAfter = TimeSpan.FromHours(4) };
        SpoolMessage message = Samples.Message(1, "x@far.test") with { Attempts = 1, DeliverBy = new DeliverBy(Samples.Start.AddHours(5), DeliverByMode.Notify, false) };
        message = message with { Recipients = [message.Recipients[0] with { Recipient = message.Recipients[0].Recipient with { Notify = notify } }] };
        Assert.Empty(Aftermath.DecideNotifications(message, options, Samples.Start.AddHours(4.9)));
        Assert.Equal(told ? 1 : 0, Aftermath.DecideNotifications(message, options with { DelayWarningAfter = null }, Samples.Start.AddHours(5)).Count);
    }
}
