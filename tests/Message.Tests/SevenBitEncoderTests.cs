using System.Buffers;

namespace MailAccess.Message.Tests;

/// <summary>8-bit mail through a channel of 7 bits: RFC 6152 §3.</summary>
public sealed class SevenBitEncoderTests
{
    private static byte[] Message(int seed)
    {
        Random random = new(seed);
        string text = Octets.Text(MessageGenerator.Make(seed));
        // Some bodies get octets above 127, some of these are labelled.
        byte[] octets = Octets.Raw(random.Next(2) == 0 ? text.Replace("quoted-printable", "8bit", StringComparison.Ordinal) : text);
        int body = octets.AsSpan().IndexOf("\r\n\r\n"u8);
        for (int i = body + 4; body >= 0 && i < octets.Length; i++)
        {
            if (octets[i] is >= (byte)'a' and <= (byte)'e' && random.Next(8) == 0 && IsBodyLine(octets, i))
            {
                octets[i] = (byte)random.Next(128, 256);
            }
        }
        return octets;
    }

    // No field and no delimiter is spoilt, so that the structure stays what it is.
    private static bool IsBodyLine(byte[] octets, int at)
    {
        int start = octets.AsSpan(0, at).LastIndexOf((byte)'\n') + 1;
        int end = octets.AsSpan(at).IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = octets.AsSpan(start, (end < 0 ? octets.Length : at + end) - start);
        return !line.Contains((byte)':') && !line.Contains((byte)'=') && !line.StartsWith("-"u8) && !line.StartsWith(" "u8) && !line.StartsWith("\t"u8);
    }

    [Fact]
    public void What_is_converted_has_seven_bits_and_means_the_same()
    {
        int converted = 0;
        int refused = 0;
        for (int seed = 0; seed < 5_000; seed++)
        {
            byte[] message = Message(seed);
            if (!TryConvert(out byte[] encoded, message))
            {
                refused++;
                continue;
            }
            string context = $"seed {seed}\n{Octets.Text(message)}\n--- encoded\n{Octets.Text(encoded)}";
            MimePart before = Octets.Parse(message).Root;
            MimePart after = Octets.Parse(encoded).Root;
            converted += Compare(before, message, after, encoded, context);
        }
        Assert.InRange(converted, 400, int.MaxValue);
        Assert.InRange(refused, 1, 4_000);
    }

    [Fact]
    public void A_message_of_seven_bits_comes_out_as_it_went_in_but_for_its_labels()
    {
        for (int seed = 0; seed < 1_000; seed++)
        {
            byte[] message = [.. MessageGenerator.Make(seed).Select(o => (byte)(o & 127))];
            if (TryConvert(out byte[] encoded, message))
            {
                string expected = Octets.Text(message);
                Assert.True(expected == Octets.Text(encoded) || expected.Contains("8bit", StringComparison.OrdinalIgnoreCase) || expected.Contains("binary", StringComparison.OrdinalIgnoreCase), expected);
            }
        }
    }

