namespace MailAccess.Message.Tests;

public sealed class MessageParserTests
{
    private const string Mixed = "Content-Type: multipart/mixed; boundary=b\n\n";

    [Fact]
    public void A_multipart_has_the_offsets_that_IMAP_sections_need()
    {
        const string message = "Subject: x\n" + Mixed + "preamble\n--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\nlines\n\n--b--\nepilogue\n";
        MimePart root = Octets.Root(message);
        Assert.Equal("MULTIPART/MIXED", root.Type + "/" + root.Subtype);
        Assert.Equal(2, root.Parts.Count);
        Assert.Equal("one", Octets.BodyOf(root.Parts[0], message));
        Assert.Equal("<p>two\r\nlines\r\n", Octets.BodyOf(root.Parts[1], message));
        Assert.Equal(0, root.Parts[0].BodyLines);
        Assert.Equal(2, root.Parts[1].BodyLines);
        Assert.EndsWith("epilogue\r\n", Octets.BodyOf(root, message));
    }

    [Theory]
    [InlineData("--b\n\none\n--b--\n", "one")] // Ordinary.
    [InlineData("--b\n\none\n", "one\r\n")] // No final boundary: RFC 2046 §5.1.2, the end of the message ends it.
    [InlineData("--b\n\none\n--b--", "one")] // No line end behind it.
    [InlineData("--b \t\n\none\n--b-- \n", "one")] // Transport padding.
    [InlineData("--b\n\n--b1\n--bb\n--b-x\n- -b\n --b\n--b--\n", "--b1\r\n--bb\r\n--b-x\r\n- -b\r\n --b")] // Only begin like a delimiter.
    [InlineData("--b junk\n\none\n--b-- junk\nepilogue\n", "one")] // RFC 2046 §5.1.1: "An exact match … is not required".
    [InlineData("--b\n\none\n--b--_______________\nfooter of a list\n", "one")]
    [InlineData("--b\"\n\none\n--b--\"\n", "one")]
    [InlineData("--b\n\none\n--b----\n", "one")]
    [InlineData("--b\n\n\n--b--\n", "")]
    [InlineData("--b\n\n--b--\n", "")]
    [InlineData("--b\n--b--\n", "")]
    [InlineData("--b\nHello\nWorld\n--b--\n", "Hello\r\nWorld")] // Neither header nor empty line.
    [InlineData("--b\nX: y\n--b--\n", "")] // A header, but no empty line.
    [InlineData("--b\n folded\n\nx\n--b--\n", " folded\r\n\r\nx")]
    public void A_first_part_ends_where_it_should(string body, string expected)
    {
        MimePart root = Octets.Root(Mixed + body);
        Assert.Equal(expected, Octets.BodyOf(Assert.Single(root.Parts), Mixed + body));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("just text\n", "just text\r\n")]
    [InlineData("--b--\n", "--b--\r\n")]
    public void A_multipart_without_parts_shows_its_whole_body_as_text(string body, string expected)
    {
        MimePart part = Assert.Single(Octets.Root(Mixed + body).Parts);
        Assert.Equal("TEXT/PLAIN", part.Type + "/" + part.Subtype);
        Assert.Equal(expected, Octets.BodyOf(part, Mixed + body));
        Assert.Equal(0, part.HeaderOctets);
    }

    [Fact]
    public void A_multipart_without_boundary_parameter_shows_its_body_as_text()
    {
        const string message = "Content-Type: multipart/mixed\n\n--x\n\nhello\n";
        Assert.Equal("--x\r\n\r\nhello\r\n", Octets.BodyOf(Assert.Single(Octets.Root(message).Parts), message));
    }

    [Fact]
    public void Boundaries_may_begin_with_each_other()
    {
        const string message = Mixed + "--b\nContent-Type: multipart/mixed; boundary=b1\n\n--b1\n\ninner\n--b1--\n--b\n\nouter\n--b--\n";
        MimePart root = Octets.Root(message);
        Assert.Equal(2, root.Parts.Count);
        Assert.Equal("inner", Octets.BodyOf(Assert.Single(root.Parts[0].Parts), message));
        Assert.Equal("outer", Octets.BodyOf(root.Parts[1], message));
    }

