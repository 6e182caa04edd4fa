using System.Text;

namespace MailAccess.Message.Tests;

public sealed class ResourceTests
{
    private const int Megabyte = 1024 * 1024;

    // What is read once takes a fraction of a second, also on a busy machine; what is read over and over takes minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly long _start = TimeProvider.System.GetTimestamp();

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
        AssertQuick();
    }

    [Fact]
    public void Lines_that_are_nearly_delimiters_of_a_hundred_multiparts_take_no_time()
    {
        MessageParser parser = new();
        string boundary = new('b', MessageLimits.Default.BoundaryOctetsMax - 3);
        for (int i = 0; i < MessageLimits.Default.NestingMax; i++)
        {
            parser.Feed(Octets.Raw($"Content-Type: multipart/mixed; boundary={boundary}{i + 100}\r\n\r\n--{boundary}{i + 100}\r\n"));
        }
        parser.Feed("\r\n"u8);
        byte[] chunk = Octets.Raw(string.Concat(Enumerable.Repeat($"--{boundary}x\r\n", 64)));
        for (int i = 0; i < 20 * Megabyte / chunk.Length; i++)
        {
            parser.Feed(chunk);
        }
        parser.Summarize();
        AssertQuick();
    }

    [Fact]
    public void A_bomb_of_a_million_parts_ends_at_the_limit_and_the_last_part_holds_the_rest()
    {
        MessageParser parser = new();
        parser.Feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n"u8);
        for (int i = 0; i < MessageLimits.Default.PartsMax; i++)
        {
            parser.Feed("--b\r\n\r\nx\r\n"u8);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = MessageLimits.Default.PartsMax; i < 1_000_000; i++)
        {
            parser.Feed("--b\r\n\r\nx\r\n"u8);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024); // Nothing for the parts that are not kept.
        MimePart root = parser.Finish();
        Assert.Equal(MessageLimits.Default.PartsMax - 1, root.Parts.Count); // The root is one, too.
        Assert.Equal(parser.CrlfOctets, root.Parts[^1].BodyOffset + root.Parts[^1].BodyOctets);
        MessageSummary summary = parser.Summarize();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 * Megabyte);
        Assert.IsType<List<object?>>(ImapList.Read(summary.BodyStructure));
        AssertQuick();
    }

    [Theory]
    [InlineData("Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/digest; boundary=b{0}\r\n\r\n--b{0}\r\n\r\n")]
    public void A_bomb_of_nesting_becomes_opaque_at_the_limit(string level)
    {
        MessageParser parser = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
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
        MessageSummary summary = parser.Summarize();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40 * Megabyte);
        Assert.IsType<List<object?>>(ImapList.Read(summary.BodyStructure));
        Assert.NotNull(summary.Structure);
        AssertQuick();
    }

    [Fact]
    public void A_header_of_a_million_addresses_is_cut_at_the_limits()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        MessageParser parser = new();
        foreach (string name in new[] { "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "To" })
        {
            parser.Feed(Encoding.ASCII.GetBytes(name + ": "));
            for (int i = 0; i < 1_000_000 / 7; i++)
            {
                parser.Feed("a@b,\r\n "u8);
            }
            parser.Feed("a@b\r\n"u8);
        }
        List<object?> envelope = (List<object?>)ImapList.Read(parser.Summarize().Envelope)!;
        Assert.Equal(MessageLimits.Default.AddressesMax, ((List<object?>)envelope[2]!).Count);
        Assert.InRange(envelope.Skip(2).Take(6).Sum(list => (list as List<object?>)?.Count ?? 0), 1, 6 * MessageLimits.Default.AddressesMax);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 80 * Megabyte);
    }

    [Fact]
    public void Addresses_of_many_messages_inside_do_not_multiply()
    {
        MessageParser parser = new();
        parser.Feed("Content-Type: multipart/digest; boundary=b\r\n\r\n"u8);
        byte[] inside = Octets.Raw("--b\r\n\r\nFrom: " + string.Concat(Enumerable.Repeat("a,", 1_000)) + "\r\n\r\n");
        for (int i = 0; i < 2_000; i++)
        {
            parser.Feed(inside);
        }
        Assert.Equal(2_000, parser.Finish().Parts.Count);
        Assert.InRange(parser.Summarize().BodyStructure.Length, Megabyte, 5 * Megabyte);
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
        foreach (string piece in new[] { "\"", "(", "(\"", "\\", ";a=\"\"", "<@a,", "=?a?q?", ",:", ";a*0=b", ";a*1=b", "a=", "a=,", ";a==\"" })
        {
            string value = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
            byte[] message = Octets.Raw($"Content-Type: text/plain;{value}\r\nTo: {value}\r\nSubject: {value}\r\n\r\n");
            long before = GC.GetAllocatedBytesForCurrentThread();
            MessageSummary summary = Octets.Parse(message).Summary;
            Assert.Equal(10, ((List<object?>)ImapList.Read(summary.Envelope)!).Count);
            EncodedWords.Decode(Octets.Raw(value));
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200 * Megabyte, piece);
        }
        AssertQuick();
    }

    private void AssertQuick() => Assert.InRange(TimeProvider.System.GetElapsedTime(_start), TimeSpan.Zero, Patience);
}
