using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MailAccess.Imap.Grammar;
using MailAccess.Store;

namespace MailAccess.Imap.Tests;

/// <summary>The parsers alone.</summary>
public sealed class GrammarTests
{
    [Theory]
    [InlineData("INBOX", "INBOX")]
    [InlineData("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-")]
    [InlineData("Sent & gone", "Sent &- gone")]
    [InlineData("☺!", "&Jjo-!")]
    [InlineData("😀", "&2D3eAA-")]
    [InlineData("é", "&AOk-")]
    [InlineData("éé", "&AOkA6Q-")]
    [InlineData("ééé", "&AOkA6QDp-")]
    public void Modified_utf7_is_as_the_rfc_has_it(string name, string encoded)
    {
        Assert.Equal(encoded, ModifiedUtf7.Encode(name));
        Assert.True(ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(encoded), out string? decoded));
        Assert.Equal(name, decoded);
    }

    [Theory]
    [InlineData("&AGE-")] // A printable character in base64.
    [InlineData("&Jjo")] // No end.
    [InlineData("&Jjo!-")] // Not base64.
    [InlineData("&AOk-&AOk-")] // A superfluous shift.
    [InlineData("&AOl-")] // Fill bits that are not zero.
    [InlineData("&AOkA-")] // Fill bits for a whole character of base64.
    [InlineData("&2D0-")] // Half a surrogate pair.
    [InlineData("&3gA-")] // The other half.
    [InlineData("é")] // Not US-ASCII.
    [InlineData("a\tb")]
    public void Modified_utf7_has_one_spelling_of_a_name(string encoded) =>
        Assert.False(ModifiedUtf7.TryDecode(Encoding.UTF8.GetBytes(encoded), out _));

    [Fact]
    public void Modified_utf7_decodes_what_it_encodes() =>
        Prop.ForAll<string>(text =>
        {
            if (text is null || !System.Text.Unicode.Utf8.IsValid(Encoding.UTF8.GetBytes(text)) || HasLoneSurrogate(text))
            {
                return true;
            }
            return ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(ModifiedUtf7.Encode(text)), out string? back)
                ? back == text
                : text.Any(c => c == 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Modified_utf7_encodes_what_it_decodes()
    {
        Random random = new(7);
        int decodable = 0;
        for (int i = 0; i < 200_000; i++)
        {
            byte[] encoded = [.. Enumerable.Range(0, random.Next(1, 10)).Select(_ => (byte)"&-,+AOkp2D3e/z9 "[random.Next(16)])];
            if (ModifiedUtf7.TryDecode(encoded, out string? name))
            {
                decodable++;
                Assert.Equal(Encoding.ASCII.GetString(encoded), ModifiedUtf7.Encode(name));
            }
        }
        Assert.True(decodable > 100);
    }

    [Theory]
    [InlineData("1", false, "0")]
    [InlineData("*", false, "4")]
    [InlineData("2:4,1", false, "0 1 2 3")]
    [InlineData("4:2", false, "1 2 3")]
    [InlineData("*:4,5:3", false, "2 3 4")]
    [InlineData("1,1,1", false, "0")]
    [InlineData("10:30", true, "0 1 2")]
    [InlineData("11:19", true, "")]
    [InlineData("999:*", true, "4")]
    [InlineData("1:15,45:4294967295", true, "0 4")]
    [InlineData("*", true, "4")]
    public void A_sequence_set_means_these_messages(string text, bool byUid, string indices)
    {
        MailboxSnapshot view = Views.WithUids(10, 20, 30, 40, 50);
        Assert.True(SequenceSet.TryParse(Encoding.ASCII.GetBytes(text), 100, out SequenceSet? set, out int length));
        Assert.Equal(text.Length, length);
        Assert.True(set!.TryResolve(view, byUid ? Numbering.Uid : Numbering.Sequence, UidSet.Empty, out IndexRanges found));
        Assert.Equal(indices, string.Join(' ', Enumerable.Range(0, view.Count).Where(found.Contains)));
        Assert.Equal(found.Count, Enumerable.Range(0, view.Count).Count(found.Contains));
    }

    [Theory]
    [InlineData("6")]
    [InlineData("1:6")]
    [InlineData("4294967295")]
    public void A_sequence_number_beyond_the_mailbox_is_an_error(string text)
    {
        Assert.True(SequenceSet.TryParse(Encoding.ASCII.GetBytes(text), 100, out SequenceSet? set, out _));
        Assert.False(set!.TryResolve(Views.WithUids(1, 2, 3, 4, 5), Numbering.Sequence, UidSet.Empty, out _));
        Assert.False(set.TryResolve(Views.WithUids(), Numbering.Sequence, UidSet.Empty, out _));
        Assert.True(set.TryResolve(Views.WithUids(), Numbering.Uid, UidSet.Empty, out IndexRanges none));
        Assert.Equal(0, none.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("1:")]
    [InlineData(":1")]
    [InlineData("1,")]
    [InlineData("4294967296")]
    [InlineData("1:0")]
    [InlineData("-1")]
    public void It_is_no_sequence_set(string text) =>
        Assert.False(SequenceSet.TryParse(Encoding.ASCII.GetBytes(text), 100, out _, out int length) && length == text.Length);

    [Fact]
    public void A_sequence_set_of_too_many_ranges_is_refused()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Join(',', Enumerable.Repeat("1", 11)));
        Assert.False(SequenceSet.TryParse(text, 10, out _, out _));
        Assert.True(SequenceSet.TryParse(text, 11, out _, out _));
    }

    [Theory]
    [InlineData("1-Feb-1994", "1994-02-01")]
    [InlineData("01-feb-1994", "1994-02-01")]
    [InlineData("31-DEC-9999", "9999-12-31")]
    [InlineData("29-Feb-2024", "2024-02-29")]
    [InlineData("29-Feb-2023", null)]
    [InlineData("0-Feb-2023", null)]
    [InlineData("1-Foo-2023", null)]
    [InlineData("1-Feb-23", null)]
    [InlineData("1-Feb-0000", null)]
    [InlineData("001-Feb-2023", null)]
    [InlineData("1 Feb 2023", null)]
    [InlineData("", null)]
    public void A_date_is_read(string text, string? expected)
    {
        bool parsed = ImapDates.TryParseDate(Encoding.ASCII.GetBytes(text), out DateOnly date);
        Assert.Equal(expected, parsed ? date.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) : null);
    }

    [Theory]
    [InlineData("17-Jul-1996 02:44:25 -0700", "1996-07-17T09:44:25Z")]
    [InlineData(" 1-Jan-2000 00:00:00 +0000", "2000-01-01T00:00:00Z")]
    [InlineData("01-Jan-2000 23:59:60 +0100", "2000-01-01T22:59:59Z")]
    [InlineData("01-Jan-2000 12:00:00 +9959", "1999-12-28T08:01:00Z")]
    [InlineData("01-Jan-0001 00:00:00 +0001", null)]
    [InlineData("1-Jan-2000 00:00:00 +0000", null)]
    [InlineData("32-Jan-2000 00:00:00 +0000", null)]
    [InlineData("01-Jan-2000 24:00:00 +0000", null)]
    [InlineData("01-Jan-2000 00:00:00 0000x", null)]
    [InlineData("01-Jan-2000 00:00:00 +0060", null)]
    public void A_date_time_is_read_and_written(string text, string? expected)
    {
        bool parsed = ImapDates.TryParseDateTime(Encoding.ASCII.GetBytes(text), out DateTimeOffset value);
        Assert.Equal(expected,
            parsed ? value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) : null);
        if (parsed)
        {
            byte[] written = new byte[ImapDates.DateTimeOctets];
            ImapDates.WriteDateTime(value.ToUnixTimeSeconds(), written);
            Assert.True(ImapDates.TryParseDateTime(written.AsSpan(1, ImapDates.DateTimeOctets - 2), out DateTimeOffset again));
            Assert.Equal(value, again);
        }
    }

    [Theory]
    [InlineData("a LOGIN {5}", 8, 5L, true)]
    [InlineData("{0+}", 0, 0L, false)]
    [InlineData("x {99999999999999999999999999}", 2, long.MaxValue, true)]
    [InlineData("x {99999999999999999999999999+}", 2, long.MaxValue, false)]
    public void A_literal_is_announced(string line, int start, long octets, bool isSynchronizing)
    {
        Assert.True(LiteralHeader.TryParse(Encoding.ASCII.GetBytes(line), out LiteralHeader header));
        Assert.Equal(new LiteralHeader(start, octets, isSynchronizing), header);
    }

    [Theory]
    [InlineData("")]
    [InlineData("}")]
    [InlineData("{}")]
    [InlineData("{+}")]
    [InlineData("{5")]
    [InlineData("{5} ")]
    [InlineData("{5++}")]
    [InlineData("{-5}")]
    [InlineData("{5-}")]
    public void No_literal_is_announced(string line) => Assert.False(LiteralHeader.TryParse(Encoding.ASCII.GetBytes(line), out _));

    [Theory]
    [InlineData("*", "INBOX", true)]
    [InlineData("*", "a/b/c", true)]
    [InlineData("%", "a/b", false)]
    [InlineData("%/%", "a/b", true)]
    [InlineData("a%", "a/b", false)]
    [InlineData("a*c", "a/b/c", true)]
    [InlineData("inbox", "INBOX", true)]
    [InlineData("inBox/%", "INBOX/x", true)]
    [InlineData("inbox/X", "INBOX/x", false)]
    [InlineData("sent", "Sent", false)]
    [InlineData("", "a", false)]
    [InlineData("%*%*%*", "a/b", true)]
    [InlineData("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void A_pattern_matches_names(string pattern, string name, bool matches) =>
        Assert.Equal(matches, new Mailboxes.MailboxPattern(pattern).Matches(name));

    private static bool HasLoneSurrogate(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return true;
            }
        }
        return false;
    }
}
