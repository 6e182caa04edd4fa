using System.Buffers;
using System.Reflection;
using System.Text;

namespace MailAccess.Smtp.Tests;

public sealed class ReplyTests
{
    public static TheoryData<string> Vocabulary =>
        [.. typeof(SmtpReplies).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.FieldType == typeof(SmtpReply)).Select(f => f.Name)];

    public static TheoryData<SmtpSyntaxError> Errors => [.. Enum.GetValues<SmtpSyntaxError>().Where(e => e != SmtpSyntaxError.None)];

    [Theory]
    [MemberData(nameof(Vocabulary))]
    public void Every_reply_of_ours_has_a_code_and_a_matching_class(string name) =>
        AssertSound((SmtpReply)typeof(SmtpReplies).GetField(name)!.GetValue(null)!);

    [Theory]
    [MemberData(nameof(Errors))]
    public void Every_syntax_error_has_a_permanent_reply(SmtpSyntaxError error)
    {
        foreach (SmtpReply reply in (SmtpReply[])[SmtpReplies.SenderSyntax(error), SmtpReplies.RecipientSyntax(error)])
        {
            AssertSound(reply);
            Assert.True(reply.IsPermanent);
        }
    }

    [Fact]
    public void A_reply_of_one_line_is_written_with_its_enhanced_code() =>
        Assert.Equal("250 2.1.0 sender ok\r\n", Text(SmtpReplies.SenderOk));

    [Fact]
    public void Lines_are_parted_by_hyphens_and_each_has_the_enhanced_code()
    {
        Assert.Equal("250-host\r\n250-SIZE 1\r\n250 HELP\r\n", Text(new SmtpReply(250, null, "host\nSIZE 1\nHELP")));
        Assert.Equal("550-5.7.1 a\r\n550 5.7.1 b\r\n", Text(new SmtpReply(550, new(5, 7, 1), "a\nb")));
    }

    [Fact]
    public void Nothing_inside_a_text_splits_a_reply()
    {
        Assert.Equal("550 5.0.0 a?250 ok?b???\r\n", Text(new SmtpReply(550, new(5, 0, 0), "a\r250 ok\rb\0\u0007\u0085")));
        Assert.Equal("550 j?rg\r\n", Text(new SmtpReply(550, null, "jörg")));
    }

    [Fact]
    public void Long_text_goes_on_in_further_lines_of_512_octets()
    {
        string text = string.Join(' ', Enumerable.Repeat("word", 300));
        string[] lines = Text(new SmtpReply(550, new(5, 7, 1), text)).Split("\r\n")[..^1];
        Assert.All(lines, l => Assert.True(l.Length <= 510));
        Assert.All(lines[..^1], l => Assert.StartsWith("550-5.7.1 ", l, StringComparison.Ordinal));
        Assert.StartsWith("550 5.7.1 ", lines[^1], StringComparison.Ordinal);
        Assert.Equal(text, string.Join(' ', lines.Select(l => l[10..])));
        Assert.Equal(1200, Text(new SmtpReply(550, null, new string('x', 1200))).Count(c => c == 'x'));
    }

    [Fact]
    public void A_challenge_is_one_line_whatever_its_length()
    {
        string challenge = new('A', 12_288);
        Assert.Equal($"334 {challenge}\r\n", Text(new SmtpReply(334, null, challenge)));
        SmtpReplyParser parser = new();
        parser.Feed(SmtpReplyFormat.ToOctets(new SmtpReply(334, null, challenge)), out _);
        Assert.Equal(challenge, parser.Reply!.Text);
    }

    [Theory]
    [InlineData(199)]
    [InlineData(600)]
    [InlineData(0)]
    public void A_code_that_is_none_is_a_bug(int code) => Assert.Throws<ArgumentException>(() => Text(new SmtpReply(code, null, "x")));

    [Fact]
    public void Foreign_text_is_made_printable_and_short()
    {
        Assert.Equal("a??b?", SmtpText.Sanitize("a\r\nb\u00f6"));
        Assert.Equal("aaa...", SmtpText.Sanitize("aaaaaaaa"u8, 3));
        Assert.Equal("??", SmtpText.Sanitize("\xc3"u8));
    }

    private static void AssertSound(SmtpReply reply)
    {
        Assert.InRange(reply.Code, 200, 599);
        Assert.InRange(reply.Code / 10 % 10, 0, 5);
        if (reply.IsIntermediate)
        {
            Assert.Null(reply.Enhanced); // RFC 2034 §3: with 2yz, 4yz and 5yz only.
        }
        else
        {
            Assert.Equal(reply.Code / 100, reply.Enhanced!.Value.Class);
        }
        Assert.DoesNotContain(reply.Text, char.IsControl);
        Assert.NotEmpty(reply.Text);
        SmtpReplyParser parser = new();
        Assert.Equal(SmtpReplyProgress.Complete, parser.Feed(SmtpReplyFormat.ToOctets(reply), out _));
        Assert.Equal(reply, parser.Reply);
    }

    private static string Text(SmtpReply reply)
    {
        ArrayBufferWriter<byte> octets = new();
        SmtpReplyFormat.Write(octets, reply);
        return Encoding.ASCII.GetString(octets.WrittenSpan);
    }
}
