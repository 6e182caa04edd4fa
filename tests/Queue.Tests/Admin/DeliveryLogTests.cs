using System.Net;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Lines as readers of maillog expect them, and the history of what has left the queue.</summary>
public sealed class DeliveryLogTests : RemoteDeliveryFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-history-").FullName;

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.004, "0")]
    [InlineData(0.034, "0.03")]
    [InlineData(0.5, "0.5")]
    [InlineData(1.26, "1.3")]
    [InlineData(12.6, "13")]
    [InlineData(86400.9, "86401")]
    [InlineData(-1, "0")]
    public void A_delay_has_two_digits_that_count(double seconds, string text) => Assert.Equal(text, DeliveryLog.Seconds(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public async Task One_queue_id_goes_through_a_messages_life_and_its_report_has_its_own()
    {
        await using ScriptedPeer peer = Peer("far.test", c =>
        {
            if (c.Verb == "RCPT")
            {
                Harness.Clock.Advance(TimeSpan.FromSeconds(2));
            }
            return c.Verb == "RCPT" ? "550 5.1.1 unknown" : null;
        });
        MailOrigin origin = new() { Protocol = "submission", Remote = IPAddress.Parse("::ffff:192.0.2.7"), RemoteName = "pc.example.test", AccountName = "alice", SaslMechanism = "PLAIN", ConnectionId = "c1" };
        IntakeStart start = await Harness.Queue.BeginAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), origin, None);
        await using IMailIntake intake = start.Intake!;
        await intake.WriteAsync("Message-ID:\r\n <one@example.test>\r\nSubject: x\r\n\r\nbody\r\n"u8.ToArray(), None);
        Harness.Clock.Advance(TimeSpan.FromSeconds(1.5));
        await intake.CommitAsync(CommitMode.OneReply, None);
        string id = intake.Id;
        await Harness.Logger.SawAsync("to=<alice@example.test>");
        await Harness.Logger.SawAsync("removed");
        string[] lines = [.. Harness.Logger.Lines.Where(l => l.StartsWith(id, StringComparison.Ordinal))];
        Assert.Equal($"{id}: client=pc.example.test[192.0.2.7], sasl_method=PLAIN, sasl_username=alice, proto=submission, session=c1", lines[0]);
        Assert.Equal($"{id}: message-id=<one@example.test>", lines[1]);
        Assert.Equal($"{id}: from=<alice@example.test>, size=54, nrcpt=1 (queue active)", lines[2]);
        Assert.Matches($@"^{id}: to=<x@far\.test>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:\d+, delay=3\.5, delays=1\.5/0/0/2, dsn=5\.1\.1, status=bounced \(550 5\.1\.1 unknown\)$", lines[^3]);
        Assert.Matches($"^{id}: sender non-delivery notification: [0-9a-z]{{11}}$", lines[^2]);
        Assert.Equal($"{id}: removed", lines[^1]);
        string report = lines[^2][^11..];
        Assert.Contains(Harness.Logger.Lines, l => l.StartsWith($"{report}: message-id=<{report}@mail.example.test>", StringComparison.Ordinal));
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("(null)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_has_left_the_queue_is_remembered_for_some_days()
    {
        await RestartWithAsync(o => o with { HistoryFolder = _folder, HistoryDays = 2 });
        await using ScriptedPeer peer = Peer("far.test", c => c.Line == "RCPT TO:<x@far.test>" ? "450 4.2.1 busy" : null);
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        await Harness.SendAsync("alice@example.test", "x@far.test", "y@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        await Harness.Logger.SawAsync("to=<y@far.test>", "status=sent");
        await Harness.Queue.DisposeAsync(); // What was added is written.
        FinishedDelivery[] all = await DeliveryHistory.ReadAsync(_folder, DateTimeOffset.MinValue, None).ToArrayAsync(None);
        Assert.Equal([("bob@example.test", "sent", "local"), ("y@far.test", "sent", all[1].Relay)], all.Select(d => (d.To, d.Status, d.Relay)));
        Assert.Equal("alice@example.test", all[1].From);
        Assert.Empty(await DeliveryHistory.ReadAsync(_folder, Harness.Clock.GetUtcNow().AddDays(1), None).ToArrayAsync(None));
        string first = Assert.Single(Directory.GetFiles(_folder));
        await File.AppendAllTextAsync(first, "{\"torn", None);
        Assert.Equal(2, await DeliveryHistory.ReadAsync(_folder, DateTimeOffset.MinValue, None).CountAsync(None));

        await Harness.StartAsync();
        Harness.Clock.Advance(TimeSpan.FromDays(3));
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        await Harness.Queue.DisposeAsync();
        Assert.NotEqual(first, Assert.Single(Directory.GetFiles(_folder)));
        Directory.Delete(_folder, recursive: true);
    }
}
