using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace MailAccess.Directories.Ldap;

/// <summary>
/// A search filter, read once from its text (RFC 4515) and sent as RFC 4511 §4.5.1.7 has it, with a name in its values. A name is never part of the text,
/// so there is nothing to escape.
/// </summary>
internal sealed class LdapFilter
{
    private const int DepthMax = 32;
    private const int And = 0;
    private const int Or = 1;
    private const int Not = 2;
    private const int EqualityMatch = 3;
    private const int Substrings = 4;
    private const int GreaterOrEqual = 5;
    private const int LessOrEqual = 6;
    private const int Present = 7;
    private const int ApproxMatch = 8;
    private const int ExtensibleMatch = 9;

    private readonly int _kind;

    private LdapFilter(int kind) => _kind = kind;

    private List<LdapFilter> Inner { get; init; } = [];

    /// <summary>Empty where an extensible match names none.</summary>
    private string Attribute { get; init; } = "";

    private string MatchingRule { get; init; } = "";

    private bool IsOfDn { get; init; }

    /// <summary>One, but for substrings: their parts, the first and the last of which may be missing.</summary>
    private List<LdapTemplate?> Values { get; init; } = [];

    /// <summary>False with the reason where the text is no filter.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out LdapFilter? filter, [NotNullWhen(false)] out string? problem)
    {
        byte[] octets = Encoding.UTF8.GetBytes(text);
        int at = 0;
        problem = null;
        filter = Parse(octets, ref at, 0, ref problem);
        if (filter is null || at != octets.Length)
        {
            problem ??= $"something stands behind its end: {Encoding.UTF8.GetString(octets[Math.Min(at, octets.Length)..])}";
            filter = null;
            return false;
        }
        problem = null;
        return true;
    }

    /// <summary>Filter — RFC 4511 §4.5.1.7.</summary>
    public void Write(AsnWriter writer, LdapName name)
    {
        Asn1Tag tag = Tag(_kind);
        switch (_kind)
        {
            case And or Or or Not:
                writer.PushSequence(tag); // A SET OF in any order; NOT is tagged explicitly, as every choice is.
                Inner.ForEach(f => f.Write(writer, name));
                writer.PopSequence(tag);
                break;
            case Present:
                writer.WriteOctetString(Encoding.UTF8.GetBytes(Attribute), tag);
                break;
            case Substrings:
                writer.PushSequence(tag);
                writer.WriteOctetString(Encoding.UTF8.GetBytes(Attribute));
                writer.PushSequence();
                for (int i = 0; i < Values.Count; i++)
                {
                    if (Values[i] is { } value)
                    {
                        writer.WriteOctetString(value.Expand(name), Tag(i == 0 ? 0 : i == Values.Count - 1 ? 2 : 1));
                    }
                }
                writer.PopSequence();
                writer.PopSequence(tag);
                break;
            case ExtensibleMatch:
                writer.PushSequence(tag);
                WriteNonEmpty(writer, MatchingRule, 1);
                WriteNonEmpty(writer, Attribute, 2);
                writer.WriteOctetString(Values[0]!.Expand(name), Tag(3));
                if (IsOfDn)
                {
                    writer.WriteBoolean(true, Tag(4));
                }
                writer.PopSequence(tag);
                break;
            default:
                writer.PushSequence(tag);
                writer.WriteOctetString(Encoding.UTF8.GetBytes(Attribute));
                writer.WriteOctetString(Values[0]!.Expand(name));
                writer.PopSequence(tag);
                break;
        }
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number);

    private static void WriteNonEmpty(AsnWriter writer, string text, int tag)
    {
        if (text.Length > 0)
        {
            writer.WriteOctetString(Encoding.UTF8.GetBytes(text), Tag(tag));
        }
    }

