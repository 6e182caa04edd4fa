using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Message.Tests;

public sealed class SummaryKeysTests
{
    private static MessageSummary Summarize(string text) => Octets.Parse(Octets.Crlf(text)).Summary;

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    [Fact]
    public void A_summary_of_version_1_is_recognized_as_one_to_make_anew()
    {
        byte[] stored = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", "summary-1.bin"));
        Assert.Equal(1, stored[0]);
        Assert.False(new MessageSummary(stored).IsValid);
        stored[0] = MessageSummary.Version; // It is whole: only its version is the reason.
        Assert.True(new MessageSummary(stored).IsValid);
    }

    [Theory]
    [InlineData("plain", "plain", false)]
    [InlineData("Re: plain", "plain", true)]
    [InlineData("re:RE : Fwd: fw:plain", "plain", true)]
    [InlineData("Re[2]: [list] Re: plain", "plain", true)]
    [InlineData("Re [2] : plain", "plain", true)]
    [InlineData("[list] plain", "plain", false)]
    [InlineData("[list]", "[list]", false)]
    [InlineData("[a] [b]", "[b]", false)]
    [InlineData("[a] Re: [b]", "[b]", true)]
    [InlineData("plain (fwd)", "plain", true)]
    [InlineData("plain (fwd) (FWD)  ", "plain", true)]
    [InlineData("[fwd: plain]", "plain", true)]
    [InlineData("[Fwd: Re: [list]  two\t words (fwd)]", "two words", true)]
    [InlineData("[fwd: open", "[fwd: open", false)]
    [InlineData("Re: ", "", true)]
    [InlineData("", "", false)]
    [InlineData("reply to you", "reply to you", false)]
    [InlineData("[un[balanced] x", "[un[balanced] x", false)]
    [InlineData("=?utf-8?q?Re:_=C3=A4pfel?=", "äpfel", true)]
    public void Base_subject_of_RFC_5256_2_1(string subject, string expected, bool isReply)
    {
        MessageSortKeys keys = Summarize($"Subject: {subject}\n\n").SortKeys;
        Assert.Equal(expected, Text(keys.BaseSubject));
        Assert.Equal(isReply, keys.IsReply);
    }

    [Fact]
    public void A_hostile_subject_costs_no_more_than_a_long_one()
    {
        MessageSortKeys keys = Summarize("Subject: " + string.Concat(Enumerable.Repeat("[a]", 60_000)) + "Re: x\n\n").SortKeys;
        Assert.Equal("[", Text(keys.BaseSubject)); // 333 blobs went, and where the looking ended there was half a one.
    }

    [Fact]
    public void Sort_keys_are_the_first_address_its_name_and_the_date_in_UTC()
    {
        MessageSortKeys keys = Summarize("""
            Date: 31 Dec 2000 16:01:33 -0800
            From: =?iso-8859-1?q?J=F6rg?= <joerg@a.test>, second@a.test
            To: plain@b.test
            Cc: Friends: x@c.test;

            """).SortKeys;
        Assert.Equal(DateTimeOffset.Parse("2001-01-01T00:01:33Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds(), keys.SentSeconds);
        Assert.Equal("joerg", Text(keys.From));
        Assert.Equal("Jörg", Text(keys.DisplayFrom));
        Assert.Equal("plain", Text(keys.To));
        Assert.Equal("plain@b.test", Text(keys.DisplayTo));
        Assert.Equal("Friends", Text(keys.Cc));
    }

    [Fact]
    public void What_is_absent_sorts_as_the_empty_string()
    {
        MessageSortKeys keys = Summarize("Date: never\n\n").SortKeys;
        Assert.True(keys.IsPresent);
        Assert.Null(keys.SentSeconds);
        Assert.True(keys.From.IsEmpty && keys.To.IsEmpty && keys.Cc.IsEmpty && keys.DisplayFrom.IsEmpty && keys.DisplayTo.IsEmpty);
    }

    [Fact]
    public void Message_ids_are_the_same_however_they_are_quoted()
    {
        MessageThreadKeys first = Summarize("Message-ID: <\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>\n\n").ThreadKeys;
        MessageThreadKeys second = Summarize("Message-ID: (x) <01KF8JCEOCBS0045PS@xxx.yyy.com>\n\n").ThreadKeys;
        Assert.Equal(second.MessageId, first.MessageId); // The example of RFC 5256 §3.
        Assert.NotEqual(0UL, first.MessageId);
    }

    [Theory]
    [InlineData("References: <r@x> <p@x>\nIn-Reply-To: <i@x>", 2)]
    [InlineData("References: nothing valid <here>\nIn-Reply-To: Your message of \"today\" <p@x> <me@x>", 1)]
    [InlineData("In-Reply-To: <p@x>", 1)]
    [InlineData("References: <open <p@x>", 1)]
    [InlineData("In-Reply-To: you", 0)]
    public void References_come_before_In_Reply_To(string header, int count)
    {
        MessageThreadKeys keys = Summarize(header + "\n\n").ThreadKeys;
        Assert.Equal(count, keys.ReferenceCount);
        if (count > 0)
        {
            Assert.Equal(Summarize("Message-ID: <p@x>\n\n").ThreadKeys.MessageId, keys.Reference(count - 1));
        }
    }

    [Fact]
    public void Of_a_hundred_thousand_references_the_first_and_the_last_ones_are_kept()
    {
        string references = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"<{i}@x>"));
        MessageThreadKeys keys = Summarize("References: " + references + "\n\n").ThreadKeys;
        Assert.Equal(MessageLimits.Default.ReferencesMax, keys.ReferenceCount);
        Assert.Equal(Summarize("Message-ID: <0@x>\n\n").ThreadKeys.MessageId, keys.Reference(0));
    }