    [Fact]
    public void A_boundary_used_twice_belongs_to_the_inner_multipart_until_that_ends()
    {
        const string message = Mixed + "--b\n" + Mixed + "--b\n\ninner\n--b--\n--b\n\nouter\n--b--\n";
        MimePart root = Octets.Root(message);
        Assert.Equal(2, root.Parts.Count);
        Assert.Equal("inner", Octets.BodyOf(Assert.Single(root.Parts[0].Parts), message));
        Assert.Equal("outer", Octets.BodyOf(root.Parts[1], message));
    }

    [Fact]
    public void An_outer_delimiter_ends_everything_inside_it()
    {
        const string message = Mixed + "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\ndeep\n--b\n\nnext\n--b--\n";
        MimePart root = Octets.Root(message);
        MimePart forwarded = root.Parts[0];
        Assert.True(forwarded.IsMessage);
        Assert.Equal("deep", Octets.BodyOf(forwarded.Parts[0].Parts[0], message));
        Assert.EndsWith("deep", Octets.BodyOf(forwarded, message));
        Assert.Equal("next", Octets.BodyOf(root.Parts[1], message));
    }

    [Theory]
    [InlineData("base64")]
    [InlineData("Quoted-Printable")]
    public void An_encoded_message_is_not_looked_into(string encoding)
    {
        MimePart root = Octets.Root($"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\nSubject: no\n\nbody\n");
        Assert.False(root.IsMessage);
        Assert.Empty(root.Parts);
        Assert.Equal("APPLICATION/OCTET-STREAM", root.Type + "/" + root.Subtype);
    }

    [Fact]
    public void A_digest_holds_messages_unless_they_say_otherwise()
    {
        MimePart root = Octets.Root("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\ntext\n--b\nContent-Type: text/plain\n\nx\n--b--\n");
        Assert.True(root.Parts[0].IsMessage);
        Assert.Equal(4, root.Parts[0].Parts[0].BodyOctets);
        Assert.Equal("TEXT", root.Parts[1].Type);
    }

