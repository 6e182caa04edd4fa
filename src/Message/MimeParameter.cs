using System.Buffers;
using System.Globalization;
using System.Text;

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
        while (plain.Count < parametersMax && scanner.SkipPast((byte)';'))
        {
            scanner.SkipWhiteSpaceAndComments();
            ReadOnlySpan<byte> name = scanner.ReadUntilAny("=; \t("u8);
            scanner.SkipWhiteSpaceAndComments();
            if (name.IsEmpty || !scanner.TryTake((byte)'='))
            {
                continue;
            }
            scanner.SkipWhiteSpaceAndComments();
            byte[] value = scanner.AtQuote ? scanner.ReadQuoted() : scanner.ReadLooseValue().ToArray();
            if (MimeScanner.IsToken(name))
            {
                plain.Add(new MimeParameter(Encoding.ASCII.GetString(name).ToUpperInvariant(), value));
            }
        }
        return JoinContinuations(plain);
    }

    /// <summary>NAME*0, NAME*1* and so on become one parameter; IMAP servers should do so, RFC 2231 §6.</summary>
    private static List<MimeParameter> JoinContinuations(List<MimeParameter> plain)
    {
        if (!plain.Exists(p => p.Name.Contains('*', StringComparison.Ordinal)))
        {
            return plain;
        }
        List<MimeParameter> joined = [];
        foreach (MimeParameter parameter in plain)
        {
            if (!TrySplit(parameter.Name, out string name, out int section, out _))
            {
                joined.Add(parameter);
            }
            else if (section == 0)
            {
                joined.Add(Join(name, plain));
            }
        }
        return joined;
    }

    private static MimeParameter Join(string name, List<MimeParameter> plain)
    {
        SortedDictionary<int, (byte[] Value, bool IsExtended)> sections = [];
        foreach (MimeParameter parameter in plain)
        {
            if (TrySplit(parameter.Name, out string other, out int section, out bool isExtended) && other == name)
            {
                sections.TryAdd(section, (parameter.Value, isExtended));
            }
        }
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