    [Fact]
    public void EMAILID_is_the_hash_of_the_octets_with_CRLF_whatever_was_fed()
    {
        string message = "Subject: x\n\none\ntwo\n";
        byte[] crlf = Octets.Crlf(message);
        string expected = "M" + Convert.ToHexStringLower(SHA256.HashData(crlf))[..32];
        Assert.Equal(expected, Octets.Parse(crlf).Summary.EmailId.ToString());
        Assert.Equal(expected, Octets.Parse(Octets.Raw(message)).Summary.EmailId.ToString());
        byte[] mixed = Octets.Raw("Subject: x\r\n\none\r\ntwo\n");
        for (int split = 0; split <= mixed.Length; split++)
        {
            MessageParser parser = new();
            parser.Feed(mixed.AsSpan(0, split));
            parser.Feed(mixed.AsSpan(split));
            parser.Finish();
            Assert.Equal(expected, parser.Summarize().EmailId.ToString());
        }
    }

    [Fact]
    public void THREADID_is_that_of_the_first_message_known()
    {
        ObjectId root = Summarize("Message-ID: <r@x>\n\n").ThreadId;
        Assert.Equal(root, Summarize("Message-ID: <a@x>\nReferences: <r@x> <b@x>\n\n").ThreadId);
        Assert.Equal(root, Summarize("Message-ID: <c@x>\nIn-Reply-To: <r@x>\n\n").ThreadId);
        MessageSummary without = Summarize("Subject: x\n\n");
        Assert.Equal(without.EmailId.Value, without.ThreadId.Value);
        Assert.StartsWith("T", without.ThreadId.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_id_reads_back_and_others_do_not()
    {
        ObjectId id = ObjectId.OfMailbox(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
        Assert.Equal("F00112233445566778899aabbccddeeff", id.ToString());
        Assert.True(ObjectId.TryParse(Encoding.ASCII.GetBytes(id.ToString()), out ObjectId back));
        Assert.Equal(id, back);
        foreach (string other in (string[])["", "F0", "F00112233445566778899AABBCCDDEEFF", "F0011223344556677-899aabbccddeeff"])
        {
            Assert.False(ObjectId.TryParse(Encoding.ASCII.GetBytes(other), out _), other);
        }
    }

    [Theory]
    [InlineData("\n Hello,\n\n  how   are\tyou?\n", "Hello, how are you?")]
    [InlineData("\n> quoted\nmine\n>again\nmore", "mine more")]
    [InlineData("\n> all\n> quoted\n", "> all > quoted")]
    [InlineData("", "")]
    [InlineData("Content-Type: text/html\n\n<style>p{}</style><p>Hello &amp; <b>you</b></p>", "Hello & you")]
    [InlineData("Content-Type: text/html\n\n&#8204;&nbsp;&zwnj;&nbsp;&#847;Hello", "Hello")]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nw6RwZmVs\n", "äpfel")]
    [InlineData("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n=E4p=\nfel\0", "äpfel")]
    [InlineData("Content-Type: application/pdf\n\nabc", "")]
    [InlineData("Content-Type: message/rfc822\n\nSubject: x\n\ninner", "")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nContent-Disposition: attachment\n\nno\n--b\n\n \n--b\n\nyes -\n--bc\n--b--\npost", "yes - --bc")]
    public void Preview_is_the_first_text(string message, string expected) => Assert.Equal(expected, Text(Summarize(message).Preview));

    [Fact]
    public void A_preview_has_at_most_200_characters_and_never_half_of_one()
    {
        string text = string.Concat(Enumerable.Repeat("ab\U0001F600", 200));
        byte[] message = Encoding.UTF8.GetBytes("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text);
        string preview = Text(Octets.Parse(message).Summary.Preview);
        Assert.Equal(200, preview.EnumerateRunes().Count());
        Assert.StartsWith(preview, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_are_the_same_however_the_message_comes_and_always_valid()
    {
        Random random = new(8);
        for (int i = 0; i < 300; i++)
        {
            byte[] message = Octets.Crlf("""
                Subject: Re: [x] y (fwd)
                References: <a@b> <"c"@d>
                From: "x" <y@z>
                Content-Type: multipart/alternative; boundary=q

                --q
                Content-Type: text/html

                <p>one&nbsp;two</p>
                --q--

                """);
            for (int m = 0; m < 4; m++)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }
            MessageSummary whole = Octets.Parse(message).Summary;
            Assert.True(whole.IsValid);
            MessageParser parser = new();
            for (int at = 0; at < message.Length;)
            {
                int count = Math.Min(random.Next(1, 9), message.Length - at);
                parser.Feed(message.AsSpan(at, count));
                at += count;
            }
            Assert.True(parser.Summarize().Encoded.Span.SequenceEqual(whole.Encoded.Span));
            string preview = new UTF8Encoding(false, true).GetString(whole.Preview.Span);
            Assert.DoesNotContain(preview, char.IsControl);
        }
    }
}
