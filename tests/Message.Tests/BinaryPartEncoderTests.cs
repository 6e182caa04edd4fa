using System.Buffers;

namespace MailAccess.Message.Tests;

/// <summary>What APPEND may bring in binary, and how it is kept: RFC 3516 §4.4.</summary>
public sealed class BinaryPartEncoderTests
{
    private static readonly byte[] Noise = [0, 1, 13, 10, 13, 13, 10, 10, 0, 45, 45, 13, 10, 45, 45, 98, 111, 13, 0, 255, 254, 13, 10];

    [Fact]
    public void A_message_without_binary_parts_comes_out_as_it_went_in()
    {
        for (int seed = 0; seed < 5_000; seed++)
        {
            byte[] message = MessageGenerator.Make(seed);
            Assert.Equal(Octets.Text(message), Octets.Text(Encode(message)));
        }
    }

    [Fact]
    public void Binary_parts_come_out_in_base64_and_mean_the_same()
    {
        int binary = 0;
        int givenUp = 0;
        for (int seed = 0; seed < 5_000; seed++)
        {
            byte[] message = Octets.Raw(Octets.Text(MessageGenerator.Make(seed)).Replace("quoted-printable", "binary", StringComparison.Ordinal));
            if (!TryEncode(out byte[] encoded, message))
            {
                givenUp++; // A multipart without boundary that says to be binary.
                continue;
            }
            MimePart before = Octets.Parse(message).Root;
            MimePart after = Octets.Parse(encoded).Root;
            string context = $"seed {seed}\n{Octets.Text(message)}\n--- encoded\n{Octets.Text(encoded)}";
            binary += Compare(before, message, after, encoded, context);
        }
        Assert.InRange(binary, 2_000, int.MaxValue);
        Assert.InRange(givenUp, 0, 20);
    }

