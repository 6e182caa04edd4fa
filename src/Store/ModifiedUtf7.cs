using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Store;

/// <summary>Modified UTF-7, RFC 3501 §5.1.3: mailbox names in US-ASCII, on the wire and in the names of folders.</summary>
public static class ModifiedUtf7
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

    /// <summary>The name in printable US-ASCII. The exact inverse of <see cref="TryDecode"/>.</summary>
    public static string Encode(string name)
    {
        StringBuilder encoded = new(name.Length + 8);
        Encode(encoded, name, _ => false);
        return encoded.ToString();
    }

    /// <summary>
    /// False for what <see cref="Encode(string)"/> never makes: octets outside printable US-ASCII, printable characters in
    /// base64, superfluous shifts (all forbidden by RFC 3501 §5.1.3), padding bits that are not zero, half a surrogate pair.
    /// One mailbox has one spelling only.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out string? name)
    {
        name = null;
        return !encoded.ContainsAnyExceptInRange((byte)' ', (byte)'~') && TryDecode(Encoding.ASCII.GetString(encoded), isStrict: true, out name);
    }

    /// <summary>Encodes; characters for which <paramref name="mustShift"/> is true are written in base64 although they are printable.</summary>
    internal static void Encode(StringBuilder target, ReadOnlySpan<char> text, Func<char, bool> mustShift)
    {
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (IsPrintable(c) && !mustShift(c))
            {
                target.Append(c == '&' ? "&-" : c.ToString());
                at++;
                continue;
            }
            int end = at;
            while (end < text.Length && !(IsPrintable(text[end]) && !mustShift(text[end])))
            {
                end++;
            }
            target.Append('&');
            AppendBase64(target, text[at..end]);
            target.Append('-');
            at = end;
        }
    }

    /// <summary>The same as on the wire but for what other programs write to disk: printable characters in base64, and others as they are.</summary>
    internal static bool TryDecodeLenient(string text, [NotNullWhen(true)] out string? name) => TryDecode(text, isStrict: false, out name);

    private static bool TryDecode(ReadOnlySpan<char> text, bool isStrict, [NotNullWhen(true)] out string? name)
    {
        name = null;
        StringBuilder decoded = new(text.Length);
        bool afterShift = false;
        int at = 0;
        while (at < text.Length)
        {
            if (text[at] != '&')
            {
                decoded.Append(text[at]);
                afterShift = false;
                at++;
                continue;
            }
            int length = text[(at + 1)..].IndexOf('-');
            if (length < 0)
            {
                return false;
            }
            ReadOnlySpan<char> base64 = text.Slice(at + 1, length);
            if (base64.IsEmpty)
            {
                decoded.Append('&');
                afterShift = false;
            }
            else if ((afterShift && isStrict) || !TryDecodeBase64(base64, isStrict, decoded))
            {
                return false; // "&…-&…-" would be a null shift: the two must be one.
            }
            else
            {
                afterShift = true;
            }
            at += length + 2;
        }
        name = decoded.ToString();
        return true;
    }

    private static bool IsPrintable(char c) => c is >= ' ' and <= '~';

    private static void AppendBase64(StringBuilder encoded, ReadOnlySpan<char> characters)
    {
        uint bits = 0;
        int count = 0;
        foreach (char c in characters)
        {
            bits = (bits << 16) | c;
            count += 16;
            while (count >= 6)
            {
                count -= 6;
                encoded.Append(Alphabet[(int)(bits >> count) & 63]);
            }
        }
        if (count > 0)
        {
            encoded.Append(Alphabet[(int)(bits << (6 - count)) & 63]);
        }
    }

    private static bool TryDecodeBase64(ReadOnlySpan<char> base64, bool isStrict, StringBuilder decoded)
    {
        ulong bits = 0;
        int count = 0;
        char high = '\0';
        foreach (char digit in base64)
        {
            int value = Alphabet.IndexOf(digit, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }
            bits = (bits << 6) | (uint)value;
            count += 6;
            if (count < 16)
            {
                continue;
            }
            count -= 16;
            char c = (char)(bits >> count);
            bits &= (1UL << count) - 1;
            if ((isStrict && IsPrintable(c)) || char.IsLowSurrogate(c) != (high != '\0'))
            {
                return false;
            }
            high = char.IsHighSurrogate(c) ? c : '\0';
            decoded.Append(c);
        }
        // What is left are the fill bits of the last base64 character: fewer than six, all zero.
        return count < 6 && bits == 0 && high == '\0';
    }
}
