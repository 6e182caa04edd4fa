using System.Runtime.InteropServices;
using System.Text;
using MailAccess.Message.Searching;

namespace MailAccess.Message.Tests.Searching;

public sealed class MessageTextSearchTests
{
    private static readonly string[] Texts =
    [
        "hello", "lo wor", "caf\u00E9", "cafe\u0301", "CAFE", "gr\u00FC\u00DFe", "\uFB01nal", "final", "Subject: inside", "e", "=?utf-8", "two: three",
        "one two", "--b", "text/plain", "\u65E5\u672C", "zz", "x=", "a\r\nb", "\u00e9 ", ":", "B O", "",
    ];

    private static readonly string[] Bodies =
    [
        "Hello world, the caf\u00E9 is \uFB01nal.\n", "gr=C3=BC=C3=9Fe =\nhel=\nlo <b>wor</b>ld &eacute; caf&#233;\n", "SGVsbG8gd29ybGQ=\n", "a\nb  \n\nzz ", "caf\u00E9",
        "<p>hel<i>lo</i>\n wor</p><style>zz</style>", "\u65E5\u672C\u8A9E \uFF28\uFF45\uFF4C\uFF4C\uFF4F", new string('e', 5_000) + "\u00E9 hello",
    ];

    [Fact]
    public async Task The_fast_way_finds_what_the_plain_way_finds()
    {
        int hits = 0;
        for (int seed = 0; seed < 3_000; seed++)
        {
            byte[] message = Make(seed);
            MimePart root = Octets.Parse(message).Root;
            TextTerm[] terms = Terms(new Random(seed));
            bool[] expected = await ExpectedAsync(message, root, terms);
            MessageTextSearch search = new(terms);
            search.Match(Make(seed + 1), hasBareLf: false, Octets.Parse(Make(seed + 1)).Root); // Leaves nothing behind.
            search.Match(message, hasBareLf: false, root);
            Assert.Equal(expected, terms.Select((_, i) => search.IsFound(i)));
            hits += expected.Count(e => e);
            byte[] bare = Encoding.Latin1.GetBytes(Octets.Text(message).Replace("\r\n", "\n", StringComparison.Ordinal));
            if (MessageTextSearch.CanSearchBareLf(bare, root, terms))
            {
                search.Match(bare, hasBareLf: true, root);
                Assert.Equal(expected, terms.Select((_, i) => search.IsFound(i)));
            }
        }
        Assert.InRange(hits, 2_000, 20_000);
    }

    [Fact]
    public async Task A_signature_never_denies_what_is_there()
    {
        TrigramSignature maker = new();
        int denied = 0;
        for (int seed = 0; seed < 2_000; seed++)
        {
            byte[] message = Make(seed);
            MimePart root = Octets.Parse(message).Root;
            TextTerm[] terms = Terms(new Random(seed));
            bool[] expected = await ExpectedAsync(message, root, terms);
            byte[] signature = MemoryMarshal.AsBytes(maker.Make(message, hasBareLf: false, root)).ToArray();
            Assert.InRange(signature.Length, TrigramSignature.OctetsMin, TrigramSignature.OctetsMax);
            for (int i = 0; i < terms.Length; i++)
            {
                bool mayContain = TrigramSignature.MayContain(signature, TrigramSignature.PlacesOf(terms[i].Needle));
                Assert.True(mayContain || !expected[i], $"seed {seed}: '{terms[i].Needle.Text}' is there");
                denied += mayContain ? 0 : 1;
            }
        }
        Assert.True(denied > 1_000, $"it denied {denied} times only");
    }

    [Fact]
    public void A_signature_knows_every_substring_of_three_characters_or_more()
    {
        Random random = new(7);
        TrigramSignature maker = new();
        for (int i = 0; i < 300; i++)
        {
            string text = string.Concat(Enumerable.Range(0, 200).Select(_ => (random.Next(5) == 0 ? new Rune(random.Next(0xA0, 0x2FFF)) : new Rune(random.Next(0x20, 0x7F))).ToString()));
            byte[] message = [.. "Content-Type: text/plain; charset=utf-8\r\n\r\n"u8, .. Encoding.UTF8.GetBytes(text)];
            byte[] signature = MemoryMarshal.AsBytes(maker.Make(message, hasBareLf: false, Octets.Parse(message).Root)).ToArray();
            for (int j = 0; j < 50; j++)
            {
                int start = random.Next(text.Length - 3);
                string part = text.Substring(start, random.Next(3, text.Length - start + 1));
                // Where marks are put in order, a part of the text may not be in it: then nothing is promised.
                bool isThere = TextMatcher.Contains(text, part);
                Assert.True(!isThere || TrigramSignature.MayContain(signature, TrigramSignature.PlacesOf(new TextNeedle(part))));
            }
        }
    }

