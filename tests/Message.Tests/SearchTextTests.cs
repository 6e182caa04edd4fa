using System.Text;

namespace MailAccess.Message.Tests;

public sealed class SearchTextTests
{
    private const string Forward = """
        Subject: =?utf-8?q?caf=C3=A9?=
        Content-Type: multipart/mixed; boundary=b

        preamble
        --b
        Content-Type: text/plain; charset=utf-8; name=file
        Content-Transfer-Encoding: base64

        R3LDvMOfZSB1bmQgbWVocg==
        --b
        Content-Type: text/html; charset=iso-8859-1
        Content-Transfer-Encoding: quoted-printable

        <style>hid=
        den</style><p>Hello <b>W</b>orld &amp; gr=FC=DFe&nbsp;x</p>
        --b
        Content-Type: message/rfc822

        Subject: inside

        deep
        --b
        Content-Type: application/octet-stream

        not text
        --b
        Content-Type: message/delivery-status

        Final-Recipient: rfc822; x@far.test
        --b--

        """;

    [Fact]
    public async Task Body_text_is_decoded_and_headers_are_not_in_it()
    {
        Assert.Equal(
            ["Gr\u00fc\u00dfe und mehr", "Hello World & gr\u00fc\u00dfe x ", "Subject: inside", "deep", "Final-Recipient: rfc822; x@far.test"],
            await ExtractAsync(TextScope.Body));
    }

    [Fact]
    public async Task Everything_has_the_headers_too()
    {
        List<string> texts = await ExtractAsync(TextScope.Everything);
        Assert.Equal("Subject: caf\u00e9", texts[0]);
        Assert.Contains("Content-Type: text/plain; charset=utf-8; name=file", texts);
        Assert.Contains("Subject: inside", texts);
        Assert.DoesNotContain("not text", texts);
        Assert.DoesNotContain("preamble", texts);
    }

    [Fact]
    public async Task Headers_larger_than_a_window_are_read_field_by_field()
    {
        string header = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"X-{i}: value {i}\n"));
        byte[] message = Octets.Crlf(header + "\nbody");
        Collector texts = new();
        Assert.True(await Extractor(message).ExtractAsync(Octets.Parse(message).Root, TextScope.Everything, texts, default));
        Assert.Equal(20_001, texts.Texts.Count);
        Assert.Equal("X-19999: value 19999", texts.Texts[^2]);
    }

    [Fact]
    public async Task The_extractor_stops_when_everything_is_found()
    {
        byte[] message = Octets.Crlf(Forward);
        TextMatcher matcher = new("GR\u00dc", "mehr");
        Assert.False(await Extractor(message).ExtractAsync(Octets.Parse(message).Root, TextScope.Body, matcher, default));
        Assert.True(matcher.IsAllFound);
    }

    [Fact]
    public void A_body_is_decoded_alike_at_every_split()
    {
        MimePart part = new() { Type = "TEXT", Subtype = "HTML", Charset = "utf-8", TransferEncoding = "QUOTED-PRINTABLE" };
        byte[] body = Octets.Raw("<!-- a > b --><SCRIPT x='>'>no</script>&#x20AC;&eacute;&copy=1 &am=\r\np; <br>=E2=82=AC <a href=3D\"=3E\">l</a>1 < 2 &");
        for (int split = 0; split <= body.Length; split++)
        {
            Collector texts = new();
            BodyTextDecoder decoder = new(part, texts);
            decoder.Feed(body.AsSpan(0, split));
            decoder.Feed(body.AsSpan(split));
            decoder.Finish();
            Assert.Equal(["\u20ac\u00e9&copy=1 & \u20ac l1 < 2 &"], texts.Texts);
        }
    }

    [Theory]
    [InlineData("Hello World", "LO WO", true)]
    [InlineData("\u00c9t\u00e9", "\u00e9T\u00c9", true)]
    [InlineData("\u039f\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c3", true)] // Final sigma.
    [InlineData("\u0416\u0443\u043a", "\u0436\u0423\u041a", true)]
    [InlineData("300 \u212a", "300 k", true)]
    [InlineData("abc", "abd", false)]
    [InlineData("abc", "", true)]
    [InlineData("", "a", false)]
    public void Matching_ignores_case(string text, string needle, bool expected) => Assert.Equal(expected, TextMatcher.Contains(text, needle));

    [Fact]
    public void A_match_across_pieces_is_found_at_every_split_and_across_texts_never()
    {
        const string text = "xxaabaabaacxx";
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second++)
            {
                TextMatcher matcher = new("AABAAC", "cxx", "zz");
                matcher.Write(text.AsSpan(0, first));
                matcher.Write(text.AsSpan(first, second - first));
                matcher.Write(text.AsSpan(second));
                Assert.True(matcher.IsFound(0) && matcher.IsFound(1) && !matcher.IsFound(2));
            }
        }
        TextMatcher apart = new("ab");
        apart.Write("a");
        apart.EndOfText();
        apart.Write("b");
        Assert.False(apart.IsAllFound);
        apart.Write("ab");
        Assert.True(apart.IsAllFound);
        apart.Reset();
        Assert.False(apart.IsAllFound);
    }

    private static TextExtractor Extractor(byte[] message) => new((offset, destination, _) =>
    {
        int count = (int)Math.Min(Math.Min(destination.Length, 7_000), message.Length - offset);
        message.AsMemory((int)offset, count).CopyTo(destination);
        return ValueTask.FromResult(count);
    });

    private static async Task<List<string>> ExtractAsync(TextScope scope)
    {
        byte[] message = Octets.Crlf(Forward);
        Collector texts = new();
        Assert.True(await Extractor(message).ExtractAsync(Octets.Parse(message).Root, scope, texts, default));
        return texts.Texts;
    }

    private sealed class Collector : ITextSink
    {
        private readonly StringBuilder _current = new();

        public List<string> Texts { get; } = [];

        public bool Write(ReadOnlySpan<char> text)
        {
            _current.Append(text);
            return true;
        }

        public void EndOfText()
        {
            Texts.Add(_current.ToString());
            _current.Clear();
        }
    }
}
