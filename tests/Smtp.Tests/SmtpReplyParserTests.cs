using System.Buffers;
using System.Text;

namespace MailAccess.Smtp.Tests;

public sealed class SmtpReplyParserTests
{
    [Theory]
    [InlineData("250 ok\r\n", "250||ok")]
    [InlineData("250\r\n", "250||")]
    [InlineData("250 \r\n", "250||")]
    [InlineData("250\tok\r\n", "250||ok")]
    [InlineData("250 2.1.0 ok\r\n", "250|2.1.0|ok")]
    [InlineData("250 2.1.0\r\n", "250|2.1.0|")]
    [InlineData("250-a\r\n250-b\r\n250 c\r\n", "250||a/b/c")]
    [InlineData("250-\r\n250-\r\n250\r\n", "250||//")]
    [InlineData("550-5.7.1 a\r\n550 5.7.1 b\r\n", "550|5.7.1|a/b")]
    [InlineData("550-5.7.1 a\r\n550 b\r\n", "550|5.7.1|a/b")]
    [InlineData("550 4.7.1 contradicts\r\n", "550||4.7.1 contradicts")]
    [InlineData("550 5.1000.1 too long\r\n", "550||5.1000.1 too long")]
    [InlineData("550 5.1 short\r\n", "550||5.1 short")]
    [InlineData("220 10.0.0.1 hello\r\n", "220||10.0.0.1 hello")]
    [InlineData("220 2.0.0.1 hello\r\n", "220||2.0.0.1 hello")]
    [InlineData("250 ok\n", "250||ok")]
    [InlineData("250-a\n250 b\r\n", "250||a/b")]
    [InlineData("250-a\r\n550 5.0.0 b\r\n", "550|5.0.0|a/b")]
    [InlineData("250-2.0.0 a\r\n550 b\r\n", "550||a/b")]
    [InlineData("250 j\u00f6rg\u0007\u0085\r\n", "250||jörg  ")]
    [InlineData("250 a\rb\r\n", "250||a b")]
    public void A_reply_is_read_at_every_split(string wire, string expected)
    {
        byte[] octets = Encoding.UTF8.GetBytes(wire);
        for (int first = 0; first <= octets.Length; first++)
        {
            for (int second = first; second <= octets.Length; second++)
            {
                SmtpReplyParser parser = new();
                SmtpReplyProgress progress = parser.Feed(octets.AsSpan(0, first), out int taken);
                progress = FeedRest(parser, progress, octets.AsSpan(first, second - first), ref taken);
                progress = FeedRest(parser, progress, octets.AsSpan(second), ref taken);
                Assert.Equal(SmtpReplyProgress.Complete, progress);
                Assert.Equal(octets.Length, taken);
                Assert.Equal(expected, Show(parser.Reply!));
            }
        }
    }

    [Theory]
    [InlineData("hello\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("25\r\n")]
    [InlineData("2500 ok\r\n")]
    [InlineData("150 ok\r\n")]
    [InlineData("650 ok\r\n")]
    [InlineData("250-a\r\nb\r\n")]
    [InlineData("\r\n")]
    [InlineData("+OK\r\n")]
    [InlineData("25\0 ok\r\n")]
    [InlineData("2+0 x\r\n")]
    public void What_is_no_reply_ends_the_conversation(string wire)
    {
        SmtpReplyParser parser = new();
        SmtpReplyProgress progress = SmtpReplyProgress.NeedMore;
        foreach (byte octet in Encoding.ASCII.GetBytes(wire))
        {
            progress = parser.Feed([octet], out _);
        }
        Assert.Equal(SmtpReplyProgress.Malformed, progress);
        Assert.Equal(SmtpReplyProgress.Malformed, parser.Feed("250 ok\r\n"u8, out int consumed));
        Assert.Equal(0, consumed);
    }

    [Fact]
    public void Pipelined_replies_are_taken_one_by_one()
    {
        ReadOnlySequence<byte> wire = new("250 a\r\n550-5.1.1 b\r\n550 5.1.1 c\r\n354 d\r\n25"u8.ToArray());
        SmtpReplyParser parser = new();
        List<string> replies = [];
        while (parser.Feed(ref wire) == SmtpReplyProgress.Complete)
        {
            replies.Add(Show(parser.Reply!));
        }
        Assert.Equal(["250||a", "550|5.1.1|b/c", "354||d"], replies);
        Assert.True(wire.IsEmpty);
    }

    [Fact]
    public void A_reply_without_end_is_given_up_and_held_in_bounded_memory()
    {
        SmtpReplyParser parser = new(new SmtpReplyLimits { ReplyOctetsMax = 100_000 });
        SmtpReplyProgress progress = SmtpReplyProgress.NeedMore;
        long fed = 0;
        while (progress == SmtpReplyProgress.NeedMore)
        {
            progress = parser.Feed("250-and so on\r\n"u8, out int consumed);
            fed += consumed;
        }
        Assert.Equal(SmtpReplyProgress.TooLong, progress);
        Assert.InRange(fed, 100_000, 100_100);
    }

    [Fact]
    public void A_long_line_is_cut_and_its_end_found()
    {
        SmtpReplyParser parser = new(new SmtpReplyLimits { LineOctetsMax = 100, TextOctetsMax = 50 });
        byte[] wire = Encoding.ASCII.GetBytes($"250-{new string('a', 5000)}\r\n250 tail\r\n");
        Assert.Equal(SmtpReplyProgress.Complete, parser.Feed(wire, out int consumed));
        Assert.Equal(wire.Length, consumed);
        Assert.Equal(250, parser.Reply!.Code);
        Assert.Equal(50, parser.Reply.Text.Length);
    }

    private static SmtpReplyProgress FeedRest(SmtpReplyParser parser, SmtpReplyProgress before, ReadOnlySpan<byte> piece, ref int taken)
    {
        if (before == SmtpReplyProgress.Complete)
        {
            Assert.True(piece.IsEmpty);
            return before;
        }
        SmtpReplyProgress progress = parser.Feed(piece, out int consumed);
        taken += consumed;
        return progress;
    }

    private static string Show(SmtpReply reply) => $"{reply.Code}|{reply.Enhanced}|{reply.Text.Replace('\n', '/')}";
}
