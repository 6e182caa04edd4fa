using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;

namespace MailAccess.Message;

/// <summary>Charsets by the names that mail gives them.</summary>
/// <remarks>
/// Text without a charset or with an unknown one is read as UTF-8, and what is no UTF-8 as Latin-1, so that no octet is lost.
/// UTF-7 is not decoded: it hides text from every filter that reads the octets, and nobody has sent it for decades.
/// </remarks>
public static class Charsets
{
    private static readonly Encoding Guessing = Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new Latin1Fallback());

    private static readonly FrozenDictionary<string, int> CodePages = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        ["utf8"] = 65001,
        ["utf-8"] = 65001,
        ["unicode-1-1-utf-8"] = 65001,
        ["utf-16"] = 1200,
        ["utf-16le"] = 1200,
        ["utf-16be"] = 1201,
        // As browsers do: what calls itself Latin-1 uses the windows code page's quotes and dashes.
        ["iso-8859-1"] = 1252,
        ["iso8859-1"] = 1252,
        ["iso_8859-1"] = 1252,
        ["latin1"] = 1252,
        ["l1"] = 1252,
        ["cp1252"] = 1252,
        ["cp819"] = 1252,
        ["iso8859-2"] = 28592,
        ["latin2"] = 28592,
        ["iso8859-15"] = 28605,
        ["iso-8859-15"] = 28605,
        ["latin9"] = 28605,
        ["iso-8859-9"] = 1254,
        ["iso8859-9"] = 1254,
        ["latin5"] = 1254,
        ["iso-8859-11"] = 874,
        ["tis-620"] = 874,
        ["windows-874"] = 874,
        ["iso-8859-8-i"] = 38598,
        ["iso-8859-8-e"] = 28598,
        ["iso-8859-6-i"] = 28596,
        ["iso-8859-6-e"] = 28596,
        ["cp1250"] = 1250,
        ["cp1251"] = 1251,
        ["cp1253"] = 1253,
        ["cp1254"] = 1254,
        ["cp1255"] = 1255,
        ["cp1256"] = 1256,
        ["cp1257"] = 1257,
        ["cp1258"] = 1258,
        ["cp866"] = 866,
        ["ibm866"] = 866,
        ["cp850"] = 850,
        ["cp437"] = 437,
        ["koi8-r"] = 20866,
        ["koi8-u"] = 21866,
        ["macintosh"] = 10000,
        ["x-mac-roman"] = 10000,
        ["gb2312"] = 54936,
        ["gbk"] = 54936,
        ["gb18030"] = 54936,
        ["cp936"] = 54936,
        ["x-gbk"] = 54936,
        ["euc-cn"] = 54936,
        ["hz-gb-2312"] = 52936,
        ["big5"] = 950,
        ["cp950"] = 950,
        ["big5-hkscs"] = 950,
        ["x-x-big5"] = 950,
        ["shift_jis"] = 932,
        ["shift-jis"] = 932,
        ["sjis"] = 932,
        ["x-sjis"] = 932,
        ["cp932"] = 932,
        ["windows-31j"] = 932,
        ["ms_kanji"] = 932,
        ["iso-2022-jp"] = 50220,
        ["iso-2022-jp-1"] = 50220,
        ["iso-2022-jp-ms"] = 50220,
        ["csiso2022jp"] = 50221,
        ["euc-jp"] = 51932,
        ["x-euc-jp"] = 51932,
        ["eucjp"] = 51932,
        ["euc-kr"] = 949,
        ["ks_c_5601-1987"] = 949,
        ["ks_c_5601-1989"] = 949,
        ["ksc5601"] = 949,
        ["ksc_5601"] = 949,
        ["cp949"] = 949,
        ["uhc"] = 949,
        ["iso-2022-kr"] = 50225,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<int> AsciiCodePages = new[]
    {
        65001, 20127, 874, 866, 850, 437, 10000, 20866, 21866, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258,
        28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599, 28603, 28605,
    }.ToFrozenSet();

    /// <summary>The framework looks each up in a file, every time.</summary>
    private static readonly ConcurrentDictionary<int, Encoding> Encodings = new();

    /// <summary>The encoding that reads this charset; never fails on octets. Null, unknown, us-ascii: see the remarks.</summary>
    public static Encoding ForReading(string? name) => Find(name) ?? Guessing;

    /// <summary>Whether text in this charset can be read as what it says, for SEARCH CHARSET (RFC 9051 §6.4.4).</summary>
    public static bool IsKnown(string name) => IsAscii(name.Trim()) || Find(name) is not null;

    /// <summary>
    /// Whether each octet below 128 is the ASCII character of its number, wherever it stands: text of this charset can be looked
    /// through without decoding it. Not the multi-octet charsets of Asia but UTF-8, whose later octets are letters too.
    /// </summary>
    public static bool IsAsciiEverywhere(string? name) => Find(name) is not { } encoding || AsciiCodePages.Contains(encoding.CodePage);

    /// <summary>Decodes text of the charset; never fails.</summary>
    public static string Decode(string? charset, ReadOnlySpan<byte> octets) => ForReading(charset).GetString(octets);

    private static bool IsAscii(string name) => name.Equals("us-ascii", StringComparison.OrdinalIgnoreCase)
        || name.Equals("ascii", StringComparison.OrdinalIgnoreCase) || name.Equals("ansi_x3.4-1968", StringComparison.OrdinalIgnoreCase);

    private static Encoding? Find(string? name)
    {
        name = name?.Trim().Trim('"', '\'');
        if (string.IsNullOrEmpty(name) || IsAscii(name) || name.Length > 40
            || name.Contains("utf-7", StringComparison.OrdinalIgnoreCase) || name.Equals("utf7", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        if (CodePages.TryGetValue(name, out int codePage))
        {
            return Encodings.GetOrAdd(codePage, static p => CodePagesEncodingProvider.Instance.GetEncoding(p) ?? Encoding.GetEncoding(p));
        }
        return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? BuiltIn(name);
    }

    private static Encoding? BuiltIn(string name)
    {
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null; // The framework has no way to ask first.
        }
    }

    /// <summary>Gives each octet that is no UTF-8 as the Latin-1 character of its number.</summary>
    private sealed class Latin1Fallback : DecoderFallback
    {
        public override int MaxCharCount => 4;

        public override DecoderFallbackBuffer CreateFallbackBuffer() => new Buffer();

        private sealed class Buffer : DecoderFallbackBuffer
        {
            private byte[] _octets = [];
            private int _next;

            public override int Remaining => _octets.Length - _next;

            public override bool Fallback(byte[] bytesUnknown, int index)
            {
                _octets = [.. bytesUnknown];
                _next = 0;
                return _octets.Length > 0;
            }

            public override char GetNextChar() => _next < _octets.Length ? (char)_octets[_next++] : '\0';

            public override bool MovePrevious() => _next > 0 && --_next >= 0;

            public override void Reset()
            {
                _octets = [];
                _next = 0;
            }
        }
    }
}