    [Theory]
    [InlineData("xa", "A", 1)]
    [InlineData("", "a", -1)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "AB", 73)]
    [InlineData("[", "{", -1)]
    public void Octets_are_compared_without_case(string text, string needle, int expected) =>
        Assert.Equal(expected, new AsciiNeedle(Encoding.ASCII.GetBytes(needle)).IndexIn(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_needle_is_found_at_every_place()
    {
        for (int length = 1; length < 140; length++)
        {
            byte[] text = new byte[length];
            for (int needle = 1; needle <= Math.Min(length, 5); needle++)
            {
                for (int at = 0; at + needle <= length; at++)
                {
                    Array.Fill(text, (byte)'e');
                    "nEEdL"u8[..needle].CopyTo(text.AsSpan(at));
                    Assert.Equal(at, new AsciiNeedle("NEEDL"u8[..needle]).IndexIn(text));
                }
            }
        }
    }

    private static TextTerm[] Terms(Random random)
    {
        TextTerm[] terms = new TextTerm[random.Next(1, 6)];
        for (int i = 0; i < terms.Length; i++)
        {
            string text = Texts[random.Next(Texts.Length)];
            terms[i] = random.Next(4) switch
            {
                0 => TextTerm.Header(random.Next(2) == 0 ? "Subject" : "x-folded", text),
                1 => TextTerm.Body(text),
                _ => TextTerm.Everywhere(text),
            };
        }
        return terms;
    }

    /// <summary>Broken MIME, or one text part of every encoding and charset.</summary>
    private static byte[] Make(int seed)
    {
        Random random = new(seed);
        if (random.Next(3) == 0)
        {
            return MessageGenerator.Make(seed);
        }
        string[] charsets = ["utf-8", "iso-8859-1", "us-ascii", "utf-16", "iso-2022-jp", "shift_jis", "x-none", "gb18030", "koi8-r"];
        string[] encodings = ["7bit", "8bit", "quoted-printable", "base64", "odd"];
        string body = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Bodies[random.Next(Bodies.Length)]));
        string charset = charsets[random.Next(charsets.Length)];
        byte[] octets = random.Next(2) == 0 ? Encoding.UTF8.GetBytes(body) : Charsets.ForReading(charset).GetBytes(body.Replace('\uFB01', 'f'));
        string encoding = encodings[random.Next(encodings.Length)];
        if (encoding == "base64" && random.Next(3) > 0)
        {
            octets = Encoding.ASCII.GetBytes(Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks));
        }
        string header = $"""
            Subject: {(random.Next(2) == 0 ? "=?iso-8859-1?q?Caf=E9?= =?utf-8?b?ZmluYWw=?=" : "Hello\n world,\n\t final")}
            X-Folded: one
             two: three
            Content-Type: text/{(random.Next(3) == 0 ? "html" : "plain")}; charset={charset}
            Content-Transfer-Encoding: {encoding}


            """;
        return [.. Octets.Crlf(header), .. octets.SelectMany((o, i) => o == '\n' && (i == 0 || octets[i - 1] != '\r') ? "\r\n"u8.ToArray() : [o])];
    }

    /// <summary>All text at once, compared as a whole.</summary>
    private static async Task<bool[]> ExpectedAsync(byte[] message, MimePart root, TextTerm[] terms)
    {
        Dictionary<TextScope, List<string>> texts = [];
        foreach (TextScope scope in Enum.GetValues<TextScope>())
        {
            Collector collector = new();
            TextExtractor extractor = new((offset, destination, _) =>
            {
                int count = (int)Math.Min(destination.Length, Math.Max(0, message.Length - offset));
                message.AsMemory((int)offset, count).CopyTo(destination);
                return ValueTask.FromResult(count);
            });
            await extractor.ExtractAsync(root, scope, collector, default);
            texts[scope] = collector.Texts;
        }
        return [.. terms.Select(t => t.Kind switch
        {
            TextTermKind.Header => IsInField(message.AsSpan((int)root.HeaderOffset, (int)root.HeaderOctets), t),
            TextTermKind.Body => t.Needle.Text.Length == 0 || texts[TextScope.Body].Exists(x => x.Contains(t.Needle.Folded, StringComparison.Ordinal)),
            _ => t.Needle.Text.Length == 0 || texts[TextScope.Everything].Exists(x => x.Contains(t.Needle.Folded, StringComparison.Ordinal)),
        })];
    }

    private static bool IsInField(ReadOnlySpan<byte> header, TextTerm term)
    {
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is(term.FieldName.Span) && TextMatcher.Fold(field.Decode()).Contains(term.Needle.Folded, StringComparison.Ordinal))
            {
                return true;
            }
        }
        return false;
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
            Texts.Add(TextMatcher.Fold(_current.ToString()));
            _current.Clear();
        }
    }
}
