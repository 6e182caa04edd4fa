using System.Text;

namespace MailAccess.Message.Tests;

public sealed class HeaderDowngradeTests
{
    /// <summary>What a client is shown of a header that it cannot read. RFC 6858 §2.</summary>
    private static string Present(string header)
    {
        byte[] octets = Encoding.UTF8.GetBytes(header.ReplaceLineEndings("\r\n") + "\r\n");
        List<OctetEdit> edits = [];
        HeaderDowngrade.Find(octets, 0, edits);
        return Encoding.UTF8.GetString(Apply(octets, edits)).ReplaceLineEndings("\n")[..^1];
    }

    private static byte[] Apply(byte[] octets, List<OctetEdit> edits)
    {
        List<byte> shown = [];
        int at = 0;
        foreach (OctetEdit edit in edits)
        {
            shown.AddRange(octets[at..(int)edit.Offset]);
            shown.AddRange(edit.Replacement);
            at = (int)edit.Offset + edit.Removed;
        }
        return [.. shown, .. octets[at..]];
    }

    [Theory]
    // §2.3
    [InlineData("SUBJECT: Größe\n", "SUBJECT: =?utf-8?B?R3LDtsOfZQ==?=\n")]
    [InlineData("Subject: =?iso-8859-1?q?Gr=F6?=\n =?iso-8859-1?q?=DFe?= ü\n", "Subject: =?utf-8?B?R3LDtsOfZSDDvA==?=\n")]
    [InlineData("Subject: Bücher für alle, die sie lesen wollen\n", "Subject: =?utf-8?B?QsO8Y2hlciBmw7xyIGFsbGUsIGRpZSBzaWUgbGVzZW4gd29s?=\n =?utf-8?B?bGVu?=\n")]
    // §2.1: names of addresses can be said, internationalized addresses cannot, and must not become anybody else's.
    [InlineData("From: Fred Foo <fred@exämple.com>\n", "From: =?utf-8?B?RnJlZCBGb28gKGZyZWRAZXjDpG1wbGUuY29tKQ==?=\n <invalid@internationalized-address.invalid>\n")]
    [InlineData("To: jörg@exämple.com\n", "To: =?utf-8?B?asO2cmdAZXjDpG1wbGUuY29t?=\n <invalid@internationalized-address.invalid>\n")]
    [InlineData("Cc: Jörg <j@example.com>\n", "Cc: =?utf-8?B?SsO2cmc=?=\n <j@example.com>\n")]
    [InlineData("Reply-To: é@z, \"Doe, John\" <\"j d\"@example.com>, plain@example.com\n",
        "Reply-To: =?utf-8?B?w6lAeg==?=\n <invalid@internationalized-address.invalid>,\n \"Doe, John\"\n <\"j d\"@example.com>,\n plain@example.com\n")]
    [InlineData("Bcc: Gruppe ü: a@b, =?utf-8?q?=C3=A9?= <c@d>; , e@f\n", "Bcc: =?utf-8?B?R3J1cHBlIMO8?=:\n a@b,\n =?utf-8?q?=C3=A9?=\n <c@d>;,\n e@f\n")]
    [InlineData("Return-Path: <é@z>\n", "Return-Path: <invalid@internationalized-address.invalid>\n")]
    [InlineData("Resent-Sender: é\n", "Resent-Sender: =?utf-8?B?w6k=?=\n <invalid@internationalized-address.invalid>\n")]
    // §2.2
    [InlineData("Content-Type: text/plain; charset=utf-8; name=\"é;x.txt\";\n format=flowed\n", "Content-Type: text/plain;\n charset=utf-8;\n format=flowed\n")]
    [InlineData("Content-Disposition: attachment; filename=é\n", "Content-Disposition: attachment\n")]
    [InlineData("content-disposition: é; filename=a\n", "")]
    // §2.4
    [InlineData("X-Text: é\nMessage-ID: <é@z>\nDate: today\nReceived: from é\n by z\n", "Date: today\n")]
    // Nothing to do.
    [InlineData("Subject: plain\nFrom: a@b\nno field: \n", "Subject: plain\nFrom: a@b\nno field: \n")]
    public void What_cannot_be_said_is_said_otherwise_or_not_at_all(string header, string shown) => Assert.Equal(shown, Present(header));

