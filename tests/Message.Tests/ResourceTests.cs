using System.Text;

namespace MailAccess.Message.Tests;

public sealed class ResourceTests
{
    private const int Megabyte = 1024 * 1024;

    [Theory]
    [InlineData(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/zip\r\n\r\n", "QUJDRA==QUJDRA==QUJDRA==QUJDRA==QUJDRA==\r\n")]
    [InlineData("Subject: one long line\r\n\r\n", "no line end at all ")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b-almost\r\n--\r\n-\r\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    [InlineData("Subject: ", "a header line of many megabytes ")]
    [InlineData("Subject: x\r\nX-Long:", "\r\n folded and folded")]
    [InlineData("", "To: a@b\r\nCc:\r\n")]
    [InlineData("", "X-Unknown: value\r\n")]
    public void Fifty_megabytes_pass_in_bounded_memory(string start, string repeated)
    {
        byte[] chunk = Octets.Raw(string.Concat(Enumerable.Repeat(repeated, (64 * 1024 / repeated.Length) + 1)));
        MessageParser parser = new();
        parser.Feed(Octets.Raw(start));
        long before = GC.GetAllocatedBytesForCurrentThread();
        long fed = start.Length;
        for (; fed < 50 * Megabyte; fed += chunk.Length)
        {
            parser.Feed(chunk);
        }
        MimePart root = parser.Finish();
        MessageSummary summary = parser.Summarize();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(fed, parser.CrlfOctets);
        Assert.Equal(fed, root.HeaderOctets + root.BodyOctets);
        Assert.True(allocated < 12 * Megabyte, $"{allocated} octets allocated");
        Assert.True(summary.Encoded.Length < 2 * Megabyte);
    }

    [Fact]
    public void A_bomb_of_parts_ends_at_the_limit_and_the_last_part_holds_the_rest()
    {
        MessageParser parser = new();
        parser.Feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n"u8);
        for (int i = 0; i < 50_000; i++)
        {
            parser.Feed("--b\r\n\r\nx\r\n"u8);
        }
        MimePart root = parser.Finish();
        Assert.Equal(MessageLimits.Default.PartsMax - 1, root.Parts.Count); // The root is one, too.
        Assert.Equal(parser.CrlfOctets, root.Parts[^1].BodyOffset + root.Parts[^1].BodyOctets);
        Assert.IsType<List<object?>>(ImapList.Read(parser.Summarize().BodyStructure));
    }

    [Theory]
    [InlineData("Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n\r\n")]
    public void A_bomb_of_nesting_becomes_opaque_at_the_limit(string level)
    {
        MessageParser parser = new();
        for (int i = 0; i < 20_000; i++)
        {
            parser.Feed(Encoding.ASCII.GetBytes(level.Replace("{0}", i.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)));
        }
        MimePart part = parser.Finish();
        int depth = 1;
        for (; part.Parts.Count > 0; depth++)
        {
            part = part.Parts[^1];
        }
        Assert.InRange(depth, MessageLimits.Default.NestingMax, MessageLimits.Default.NestingMax + 1);
        Assert.IsType<List<object?>>(ImapList.Read(parser.Summarize().BodyStructure));
        Assert.NotNull(parser.Summarize().Structure);
    }

    [Fact]
    public void Headers_of_many_parts_are_kept_within_the_total()
    {
        MessageParser parser = new();
        parser.Feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n"u8);
        byte[] part = Octets.Raw("--b\r\nContent-Description: " + new string('d', 200_000) + "\r\n\r\n");
        for (int i = 0; i < 200; i++)
        {
            parser.Feed(part);
        }
        Assert.Equal(200, parser.Finish().Parts.Count);
        Assert.InRange(parser.Summarize().BodyStructure.Length, Megabyte, 5 * Megabyte);
    }

    [Fact]
    public void Parameters_beyond_the_limit_are_passed_over()
    {
        string header = "Content-Type: text/plain" + string.Concat(Enumerable.Range(0, 5_000).Select(i => $";p{i}=\"v\"")) + "\n\n";
        List<object?> body = (List<object?>)ImapList.Read(Octets.Parse(Octets.Raw(header)).Summary.Body)!;
        Assert.Equal(2 * (MessageLimits.Default.ParametersMax + 1), ((List<object?>)body[2]!).Count); // And the default charset.
    }

    [Fact]
    public void Quotes_and_comments_without_end_take_no_time()
    {
        foreach (string piece in new[] { "\"", "(", "(\"", "\\", ";a=\"\"", "<@a,", "=?a?q?", ",:" })
        {
            string value = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
            byte[] message = Octets.Raw($"Content-Type: text/plain;{value}\r\nTo: {value}\r\nSubject: {value}\r\n\r\n");
            long before = GC.GetAllocatedBytesForCurrentThread();
            MessageSummary summary = Octets.Parse(message).Summary;
            Assert.Equal(10, ((List<object?>)ImapList.Read(summary.Envelope)!).Count);
            EncodedWords.Decode(Octets.Raw(value));
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200 * Megabyte, piece);
        }
    }
}
