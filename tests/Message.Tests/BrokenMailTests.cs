namespace MailAccess.Message.Tests;

/// <summary>
/// Kinds of broken mail that bench/structures found, each with what clients are told of it, whatever the pieces in which the message comes.
/// </summary>
public sealed class BrokenMailTests
{
    private const string Two = "--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n";

    private const string Text = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 0 NIL NIL NIL NIL)";

    private const string Html = "(\"TEXT\" \"HTML\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 0 NIL NIL NIL NIL)";

    /// <summary>A header, and its ENVELOPE without the fields at either end that are NIL.</summary>
    public static TheoryData<string, string> Envelopes => new()
    {
        // Repeated fields: addresses are one list, of the others the first counts.
        { "From: a@b\nFrom: c@d\nSubject: 1\nSubject: 2\nTo:\nTo: e@f\n", Sent("\"1\"", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))", "((NIL NIL \"e\" \"f\"))") },
        { "From:\nFrom: a@b\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "NIL") },
        { "From: a@b\nTo: \"open\nTo: c@d\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"open\" \"\")(NIL NIL \"c\" \"d\"))") },
        { "From: a@b\nTo: G: c@d\nTo: e@f;\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"G\" NIL)(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\"))") },
        // Carriage returns alone, and NUL.
        { "From: \"Ann\rB\" <a@b>\nSubject: x\rFrom: c@d\r\0\n", Sent("\"x From: c@d ?\"", "((\"Ann B\" NIL \"a\" \"b\"))", "NIL") },
        // Names and addresses that were written without what keeps them apart.
        { "From: Mail Delivery System\n", Sent("NIL", "((\"Mail Delivery System\" NIL \"\" \"\"))", "NIL") },
        { "From: \"Ann <a@b>\nTo: Ann c@d, <mailto:e@f>\n", Sent("NIL", "((\"Ann\" NIL \"a\" \"b\"))", "((\"Ann\" NIL \"c\" \"d\")(NIL NIL \"e\" \"f\"))") },
        { "From: \"\" <a@b>\nTo: <@a.b c@d> e@f\n", Sent("NIL", "((NIL NIL \"a\" \"b\"))", "((NIL NIL \"c\" \"d\")(NIL NIL \"e\" \"f\"))") },
    };

    /// <summary>A message, and its BODYSTRUCTURE.</summary>
    public static TheoryData<string, string> Structures => new()
    {
        // Boundaries as they are written, and delimiters with something stuck to them.
        { Mixed("boundary=b\"", Two), Multipart(Text + Html, "\"b\"") },
        { Mixed("boundary=b charset=x", Two), $"({Text}{Html} \"MIXED\" (\"BOUNDARY\" \"b\" \"CHARSET\" \"x\") NIL NIL NIL)" },
        { Mixed("boundary=\"b \"", Two), Multipart(Text + Html, "\"b \"") },
        { Mixed("boundary=\"b \"", Two.Replace("--b", "--b ", StringComparison.Ordinal)), Multipart(Text + Html, "\"b \"") },
        { Mixed("boundary=b", "--b junk\n\none\n--b-- junk\nepilogue\n"), Multipart(Text, "\"b\"") },
        { Mixed("boundary=b", "--b\n\none\n--b--" + new string('_', 5000) + "\nfooter\n"), Multipart(Text, "\"b\"") },
        { Mixed("boundary=b", "--b\n\none\n--b--" + new string('_', 5000)), Multipart(Text, "\"b\"") },
        { Mixed("boundary=b", "--b\n\none\n--b" + new string(' ', 3000) + "junk\nContent-Type: text/html\n\ntwo\n--b--"), Multipart(Text + Html, "\"b\"") },
        { Mixed("boundary=b", "--b" + new string('x', 5000) + "\n"), Multipart("(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 5005 1 NIL NIL NIL NIL)", "\"b\"") },
        { "Content-Type: multipart/mixed boundary=b\n\n" + Two, Multipart(Text + Html, "\"b\"") },
        { "Content-Type: multipart/mixed, boundary=b\n\n" + Two, Multipart(Text + Html, "\"b\"") },
        // Parameters.
        { "Content-Type: text/plain; charset=utf-8 format=flowed\n\none", Part("(\"CHARSET\" \"utf-8\" \"FORMAT\" \"flowed\")") },
        { "Content-Type: text/plain; charset=utf-8, format=flowed\n\none", Part("(\"CHARSET\" \"utf-8\" \"FORMAT\" \"flowed\")") },
        { "Content-Type: text/plain; charset=utf-8\" x\n\none", Part("(\"CHARSET\" \"utf-8\")") },
        { "Content-Type: text/plain; charset==\"utf-8\"\n\none", Part("(\"CHARSET\" \"utf-8\")") },
        { "Content-Type: text/plain; charset=x; name==?utf-8?q?a?=\n\none", Part("(\"CHARSET\" \"x\" \"NAME\" \"=?utf-8?q?a?=\")") },
        { "Content-Type: text/plain; charset=utf-8(c); name=a (1).txt\n\none", Part("(\"CHARSET\" \"utf-8\" \"NAME\" \"a (1).txt\")") },
        { "Content-Type: text/plain; charset=x; name=a b=c.txt (comment)\n\none", Part("(\"CHARSET\" \"x\" \"NAME\" \"a b=c.txt\")") },
        { "Content-Type: text/plain; charset=x; type=a/b; start=<a@b>; url=c:d=e\n\none", Part("(\"CHARSET\" \"x\" \"TYPE\" \"a/b\" \"START\" \"<a@b>\" \"URL\" \"c:d=e\")") },
        // RFC 2231: sections that are missing or come twice.
        { Attached("attachment; filename*1=b; filename*2=c"), Part(disposition: "(\"ATTACHMENT\" (\"FILENAME*1\" \"b\" \"FILENAME*2\" \"c\"))") },
        { Attached("attachment; filename*0=a; filename*2=c"), Part(disposition: "(\"ATTACHMENT\" (\"FILENAME\" \"a\"))") },
        { Attached("attachment; filename*1=b; filename*0=a; filename*1=c; filename*0=d"), Part(disposition: "(\"ATTACHMENT\" (\"FILENAME\" \"ab\"))") },
        { Attached("attachment; filename*0=\"\"; filename*1=\"\""), Part(disposition: "(\"ATTACHMENT\" (\"FILENAME\" \"\"))") },
        // Dispositions without a type.
        { Attached("\"inline\"; filename=a"), Part(disposition: "(\"INLINE\" (\"FILENAME\" \"a\"))") },
        { Attached("; filename=a"), Part(disposition: "(\"ATTACHMENT\" (\"FILENAME\" \"a\"))") },
        { Attached(";"), Part() },
        // Tokens with octets above 127 say nothing.
        { "Content-Type: text/ht\u00e9ml\nContent-Transfer-Encoding: b\u00e4se64\nContent-Language: e\u00e9n, de\n\none", Part(language: "(\"de\")") },
        // What IMAP4rev1 knows nothing of is not described to its clients.
        { "Content-Type: message/global\n\nSubject: x\n\none", "(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"7BIT\" 17 NIL NIL NIL NIL)" },
        { "Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==", "(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"BASE64\" 16 NIL NIL NIL NIL)" },
    };

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void Its_envelope_says_what_can_be_known(string header, string expected)
    {
        AssertAtEverySplit(Octets.Raw(header + "\nbody\n"), summary => summary.Envelope, expected);
    }

    [Theory]
    [MemberData(nameof(Structures))]
    public void Its_structure_says_what_can_be_known(string message, string expected)
    {
        AssertAtEverySplit(Octets.Raw(message), summary => summary.BodyStructure, expected);
        AssertAtEverySplit(Octets.Crlf(message), summary => summary.BodyStructure, expected);
    }

    private static void AssertAtEverySplit(byte[] message, Func<MessageSummary, ReadOnlyMemory<byte>> value, string expected)
    {
        MessageSummary whole = Octets.Parse(message).Summary;
        Assert.Equal(expected, Octets.Text(value(whole)));
        for (int split = 0; split <= message.Length; split++)
        {
            MessageParser halves = new();
            halves.Feed(message.AsSpan(0, split));
            halves.Feed(message.AsSpan(split));
            Assert.True(whole.Encoded.Span.SequenceEqual(halves.Summarize().Encoded.Span), $"split at {split}");
        }
        MessageParser single = new();
        Array.ForEach(message, octet => single.Feed([octet]));
        Assert.True(whole.Encoded.Span.SequenceEqual(single.Summarize().Encoded.Span), "octet by octet");
    }

    private static string Sent(string subject, string from, string to) => $"(NIL {subject} {from} {from} {from} {to} NIL NIL NIL NIL)";

    private static string Mixed(string parameters, string body) => $"Content-Type: multipart/mixed; {parameters}\n\n{body}";

    private static string Multipart(string parts, string boundary) => $"({parts} \"MIXED\" (\"BOUNDARY\" {boundary}) NIL NIL NIL)";

    private static string Attached(string disposition) => $"Content-Disposition: {disposition}\n\none";

    private static string Part(string parameters = "(\"CHARSET\" \"US-ASCII\")", string disposition = "NIL", string language = "NIL") =>
        $"(\"TEXT\" \"PLAIN\" {parameters} NIL NIL \"7BIT\" 3 0 NIL {disposition} {language} NIL)";
}
