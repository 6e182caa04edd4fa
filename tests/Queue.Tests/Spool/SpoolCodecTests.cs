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