    [Fact]
    public void Every_split_gives_the_same_octets()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            byte[] message = Octets.Raw(Octets.Text(MessageGenerator.Make(seed)).Replace("quoted-printable", "binary", StringComparison.Ordinal));
            string expected = Octets.Text(Encode(message));
            for (int split = 0; split <= message.Length; split++)
            {
                Assert.Equal(expected, Octets.Text(Encode(message[..split], message[split..])));
            }
            Assert.Equal(expected, Octets.Text(Encode([.. message.Select(o => new[] { o })])));
        }
    }

    [Fact]
    public void Octets_that_no_line_could_hold_come_back_whole_at_every_split()
    {
        byte[] body = [.. Enumerable.Range(0, 40).SelectMany(i => Noise[(i % 7)..])];
        byte[] message =
        [
            .. Octets.Crlf("Content-Type: multipart/mixed; boundary=bound\nContent-Transfer-Encoding:\n binary\n\n--bound\nContent-Transfer-Encoding: binary (so)\nContent-Type: image/png\n\n"),
            .. body,
            .. Octets.Crlf("\n--bound\nContent-Type: message/rfc822\nContent-Transfer-Encoding: Binary\n\nContent-Transfer-Encoding: BINARY\n\n"),
            .. body,
            .. Octets.Crlf("\n--bound--\nepilogue\n"),
        ];
        byte[] encoded = Encode(message);
        Assert.DoesNotContain((byte)0, encoded);
        Assert.Equal(encoded.Count(o => o == '\n'), Octets.Text(encoded).Split("\r\n").Length - 1);
        MimePart root = Octets.Parse(encoded).Root;
        Assert.Equal("8BIT", root.TransferEncoding);
        Assert.Equal(2, root.Parts.Count);
        Assert.Equal("8BIT", root.Parts[1].TransferEncoding);
        Assert.Equal(body, Decode(root.Parts[0], encoded));
        Assert.Equal(body, Decode(root.Parts[1].Parts[0], encoded));
        Assert.EndsWith("\r\n--bound--\r\nepilogue\r\n", Octets.Text(encoded), StringComparison.Ordinal);
        for (int split = 0; split <= message.Length; split++)
        {
            Assert.Equal(encoded, Encode(message[..split], message[split..]));
        }
    }

    [Theory]
    [InlineData("Content-Transfer-Encoding: binary\n\n", "Content-Transfer-Encoding: base64\n\n")]
    [InlineData("Content-Transfer-Encoding: binary\n\na", "Content-Transfer-Encoding: base64\n\nYQ==\n")]
    [InlineData("Content-Transfer-Encoding: binary\n\n\n", "Content-Transfer-Encoding: base64\n\nDQo=\n")]
    [InlineData("A: b\ncontent-transfer-encoding:  binary\n\t\nC: d\nContent-Transfer-Encoding: 7bit\n\na", "A: b\nContent-Transfer-Encoding: base64\nC: d\n\nYQ==\n")]
    [InlineData("Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: base64\n")]
    [InlineData(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: binary\n\n--b\nContent-Transfer-Encoding: binary\n--b\nContent-Transfer-Encoding: binary\n\n\n--b--",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n--b\nContent-Transfer-Encoding: base64\n--b\nContent-Transfer-Encoding: base64\n\n\n--b--")]
    public void The_edges_are_kept(string message, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings("\r\n"), Octets.Text(Encode(Octets.Crlf(message))));

    [Fact]
    public void What_cannot_be_overlooked_is_given_up()
    {
        MessageLimits limits = new() { HeaderOctetsMax = 200, NestingMax = 3, PartsMax = 4 };
        Assert.True(GivesUp(limits, new string('x', 201)));
        Assert.True(GivesUp(limits, string.Concat(Enumerable.Repeat("A: b\n", 50)) + "\n"));
        Assert.True(GivesUp(limits, string.Concat(Enumerable.Repeat("Content-Type: message/rfc822\n\n", 3))));
        Assert.True(GivesUp(limits, "Content-Type: multipart/mixed; boundary=b\n\n" + string.Concat(Enumerable.Repeat("--b\n\n", 4))));
        Assert.True(GivesUp(limits, "Content-Type: multipart/mixed\nContent-Transfer-Encoding: binary\n\n"));
        Assert.False(GivesUp(limits, "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n\n--b--\n"));
    }

    private static bool GivesUp(MessageLimits limits, string message)
    {
        BinaryPartEncoder encoder = new(limits);
        ArrayBufferWriter<byte> output = new();
        encoder.Feed(Octets.Crlf(message), output);
        encoder.Finish(output);
        return encoder.HasGivenUp;
    }

    private static byte[] Encode(params byte[][] pieces)
    {
        Assert.True(TryEncode(out byte[] encoded, pieces));
        return encoded;
    }

    private static bool TryEncode(out byte[] encoded, params byte[][] pieces)
    {
        BinaryPartEncoder encoder = new();
        ArrayBufferWriter<byte> output = new();
        foreach (byte[] piece in pieces)
        {
            encoder.Feed(piece, output);
        }
        encoder.Finish(output);
        encoded = output.WrittenSpan.ToArray();
        return !encoder.HasGivenUp;
    }

    private static byte[] Decode(MimePart part, byte[] message)
    {
        TransferDecoder decoder = TransferDecoder.For(part.TransferEncoding);
        ArrayBufferWriter<byte> output = new();
        decoder.Decode(message.AsSpan((int)part.BodyOffset, (int)part.BodyOctets), output);
        decoder.Finish(output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The number of binary parts.</summary>
    private static int Compare(MimePart before, byte[] message, MimePart after, byte[] encoded, string context)
    {
        Assert.True(before.Type == after.Type && before.Subtype == after.Subtype && before.Parts.Count == after.Parts.Count, context);
        Assert.True(after.TransferEncoding != "BINARY", context);
        int binary = before.TransferEncoding == "BINARY" ? 1 : 0;
        if (before.Parts.Count == 0)
        {
            Assert.True(Decode(before, message).AsSpan().SequenceEqual(Decode(after, encoded)), context);
        }
        return binary + before.Parts.Zip(after.Parts).Sum(p => Compare(p.First, message, p.Second, encoded, context));
    }
}
