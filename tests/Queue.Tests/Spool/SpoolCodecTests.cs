using System.Text;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue.Tests;

/// <summary>The control file's lines.</summary>
public sealed class SpoolCodecTests
{
    private const string Old = """
        {"v":1,"id":"0000000000000007","from":{"local":"alice","domain":"example.test"},"to":[{"path":{"local":"bob","domain":"example.net"}}],
        "arrived":"2026-03-14T09:26:53+00:00","octets":51,"protocol":"submission","next":"2026-03-14T09:26:53+00:00"}
        """;

    [Fact]
    public void A_record_of_an_earlier_version_is_read()
    {
        string id = new SpoolId(7).ToString();
        byte[] json = Encoding.UTF8.GetBytes(Old.ReplaceLineEndings("").Replace("0000000000000007", id, StringComparison.Ordinal));
        byte[] line = [.. Encoding.ASCII.GetBytes($"{SpoolCodec.Checksum(json):x8} "), .. json, (byte)'\n'];
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(line, out SpoolMessage? message));
        Assert.Equal(Samples.Start, message!.Arrived);
        Assert.Null(message.Hold);
        Assert.Null(message.DeliverBy);
        Assert.Equal(message.Arrived, message.Released);
    }

    [Fact]
    public void Every_message_is_read_as_it_was_written()
    {
        for (int seed = 0; seed < 1000; seed++)
        {
            SpoolMessage message = Any(new Random(seed));
            Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(SpoolCodec.WriteMessage(message), out SpoolMessage? read));
            Assert.Equal(message with { Recipients = [] }, read! with { Recipients = [] });
            Assert.Equal(message.Recipients, read.Recipients);
        }
    }

    [Fact]
    public async Task Thousands_of_recipients_that_wait_for_days_for_one_reason_say_it_once()
    {
        SpoolMessage message = Samples.Message(1, [.. Enumerable.Range(0, 5_000).Select(i => $"u{i}@far.test")]);
        byte[] octets = SpoolCodec.WriteMessage(message);
        int first = octets.Length;
        SmtpReply reply = new(451, new EnhancedCode(4, 4, 1), "connect to relay.example.test[192.0.2.1]:25: connection timed out");
        for (int attempt = 0; attempt < 65; attempt++)
        {
            using Attempt run = new(message, 1_000, SaveAsync, (_, _) => [], TimeProvider.System, 1_000);
            foreach (int[] some in Enumerable.Range(0, 5_000).Chunk(100))
            {
                await run.RecordAsync(new TransactionResult([.. some.Select(i => new RecipientOutcome(i, RecipientStatus.Pending, reply))], "relay", "relay.example.test"), UpdateDurability.PowerLoss);
            }
            message = run.Message;
        }
        Assert.InRange(octets.Length - first, 1, 1_000_000);
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(octets, out SpoolMessage? read));
        Assert.Equal(message.Recipients, read!.Recipients);
        Assert.All(read.Recipients, r => Assert.Equal((reply, "relay.example.test"), (r.LastReply, r.RemoteHost)));

        Task SaveAsync(SpoolMessage changed, Unwritten unwritten, SpoolUpdate step, UpdateDurability durability)
        {
            octets = [.. octets, .. SpoolCodec.WriteUpdate(unwritten.With(step))];
            unwritten.Clear();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void What_became_of_neighbours_is_read_as_it_was_written()
    {
        SmtpReply later = new(451, null, "later");
        SpoolMessage message = Samples.Message(1, [.. Enumerable.Range(0, 8).Select(i => $"u{i}@far.test")]);
        SpoolUpdate update = new()
        {
            Recipients =
            [
                Later(0, later), Later(1, later), Later(2, later with { Text = "much later" }), new(3) { Status = RecipientStatus.Relayed, At = Samples.Start },
                new(4) { Status = RecipientStatus.Relayed, At = Samples.Start }, Later(6, later), Later(7, later),
            ],
        };
        byte[] octets = [.. SpoolCodec.WriteMessage(message), .. SpoolCodec.WriteUpdate(update)];
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(octets, out SpoolMessage? read));
        Assert.Equal(message.Apply(update).Recipients, read!.Recipients);

        static RecipientChange Later(int index, SmtpReply reply) => new(index) { Status = RecipientStatus.Pending, Reply = reply, At = Samples.Start };
    }

    [Fact]
    public void A_message_without_members_is_written_as_earlier_versions_read_it_and_one_with_them_is_not()
    {
        SpoolMessage message = Samples.Message(1, "bob@example.net");
        Assert.Contains("{\"v\":1,", Encoding.UTF8.GetString(SpoolCodec.WriteMessage(message)), StringComparison.Ordinal);
        message = message with { Recipients = [message.Recipients[0] with { Status = RecipientStatus.Expanded }] };
        Assert.Contains("{\"v\":2,", Encoding.UTF8.GetString(SpoolCodec.WriteMessage(message)), StringComparison.Ordinal);
    }

    [Fact]
    public void Members_and_their_targets_are_read_as_they_were_written()
    {
        Target?[] targets =
        [
            null, new Target.Mailbox("bob"), new Target.File("/var/mail/x", null), new Target.File("/var/mail/x/", "bob"), new Target.Command("vacation bob", "bob"),
            new Target.Agent("uucp", ""), new Target.Agent("uucp", "host"), new Target.Discard("text"),
        ];
        SpoolMessage message = Samples.Message(1, "list@example.net");
        SpoolRecipient[] members = [.. targets.Select((t, i) => message.Recipients[0] with { Parent = 0, Target = t, Owner = i % 2 == 0 ? null : Samples.Path("owner@example.net") })];
        SpoolUpdate update = new() { Members = members, FirstMember = 1, Recipients = [new(0) { Status = RecipientStatus.Redirected }] };
        byte[] octets = [.. SpoolCodec.WriteMessage(message), .. SpoolCodec.WriteUpdate(update)];
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(octets, out SpoolMessage? read));
        Assert.Equal(members, read!.Recipients.Skip(1));
        Assert.Equal(ControlState.Whole, SpoolCodec.TryRead(SpoolCodec.WriteMessage(read), out SpoolMessage? again));
        Assert.Equal(read.Recipients, again!.Recipients);
        // Members whose predecessors are missing: not to be guessed at.
        byte[] gap = [.. SpoolCodec.WriteMessage(message), .. SpoolCodec.WriteUpdate(update with { FirstMember = 2 })];
        Assert.Equal(ControlState.Damaged, SpoolCodec.TryRead(gap, out _));
    }

    private static SpoolMessage Any(Random random)
    {
        DateTimeOffset Time() => Samples.Start.AddSeconds(random.Next(-1_000_000_000, 1_000_000_000));
        return Samples.Message(random.Next(), "bob@example.net") with
        {
            Origin = new MailOrigin { Protocol = "submission" },
            Attempts = random.Next(100),
            NextAttempt = Time(),
            Traits = (ContentTraits)random.Next(8),
            DeliverBy = random.Next(2) == 0 ? null : new DeliverBy(Time(), (DeliverByMode)random.Next(2), random.Next(2) == 0),
            RequiresTls = random.Next(2) == 0,
            Priority = random.Next(-9, 10),
            OnHold = random.Next(2) == 0 ? null : "why",
            Hold = random.Next(2) == 0 ? null : new FutureRelease(Time(), random.Next(2) == 0 ? "for;60" : "until;2026-11-22T08:00:00Z"),
        };
    }
}