    [Fact]
    public void Every_split_gives_the_same_octets()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] message = Message(seed);
            bool isPossible = TryConvert(out byte[] expected, message);
            for (int split = 0; split <= message.Length; split++)
            {
                Assert.Equal(isPossible, TryConvert(out byte[] encoded, message[..split], message[split..]));
                Assert.Equal(Octets.Text(expected), Octets.Text(encoded));
            }
            Assert.Equal(isPossible, TryConvert(out byte[] single, [.. message.Select(o => new[] { o })]));
            Assert.Equal(Octets.Text(expected), Octets.Text(single));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Quoted_printable_gives_back_any_octets_in_lines_that_fit(int flavour)
    {
        string alphabet = (string[])["a-= \t\r\n", "\r\n", "a b\r\n\u00FC\u0000", "---- \u00E4\r\n="] is { } all ? all[flavour] : "";
        Random random = new(flavour);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] body = Octets.Raw(string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => alphabet[random.Next(alphabet.Length)])));
            QuotedPrintableLines encoder = new();
            ArrayBufferWriter<byte> output = new();
            int split = random.Next(body.Length + 1);
            encoder.Append(body.AsSpan(0, split), output);
            encoder.Append(body.AsSpan(split), output);
            encoder.FinishMessage(output);
            byte[] encoded = output.WrittenSpan.ToArray();
            QuotedPrintableDecoder decoder = new();
            ArrayBufferWriter<byte> decoded = new();
            decoder.Decode(encoded, decoded);
            decoder.Finish(decoded);
            Assert.Equal(Octets.Text(body), Octets.Text(decoded.WrittenSpan.ToArray()));
            Assert.All(Octets.Text(encoded).Split("\r\n"), l => Assert.True(l.Length <= 76 && !l.StartsWith('-') && !l.EndsWith(' ') && !l.EndsWith('\t') && !l.Contains('\r') && !l.Contains('\n'), l));
            Assert.DoesNotContain(encoded, o => o > 126);
        }
    }

    [Theory]
    [InlineData("A: b\n\nü\n", "A: b\nContent-Transfer-Encoding: base64\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n\nw7wNCg==\n")]
    [InlineData("A: b\n\nfünf Wörter ohne Angabe der Zeichen\n", "A: b\nContent-Transfer-Encoding: quoted-printable\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n\nf=C3=BCnf W=C3=B6rter ohne Angabe der Zeichen\n")]
    [InlineData(
        "MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: 8bit\n\nein Ende ohne Zeilenende, fünf",
        "MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\nein Ende ohne Zeilenende, f=C3=BCnf=\n")]
    [InlineData(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\nprä\n--b\nContent-Type: image/png\n\nüü\n--b\n\nplain\n--b--\nepilög\n",
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\npr??\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nw7zDvA==\n--b\n\nplain\n--b--\nepil??g\n")]
    [InlineData(
        "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nMIME-Version: 1.0\nContent-Type: message/global\nContent-Transfer-Encoding: 8bit\n\nSubject: ü\n\n",
        "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\nMIME-Version: 1.0\nContent-Type: message/global\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogw7wNCg0K\n")]
    public void Parts_are_converted_each_by_itself(string message, string expected)
    {
        Assert.True(TryConvert(out byte[] encoded, Octets.Raw(System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n"))))));
        Assert.Equal(expected.ReplaceLineEndings("\r\n"), Octets.Text(encoded));
    }

    [Theory]
    [InlineData("Content-Type: multipart/signed; boundary=b\n\n--b\n\n\u00FC\n--b--\n", false)]
    [InlineData("Content-Type: multipart/signed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\n\nu\n--b--\n", true)]
    [InlineData("Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n\u00FC\n--c--\n--b--\n", false)]
    [InlineData("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nu\n--b--\n--a\n\n\u00FC\n--a--\n", true)]
    [InlineData("Content-Transfer-Encoding: base64\n\n\u00FC\n", false)]
    [InlineData("Content-Transfer-Encoding: x-uuencode\n\n\u00FC\n", false)]
    [InlineData("Content-Type: multipart/mixed\n\n\u00FC\n", false)]
    [InlineData("Content-Type: message/delivery-status\n\n\u00FC\n", false)]
    public void What_must_not_be_changed_is_refused(string message, bool isPossible) =>
        Assert.Equal(isPossible, TryConvert(out _, Octets.Raw(message.ReplaceLineEndings("\r\n"))));

    [Fact]
    public void What_cannot_be_overlooked_is_refused()
    {
        MessageLimits limits = new() { NestingMax = 3 };
        SevenBitPlan plan = new(limits);
        plan.Feed(Octets.Crlf(string.Concat(Enumerable.Repeat("Content-Type: message/rfc822\n\n", 5))));
        plan.Finish();
        Assert.False(plan.IsPossible);
    }

    private static bool TryConvert(out byte[] encoded, params byte[][] pieces)
    {
        SevenBitPlan plan = new();
        foreach (byte[] piece in pieces)
        {
            plan.Feed(piece);
        }
        plan.Finish();
        SevenBitEncoder encoder = new(plan);
        ArrayBufferWriter<byte> output = new();
        foreach (byte[] piece in pieces)
        {
            encoder.Feed(piece, output);
        }
        encoder.Finish(output);
        encoded = output.WrittenSpan.ToArray();
        return plan.IsPossible;
    }

    private static byte[] Decode(MimePart part, byte[] message)
    {
        TransferDecoder decoder = TransferDecoder.For(part.TransferEncoding);
        ArrayBufferWriter<byte> output = new();
        decoder.Decode(message.AsSpan((int)part.BodyOffset, (int)part.BodyOctets), output);
        decoder.Finish(output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The number of parts that changed.</summary>
    private static int Compare(MimePart before, byte[] message, MimePart after, byte[] encoded, string context)
    {
        Assert.True(before.Type == after.Type && before.Subtype == after.Subtype && before.Parts.Count == after.Parts.Count, context);
        if (before.Parts.Count > 0)
        {
            return before.Parts.Zip(after.Parts).Sum(p => Compare(p.First, message, p.Second, encoded, context));
        }
        Assert.DoesNotContain(encoded.AsSpan((int)after.BodyOffset, (int)after.BodyOctets).ToArray(), o => o > 127);
        Assert.True(Decode(before, message).AsSpan().SequenceEqual(Decode(after, encoded)), context);
        return before.TransferEncoding == after.TransferEncoding ? 0 : 1;
    }
}