    /// <summary>filter = LPAREN filtercomp RPAREN — RFC 4515 §3.</summary>
    private static LdapFilter? Parse(ReadOnlySpan<byte> text, ref int at, int depth, ref string? problem)
    {
        if (at >= text.Length || text[at] != '(' || depth > DepthMax || at + 1 >= text.Length)
        {
            problem ??= depth > DepthMax ? "it is nested too deeply" : $"a ( is missing at character {at + 1}";
            return null;
        }
        at++;
        int kind = text[at] switch { (byte)'&' => And, (byte)'|' => Or, (byte)'!' => Not, _ => -1 };
        LdapFilter? filter;
        if (kind < 0)
        {
            int end = at + text[at..].IndexOfAny((byte)'(', (byte)')');
            if (end < at || text[end] == '(')
            {
                problem ??= $"a ) is missing behind character {at + 1}";
                return null;
            }
            filter = ParseItem(text[at..end], ref problem);
            at = end;
        }
        else
        {
            at++;
            List<LdapFilter> inner = [];
            while (at < text.Length && text[at] == '(' && Parse(text, ref at, depth + 1, ref problem) is { } one)
            {
                inner.Add(one);
            }
            problem ??= inner.Count == 0 || (kind == Not && inner.Count > 1) ? $"the wrong number of filters in one at character {at + 1}" : null;
            filter = new LdapFilter(kind) { Inner = inner };
        }
        if (problem is null && (at >= text.Length || text[at] != ')'))
        {
            problem = $"a ) is missing at character {at + 1}";
        }
        at++;
        return problem is null ? filter : null;
    }

    /// <summary>item = simple / present / substring / extensible</summary>
    private static LdapFilter? ParseItem(ReadOnlySpan<byte> item, ref string? problem)
    {
        int equals = item.IndexOf((byte)'=');
        int kind = equals < 1 ? -1 : item[equals - 1] switch
        {
            (byte)'~' => ApproxMatch,
            (byte)'>' => GreaterOrEqual,
            (byte)'<' => LessOrEqual,
            (byte)':' => ExtensibleMatch,
            _ => EqualityMatch,
        };
        string[] left = kind < 0 ? [] : Encoding.UTF8.GetString(item[..(kind == EqualityMatch ? equals : equals - 1)]).Split(':');
        bool isOfDn = left.Length > 1 && left[1] == "dn";
        string rule = kind == ExtensibleMatch ? left.Length - (isOfDn ? 2 : 1) == 1 ? left[^1] : "" : "";
        bool isGood = kind >= 0 && left.Length <= (kind != ExtensibleMatch ? 1 : isOfDn ? 3 : 2)
            && (left[0].Length > 0 || rule.Length > 0) && left.All(IsDescription);
        List<LdapTemplate?> values = [];
        if (isGood)
        {
            foreach (Range part in item[(equals + 1)..].Split((byte)'*'))
            {
                LdapTemplate? value = Unescape(item[(equals + 1)..][part]) is { } octets ? LdapTemplate.TryParse(octets) : null;
                isGood &= value is not null;
                values.Add(value);
            }
        }
        if (!isGood || (values.Count > 1 && kind != EqualityMatch))
        {
            problem ??= $"{Encoding.UTF8.GetString(item)} is no comparison that can be read (%u, %n, %d and %% are the only percent signs)";
            return null;
        }
        if (values.Count == 2 && item[(equals + 1)..].SequenceEqual("*"u8))
        {
            return new LdapFilter(Present) { Attribute = left[0] };
        }
        if (values.Count > 1)
        {
            // The parts before the first * and behind the last one may be nothing; of those between, empty ones say nothing.
            string[] texts = [.. Encoding.Latin1.GetString(item[(equals + 1)..]).Split('*')];
            LdapTemplate?[] parts = [.. values.Select((v, i) => texts[i].Length == 0 ? null : v)];
            return new LdapFilter(Substrings) { Attribute = left[0], Values = [.. parts] };
        }
        return new LdapFilter(kind) { Attribute = left[0], MatchingRule = rule, IsOfDn = isOfDn, Values = values };
    }

    private static bool IsDescription(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or ';' or '_');

    /// <summary>valueencoding = 0*(normal / escaped); null where a backslash stands before anything but two hexadecimal digits.</summary>
    private static byte[]? Unescape(ReadOnlySpan<byte> text)
    {
        List<byte> octets = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                octets.Add(text[i]);
            }
            else if (i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet))
            {
                octets.Add(octet);
                i += 2;
            }
            else
            {
                return null;
            }
        }
        return [.. octets];
    }
}