    [Fact]
    public void Fields_that_are_no_UTF_8_stay_as_they_are()
    {
        byte[] header = Octets.Crlf("Subject: Gr\u00f6\u00dfe\nTo: \u00e9@z\n\n");
        List<OctetEdit> edits = [];
        HeaderDowngrade.Find(header, 7, edits);
        Assert.Empty(edits);
        Assert.False(Octets.Parse(header).Summary.IsInternationalized);
    }

    [Fact]
    public void Edits_stand_where_the_header_stands()
    {
        List<OctetEdit> edits = [];
        HeaderDowngrade.Find("A: b\r\nX: é\r\nSubject: é\r\n\r\n"u8, 1000, edits);
        Assert.Equal([(1006L, 7), (1013L, 13)], edits.Select(e => (e.Offset, e.Removed)));
    }

    [Theory]
    [InlineData("Subject: é\n\nbody\n", true)]
    [InlineData("Subject: e\n\né\n", false)]
    [InlineData("Subject: e\nX: a\n é\n\nbody\n", true)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Description: é\n\nx\n--b--\n", true)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\n\né\n--b--\né\n", false)]
    [InlineData("Content-Type: message/rfc822\n\nSubject: é\n\nx\n", true)]
    public void A_summary_says_whether_any_header_is_internationalized(string message, bool isSo) =>
        Assert.Equal(isSo, Octets.Parse(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n"))).Summary.IsInternationalized);

    [Fact]
    public void Whatever_stands_in_a_field_is_shown_in_US_ASCII_with_its_lines_short_enough()
    {
        string[] pieces = ["é", "ß漢", "𐍈", " ", "\t", "\r\n ", ",", ";", ":", "<", ">", "@", "\"", "\\", "(", ")", "=?utf-8?q?=C3=A9?=", "a.b", "x@y", "=", "[", "\0", new string('w', 60)];
        string[] names = ["Subject", "From", "To", "Return-Path", "Content-Type", "Content-Disposition", "X"];
        Random random = new(6858);
        for (int i = 0; i < 20_000; i++)
        {
            string name = names[random.Next(names.Length)];
            byte[] header = Encoding.UTF8.GetBytes($"{name}: é{string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]))}\r\nEnd: x\r\n\r\n");
            List<OctetEdit> edits = [];
            HeaderDowngrade.Find(header, 0, edits);
            byte[] shown = Apply(header, edits);
            Assert.True(Ascii.IsValid(shown), Encoding.UTF8.GetString(header));
            HeaderReader reader = new(shown);
            int fields = 0;
            while (reader.TryRead(out HeaderField field))
            {
                fields++;
                Assert.True(field.Is("End"u8) || field.Is(Encoding.ASCII.GetBytes(name)));
            }
            Assert.InRange(fields, 1, 2); // Nothing of a value becomes a field.
            Assert.All(Encoding.ASCII.GetString(shown).Split("\r\n"), line => Assert.True(line.Length <= 998 && !line.Contains('\r') && !line.Contains('\n')));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("Größe 漢字 𐍈 and much more of it, so that it does not stand on one line at all; not on two either")]
    [InlineData("𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈𐍈")]
    public void Encoded_words_decode_to_what_was_encoded(string text)
    {
        string encoded = EncodedWords.Encode(text);
        Assert.Equal(text, EncodedWords.Decode(Encoding.ASCII.GetBytes(encoded)));
        Assert.All(encoded.Split("\r\n"), line => Assert.True(line.Length <= 62)); // RFC 2047 §2, and room for a name.
    }

    [Theory]
    [InlineData("A: b\r\n\r\né", false)]
    [InlineData("A: é\r\n\r\nb", true)]
    [InlineData("A: b\n\né", false)]
    [InlineData("A: b\r\n\r x\r\né: c\r\n", true)]
    [InlineData("é", true)]
    [InlineData("\r\né", false)]
    [InlineData("", false)]
    public void Octets_above_127_are_seen_in_the_header_alone(string message, bool isSeen)
    {
        byte[] octets = Encoding.UTF8.GetBytes(message);
        for (int size = 1; size <= octets.Length + 1; size++)
        {
            HeaderWatch watch = new();
            foreach (byte[] piece in octets.Chunk(size))
            {
                watch.Feed(piece);
            }
            Assert.Equal(isSeen, watch.HasEightBit);
        }
    }
}