    [Fact]
    public void The_From_line_of_an_mbox_and_lines_without_colon_are_part_of_the_header_and_no_fields()
    {
        const string message = "From bob Thu Jan  1 00:00:00 1970\nSubject: one\nbroken line\nContent-Type: text/html\n\nbody";
        MimePart root = Octets.Root(message);
        Assert.Equal("HTML", root.Subtype);
        Assert.Equal("body", Octets.BodyOf(root, message));
        Assert.Contains("\"one\"", Octets.Envelope(message), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("\r\n", 2, 0)]
    [InlineData("\n", 2, 0)]
    [InlineData("Subject: no empty line", 22, 0)]
    [InlineData("Subject: x\r\n\r\n\0\r\n", 14, 3)]
    [InlineData("Subject: x\r\n\r\na\rb\r\n", 14, 5)]
    public void Small_and_odd_messages_have_exact_sizes(string message, long header, long body)
    {
        MimePart root = Octets.Parse(Octets.Raw(message)).Root;
        Assert.Equal(header, root.HeaderOctets);
        Assert.Equal(body, root.BodyOctets);
        Assert.Equal("TEXT/PLAIN", root.Type + "/" + root.Subtype);
    }

    [Theory]
    [InlineData("text/plain; charset=us-ascii (Plain text)", "TEXT/PLAIN", "us-ascii")] // RFC 2045 §5.1
    [InlineData("text/plain; charset=\"us-ascii\"", "TEXT/PLAIN", "us-ascii")]
    [InlineData("(comment (nested)) Text / (x) HTML ; Charset = utf-8 ; x=y", "TEXT/HTML", "utf-8")]
    [InlineData("text", "TEXT/PLAIN", null)] // RFC 2045 §5.2
    [InlineData("text/", "TEXT/PLAIN", null)]
    [InlineData("t\u00e9xt/html", "TEXT/PLAIN", null)]
    [InlineData("text/html;charset='x\"", "TEXT/HTML", "'x")]
    [InlineData("text/html; charset=\"unterminated", "TEXT/HTML", "unterminated")]
    [InlineData("text/html; =; ;; charset; charset=a; charset=b", "TEXT/HTML", "a")]
    [InlineData("text/html; charset*=us-ascii'en'utf-8", "TEXT/HTML", "utf-8")]
    [InlineData("text/html; charset*0=iso-; charset*1=8859-1", "TEXT/HTML", "iso-8859-1")]
    public void Content_types_are_read_tolerantly(string value, string type, string? charset)
    {
        MimePart root = Octets.Root($"Content-Type: {value}\n\n");
        Assert.Equal(type, root.Type + "/" + root.Subtype);
        Assert.Equal(charset, root.Charset);
    }

    [Fact]
    public void The_first_of_two_content_types_counts()
    {
        Assert.Equal("HTML", Octets.Root("Content-Type: text/html\nContent-Type: text/plain\n\n").Subtype);
    }

    [Fact]
    public void A_finished_parser_takes_no_more()
    {
        MessageParser parser = new();
        parser.Feed("a"u8);
        Assert.Same(parser.Finish(), parser.Finish());
        Assert.Throws<InvalidOperationException>(() => parser.Feed("b"u8));
    }

    [Fact]
    public void A_summary_with_a_wrong_version_or_length_is_invalid()
    {
        byte[] encoded = Octets.Parse("Subject: x\r\n\r\n"u8).Summary.Encoded.ToArray();
        Assert.True(new MessageSummary(encoded).IsValid);
        Assert.False(new MessageSummary(encoded.AsMemory(0, encoded.Length - 1)).IsValid);
        Assert.False(new MessageSummary(default).IsValid);
        encoded[0]++;
        Assert.False(new MessageSummary(encoded).IsValid);
    }

    [Fact]
    public void Kept_header_fields_are_all_fields_of_those_names_with_CRLF()
    {
        byte[] message = Octets.Raw("From: a@b\nX-Other: 1\n folded\nSUBJECT : x\n\ty\nReceived: z\nSubject: again\n\nbody\nFrom: no\n");
        MessageSummary summary = Octets.Parse(message).Summary;
        Assert.True(summary.HasHeaderFields);
        Assert.Equal("From: a@b\r\nSUBJECT : x\r\n\ty\r\nSubject: again\r\n\r\n", Octets.Text(summary.HeaderFields));
    }

    [Theory]
    [InlineData("From: a@b", "From: a@b\r\n")]
    [InlineData("From: a@b\r\n", "From: a@b\r\n")]
    [InlineData("From: a@b\n\n", "From: a@b\r\n\r\n")]
    [InlineData("Content-Type: message/rfc822\n\nFrom: a@b\n\n", "Content-Type: message/rfc822\r\n\r\n")]
    [InlineData("Content-Type: message/rfc822\nX: y", "Content-Type: message/rfc822\r\n")]
    public void Kept_header_fields_end_in_the_empty_line_if_the_header_does(string message, string expected)
    {
        Assert.Equal(expected, Octets.Text(Octets.Parse(Octets.Raw(message)).Summary.HeaderFields));
    }

    [Fact]
    public void Kept_header_fields_are_absent_rather_than_incomplete()
    {
        byte[] message = Octets.Raw("Subject: " + new string('x', 300_000) + "\r\n\r\n");
        MessageSummary summary = Octets.Parse(message).Summary;
        Assert.False(summary.HasHeaderFields);
        Assert.True(summary.HeaderFields.IsEmpty);
        Assert.True(summary.IsValid);
    }
}
