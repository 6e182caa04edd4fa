using System.Buffers;
using System.Globalization;
using System.Text;
using Sections = System.Collections.Generic.SortedDictionary<int, (byte[] Value, bool IsExtended)>;

namespace MailAccess.Message;

/// <summary>A parameter of Content-Type or Content-Disposition, its continuations joined. RFC 2045 §5.1, RFC 2231 §3.</summary>
/// <param name="Name">In upper case; ends in "*" where the value is charset'language'octets in percent coding (RFC 2231 §4).</param>
/// <param name="Value">Without quoting.</param>
public sealed record MimeParameter(string Name, byte[] Value)
{
    /// <summary>The value carries its charset. RFC 2231 §4</summary>
    public bool IsExtended => Name.EndsWith('*');

    /// <summary>The name without the mark of an extended value.</summary>
    public string BaseName => Name.TrimEnd('*');

    /// <summary>
    /// The value as text: percent coding and charset decoded, or encoded words, which RFC 2047 §5 forbids here and many send.
    /// </summary>
    public string Decode()
    {
        if (!IsExtended)
        {
            return EncodedWords.Decode(Value);
        }
        int first = Array.IndexOf(Value, (byte)'\'');
        int second = first < 0 ? -1 : Array.IndexOf(Value, (byte)'\'', first + 1);
        if (second < 0)
        {
            return Charsets.Decode("utf-8", DecodePercents(Value));
        }
        string charset = Encoding.ASCII.GetString(Value, 0, first);
        return Charsets.Decode(charset.Length == 0 ? "us-ascii" : charset, DecodePercents(Value.AsSpan(second + 1)));
    }

    /// <summary>Reads *(";" parameter) tolerantly; what is no parameter is passed over.</summary>
    internal static List<MimeParameter> ReadAll(ref MimeScanner scanner, int parametersMax)
    {
        List<MimeParameter> plain = [];
        while (plain.Count < parametersMax && scanner.SkipToParameter())
        {
            scanner.SkipWhiteSpaceAndComments();
            ReadOnlySpan<byte> name = scanner.ReadUntilAny("=; \t("u8);
            scanner.SkipWhiteSpaceAndComments();
            if (name.IsEmpty || !scanner.TryTake((byte)'='))
            {
                continue;
            }
            scanner.SkipWhiteSpaceAndComments();
            scanner.TryTake("=\""u8, length: 1); // name=="value"; but name==?utf-8?q?value?= is an encoded word.
            byte[] value = scanner.AtQuote ? scanner.ReadQuoted() : [.. IsFileName(name) ? scanner.ReadFileName() : scanner.ReadLooseValue()];
            if (MimeScanner.IsToken(name))
            {
                plain.Add(new MimeParameter(Encoding.ASCII.GetString(name).ToUpperInvariant(), value));
            }
        }
        return JoinContinuations(plain);
    }

    private static bool IsFileName(ReadOnlySpan<byte> name)
    {
        int star = name.IndexOf((byte)'*');
        name = star < 0 ? name : name[..star];
        return Ascii.EqualsIgnoreCase(name, "name"u8) || Ascii.EqualsIgnoreCase(name, "filename"u8);
    }

    /// <summary>
    /// NAME*0, NAME*1* and so on become one parameter; IMAP servers should do so, RFC 2231 §6. Without a first section there is nothing to
    /// begin with: such ones stay as they are.
    /// </summary>
    private static List<MimeParameter> JoinContinuations(List<MimeParameter> plain)
    {
        Dictionary<string, Sections> continued = [];
        foreach (MimeParameter parameter in plain)
        {
            if (TrySplit(parameter.Name, out string name, out int section, out bool isExtended))
            {
                continued.TryAdd(name, []);
                continued[name].TryAdd(section, (parameter.Value, isExtended));
            }
        }
        List<MimeParameter> joined = [];
        HashSet<string> done = [];
        foreach (MimeParameter parameter in plain)
        {
            if (!TrySplit(parameter.Name, out string name, out int section, out _) || !continued[name].ContainsKey(0))
            {
                joined.Add(parameter);
            }
            else if (section == 0 && done.Add(name))
            {
                joined.Add(Join(name, continued[name]));
            }
        }
        return joined;
    }

    private static MimeParameter Join(string name, Sections sections)
    {
        bool anyExtended = false;
        int expected = 0;
        foreach ((int section, (_, bool isExtended)) in sections)
        {
            if (section != expected)
            {
                break; // A section is missing: what follows it cannot be placed.
            }
            anyExtended |= isExtended;
            expected++;
        }
        var value = new ArrayBufferWriter<byte>();
        value.Write(anyExtended && !sections[0].IsExtended ? "''"u8 : []);
        for (int i = 0; i < expected; i++)
        {
            (byte[] octets, bool isExtended) = sections[i];
            if (anyExtended && !isExtended)
            {
                WritePercents(octets, value);
            }
            else
            {
                value.Write(octets);
            }
        }
        return new MimeParameter(anyExtended ? name + "*" : name, value.WrittenSpan.ToArray());
    }

    /// <summary>section = "*" (DIGIT without leading zeros); a last "*" marks percent coding. RFC 2231 §7</summary>
    private static bool TrySplit(string name, out string baseName, out int section, out bool isExtended)
    {
        isExtended = name.EndsWith('*');
        string rest = isExtended ? name[..^1] : name;
        int star = rest.LastIndexOf('*');
        baseName = star < 0 ? rest : rest[..star];
        section = 0;
        return star > 0 && int.TryParse(rest.AsSpan(star + 1), NumberStyles.None, CultureInfo.InvariantCulture, out section);
    }

    private static void WritePercents(ReadOnlySpan<byte> octets, ArrayBufferWriter<byte> output)
    {
        foreach (byte octet in octets)
        {
            if (octet is > 32 and < 127 && !"*'%()<>@,;:\\\"/[]?="u8.Contains(octet))
            {
                output.Write([octet]);
            }
            else
            {
                output.Write([(byte)'%', (byte)"0123456789ABCDEF"[octet >> 4], (byte)"0123456789ABCDEF"[octet & 15]]);
            }
        }
    }

    private static byte[] DecodePercents(ReadOnlySpan<byte> text)
    {
        byte[] decoded = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isCoded = text[i] == '%' && Hexadecimal.IsOctet(text[(i + 1)..]);
            decoded[length++] = isCoded ? Hexadecimal.Octet(text[(i + 1)..]) : text[i];
            i += isCoded ? 2 : 0;
        }
        return decoded[..length];
    }
}
