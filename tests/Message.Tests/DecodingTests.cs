using System.Buffers;
using System.Text;

namespace MailAccess.Message.Tests;

public sealed class DecodingTests
{
    [Theory]
    // RFC 2047 §8
    [InlineData("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>")]
    [InlineData("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\u00f8rn Simonsen")]
    [InlineData("=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\u00e9 Pirard")]
    [InlineData(
        "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=", "If you can read this you understand the example.")]
    [InlineData("(=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)", "(\u05dd\u05d5\u05dc\u05e9 \u05df\u05d1 \u05d9\u05dc\u05d8\u05e4\u05e0)")]
    [InlineData("(=?ISO-8859-1?Q?a?=)", "(a)")]
    [InlineData("(=?ISO-8859-1?Q?a?= b)", "(a b)")]
    [InlineData("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)")]
    [InlineData("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)")]
    [InlineData("(=?ISO-8859-1?Q?a_b?=)", "(a b)")]
    [InlineData("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)")]
    // RFC 2231 §5
    [InlineData("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore")]
    // A character split between words; broken and foreign forms
    [InlineData("=?utf-8?q?caf=C3?= =?UTF-8?q?=A9?=", "caf\u00e9")]
    [InlineData("=?utf-8?b?4oKs?=", "\u20ac")]
    [InlineData("=?utf-8?b?4oKs", "=?utf-8?b?4oKs")]
    [InlineData("=?utf-8?x?a?= =??q?a?= =?utf-8?q?b?=", "=?utf-8?x?a?= =??q?a?= b")]
    [InlineData("=?utf-8?q?=4?= =?utf-8?q?=ZZ?=", "=4=ZZ")]
    [InlineData("=?utf-8?q??=", "")]
    [InlineData("=?nonsense?q?=E9?=", "\u00e9")]
    [InlineData("=?utf-8?q?=FF?=", "\ufffd")]
    [InlineData("=?=?utf-8?q?a?=", "=?a")]
    [InlineData("plain \u00e9", "plain \u00e9")]
    public void Encoded_words_are_decoded(string value, string expected) => Assert.Equal(expected, EncodedWords.Decode(Octets.Raw(value)));

    [Theory]
    [InlineData("utf-8", "C3A9", "\u00e9")]
    [InlineData("UTF-8", "41FF42", "A\ufffdB")]
    [InlineData("us-ascii", "C3A9", "\u00e9")]
    [InlineData("us-ascii", "41E9", "A\u00e9")]
    [InlineData(null, "E942", "\u00e9B")]
    [InlineData("no-such-charset", "E9", "\u00e9")]
    [InlineData("iso-8859-1", "E980", "\u00e9\u20ac")]
    [InlineData("iso-8859-15", "A4", "\u20ac")]
    [InlineData("iso-8859-2", "B1", "\u0105")]
    [InlineData("iso-8859-7", "E1", "\u03b1")]
    [InlineData("windows-1251", "E6", "\u0436")]
    [InlineData("koi8-r", "D6", "\u0436")]
    [InlineData("gb2312", "D6D0", "\u4e2d")]
    [InlineData("gb18030", "81308130", "\u0080")]
    [InlineData("big5", "A4A4", "\u4e2d")]
    [InlineData("shift_jis", "93FA", "\u65e5")]
    [InlineData("iso-2022-jp", "1B2442467C1B2842", "\u65e5")]
    [InlineData("euc-jp", "C6FC", "\u65e5")]
    [InlineData("euc-kr", "C7D1", "\ud55c")]
    [InlineData("ks_c_5601-1987", "C7D1", "\ud55c")]
    [InlineData("utf-16be", "00E9", "\u00e9")]
    [InlineData("utf-7", "2B414F6B2D", "+AOk-")]
    public void Charsets_are_known_by_their_names(string? charset, string hex, string expected) =>
        Assert.Equal(expected, Charsets.Decode(charset, Convert.FromHexString(hex)));

    [Theory]
    [InlineData("US-ASCII", true)]
    [InlineData("utf-8", true)]
    [InlineData("iso-8859-5", true)]
    [InlineData("utf-7", false)]
    [InlineData("x", false)]
    [InlineData("", false)]
    public void Known_charsets_can_be_searched_in(string charset, bool isKnown) => Assert.Equal(isKnown, Charsets.IsKnown(charset));

    [Theory]
    [InlineData("us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***")] // RFC 2231 §4
    [InlineData("iso-8859-1''%E9%", "\u00e9%")]
    [InlineData("%C3%A9", "\u00e9")]
    [InlineData("''%C3%A9", "\u00e9")]
    public void Extended_parameters_are_decoded(string value, string expected) =>
        Assert.Equal(expected, new MimeParameter("TITLE*", Octets.Raw(value)).Decode());

    [Theory]
    [InlineData("QUJD", "ABC")]
    [InlineData("QUI=", "AB")]
    [InlineData("QQ==", "A")]
    [InlineData("QQ", "A")]
    [InlineData("Q", "")]
    [InlineData("Q*U\r\nJ D\0", "ABC")]
    [InlineData("QQ==QUI=", "AAB")]
    [InlineData("====", "")]
    public void Base64_is_decoded_past_junk_at_every_split(string encoded, string expected) => CheckDecoder("base64", encoded, expected);

