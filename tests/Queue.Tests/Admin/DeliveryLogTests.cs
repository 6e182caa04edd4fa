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
        await Harness.EmptyAsync();
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
        DeliveryRecord[] all = await DeliveryHistory.ReadAsync(_folder, HistoryKind.Finished, DateTimeOffset.MinValue, null, None).ToArrayAsync(None);
        Assert.Equal([("bob@example.test", "sent", "local"), ("y@far.test", "sent", all[1].Relay)], all.Select(d => (d.To, d.Status, d.Relay)));
        Assert.Equal("alice@example.test", all[1].From);
        Assert.Empty(await DeliveryHistory.ReadAsync(_folder, HistoryKind.Finished, Harness.Clock.GetUtcNow().AddDays(1), null, None).ToArrayAsync(None));
        DeliveryRecord attempt = Assert.Single(await DeliveryHistory.ReadAsync(_folder, HistoryKind.Attempts, DateTimeOffset.MinValue, all[1].Id, None).ToArrayAsync(None));
        Assert.Equal(("x@far.test", "deferred", "450 4.2.1 busy"), (attempt.To, attempt.Status, attempt.Reply));
        Assert.Equal(["x@far.test", "y@far.test"], (await DeliveryHistory.ReadOneAsync(_folder, all[1].Id, DateTimeOffset.MinValue, 10, None)).Select(d => d.To).Order(StringComparer.Ordinal));
        Assert.Single(await DeliveryHistory.ReadOneAsync(_folder, all[1].Id, DateTimeOffset.MinValue, 1, None));
        string first = Assert.Single(Directory.GetFiles(_folder, "*.deliveries"));
        await File.AppendAllTextAsync(first, "{\"torn", None);
        Assert.Equal(2, await DeliveryHistory.ReadAsync(_folder, HistoryKind.Finished, DateTimeOffset.MinValue, null, None).CountAsync(None));

        await Harness.StartAsync();
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        await Harness.Queue.DisposeAsync();
        Assert.Equal(3, await DeliveryHistory.ReadAsync(_folder, HistoryKind.Finished, DateTimeOffset.MinValue, null, None).CountAsync(None)); // What was torn took nothing along.

        await Harness.StartAsync();
        Harness.Clock.Advance(TimeSpan.FromDays(3));
        await Harness.SendAsync("alice@example.test", "bob@example.test");
        await Harness.Logger.SawAsync("to=<bob@example.test>", "status=sent");
        await Harness.Queue.DisposeAsync();
        Assert.NotEqual(first, Assert.Single(Directory.GetFiles(_folder, "*.deliveries")));
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_history_has_a_bound_and_what_is_oldest_goes_first()
    {
        const int Bound = 64 * 1024;
        string folder = Path.Combine(_folder, "bounded");
        for (int round = 0; round < 20; round++)
        {
            await using DeliveryHistory history = new(folder, 10, Bound, Harness.Clock, Harness.Logger);
            for (int i = 0; i < 100; i++)
            {
                history.Add(Record($"u{round * 100 + i}@far.test", i % 2 == 0 ? "sent" : "deferred"));
            }
        }

        Assert.InRange(new DirectoryInfo(folder).EnumerateFiles().Sum(f => f.Length), Bound / 2, Bound);
        foreach (HistoryKind kind in (HistoryKind[])[HistoryKind.Finished, HistoryKind.Attempts])
        {
            string[] kept = await DeliveryHistory.ReadAsync(folder, kind, DateTimeOffset.MinValue, null, None).Select(d => d.To).ToArrayAsync(None);
            string[] all = [.. Enumerable.Range(0, 2000).Where(i => i % 2 == (kind == HistoryKind.Finished ? 0 : 1)).Select(i => $"u{i}@far.test")];
            Assert.Equal(all[^kept.Length..], kept);
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_an_administrator_deletes_is_remembered()
    {
        await RestartWithAsync(o => o with { HistoryFolder = _folder, HistoryDays = 2 });
        await using ScriptedPeer peer = Peer("far.test", c => c.Verb == "RCPT" ? "450 4.2.1 busy" : null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        string id = (await Harness.Queue.ListAsync(None).SingleAsync(None)).Id;
        await Harness.Queue.Admin.ActAsync(id, QueueAction.Delete, null, TimeSpan.FromSeconds(10), None);
        await Harness.Queue.DisposeAsync();
        DeliveryRecord deleted = Assert.Single(await DeliveryHistory.ReadAsync(_folder, HistoryKind.Finished, DateTimeOffset.MinValue, id, None).ToArrayAsync(None));
        Assert.Equal(("x@far.test", "deleted", null), (deleted.To, deleted.Status, deleted.Dsn));
        Directory.Delete(_folder, recursive: true);
    }

    private DeliveryRecord Record(string to, string status) => new()
    {
        Time = Harness.Clock.GetUtcNow(),
        Id = "1k0tw7hdz9x",
        From = "alice@example.test",
        To = to,
        Relay = "none",
        Delay = "0",
        Delays = "0/0/0/0",
        Status = status,
    };
}