    [Theory]
    [InlineData("a=3Db", "a=b")]
    [InlineData("soft=\r\nbreak", "softbreak")]
    [InlineData("soft=\nbreak", "softbreak")]
    [InlineData("soft= \t\r\nbreak", "softbreak")]
    [InlineData("end  \r\n x ", "end\r\n x")]
    [InlineData("=e9=E9", "\u00e9\u00e9")]
    [InlineData("=", "")]
    [InlineData("=4", "=4")]
    [InlineData("=ZZ=4Z==41", "=ZZ=4Z=A")]
    [InlineData("= x", "= x")]
    public void Quoted_printable_is_decoded_at_every_split(string encoded, string expected) => CheckDecoder("Quoted-Printable", encoded, expected);

    [Theory]
    [InlineData("Base64", "YWJj", false)]
    [InlineData("Base64", " YW\r\nJj\t", false)]
    [InlineData("Base64", "YQ==", false)]
    [InlineData("Base64", "YQ", false)]
    [InlineData("Base64", "YQ==YQ==", false)]
    [InlineData("Base64", "YWJj\r\n_____\r\nlist", true)]
    [InlineData("Base64", "YWJjY", true)]
    [InlineData("Base64", "Y===", true)]
    [InlineData("Quoted-Printable", "a=zz=", false)]
    public void What_was_no_base64_is_told(string encoding, string encoded, bool isDamaged)
    {
        TransferDecoder decoder = TransferDecoder.For(encoding);
        decoder.Decode(Octets.Raw(encoded), new ArrayBufferWriter<byte>());
        decoder.Finish(new ArrayBufferWriter<byte>());
        Assert.Equal(isDamaged, decoder.IsDamaged);
    }

    [Fact]
    public void Large_base64_comes_back_whole()
    {
        byte[] original = new byte[100_000];
        new Random(3).NextBytes(original);
        byte[] encoded = Encoding.ASCII.GetBytes(Convert.ToBase64String(original, Base64FormattingOptions.InsertLineBreaks));
        Assert.Equal(original, Base64Decoder.DecodeAll(encoded));
    }

    [Theory]
    // RFC 5322 Appendix A, with A.5, A.6.2 and A.6.3
    [InlineData("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00")]
    [InlineData("Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01T10:52:37+02:00")]
    [InlineData(
        "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30")]
    [InlineData("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00")]
    [InlineData("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00")]
    // Obsolete years and zones, RFC 5322 §4.3
    [InlineData("1 Jan 49 00:00 EST", "2049-01-01T00:00:00-05:00")]
    [InlineData("1 Jan 50 00:00 PDT", "1950-01-01T00:00:00-07:00")]
    [InlineData("1 Jan 102 00:00:00 A", "2002-01-01T00:00:00+00:00")]
    // What programs really send
    [InlineData("Thu Jan  1 12:34:56 1998", "1998-01-01T12:34:56+00:00")]
    [InlineData("Wednesday, 17-Jul-96 02:23:25-0700", "1996-07-17T02:23:25-07:00")]
    [InlineData("Mon, 31 December 2012 23:59:60 +0000", "2012-12-31T23:59:59+00:00")]
    [InlineData("3 Mar 2020", "2020-03-03T00:00:00+00:00")]
    [InlineData("3 Mar 2020 25:00 +9999", "2020-03-03T00:00:00+00:00")]
    [InlineData("3 Mar 2020 1:05:00 PM +0100", "2020-03-03T13:05:00+01:00")]
    [InlineData("3 Mar 2020 10:00 +14:00", "2020-03-03T10:00:00+00:00")]
    public void Dates_are_read(string value, string expected)
    {
        Assert.True(MessageDate.TryParse(Octets.Raw(value), out DateTimeOffset date));
        Assert.Equal(expected, date.ToString("yyyy-MM-ddTHH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("31 Feb 2020 10:00 +0000")]
    [InlineData("32 Jan 2020")]
    [InlineData("1 Jan")]
    [InlineData("1 Jan 0000 00:00 +0000")]
    [InlineData("((((")]
    public void What_is_no_date_is_none(string value) => Assert.False(MessageDate.TryParse(Octets.Raw(value), out _));

    [Fact]
    public void Formatted_dates_are_read_back()
    {
        Random random = new(5);
        for (int i = 0; i < 2_000; i++)
        {
            DateTimeOffset date = new(new DateTime(1950, 1, 1).AddSeconds(random.NextInt64(4_000_000_000)), TimeSpan.FromMinutes(random.Next(-840, 841)));
            Assert.True(MessageDate.TryParse(Encoding.ASCII.GetBytes(MessageDate.Format(date)), out DateTimeOffset read));
            Assert.Equal(date, read);
            Assert.Equal(date.Offset, read.Offset);
        }
        Assert.Equal("Sat, 1 Jul 2023 02:03:04 -0330", MessageDate.Format(new DateTimeOffset(2023, 7, 1, 2, 3, 4, new TimeSpan(-3, -30, 0))));
    }

    private static void CheckDecoder(string encoding, string encoded, string expected)
    {
        byte[] octets = Octets.Raw(encoded);
        for (int split = 0; split <= octets.Length; split++)
        {
            ArrayBufferWriter<byte> output = new();
            TransferDecoder decoder = TransferDecoder.For(encoding);
            decoder.Decode(octets.AsSpan(0, split), output);
            ArrayBufferWriter<byte> forked = new();
            forked.Write(output.WrittenSpan);
            TransferDecoder fork = decoder.Fork();
            decoder.Decode(octets.AsSpan(split), output);
            decoder.Finish(output);
            Assert.Equal(expected, Octets.Text(output.WrittenSpan));
            fork.Decode(octets.AsSpan(split), forked);
            fork.Finish(forked);
            Assert.Equal(expected, Octets.Text(forked.WrittenSpan));
        }
    }
}
