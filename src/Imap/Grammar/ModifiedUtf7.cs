using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Imap.Grammar;

/// <summary>Mailbox names on the wire: modified UTF-7, RFC 3501 §5.1.3. Encoding and decoding are exact inverses.</summary>
internal static class ModifiedUtf7
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

    /// <summary>The name in printable US-ASCII.</summary>
    public static string Encode(string name)
    {
        StringBuilder encoded = new(name.Length + 8);
        int at = 0;
        while (at < name.Length)
        {
            char c = name[at];
            if (IsPrintable(c))
            {
                encoded.Append(c == '&' ? "&-" : c.ToString());
                at++;
                continue;
            }
            int end = at;
            while (end < name.Length && !IsPrintable(name[end]))
            {
                end++;
            }
            encoded.Append('&');
            AppendBase64(encoded, name.AsSpan(at, end - at));
            encoded.Append('-');
            at = end;
        }
        return encoded.ToString();
    }

    /// <summary>
    /// False for what <see cref="Encode"/> never makes: octets outside printable US-ASCII, printable characters in
    /// base64, superfluous shifts (all forbidden by RFC 3501 §5.1.3), padding bits that are not zero, half a surrogate pair.
    /// One mailbox has one spelling only.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out string? name)
    {
        name = null;
        StringBuilder decoded = new(encoded.Length);
        bool afterShift = false;
        int at = 0;
        while (at < encoded.Length)
        {
            byte octet = encoded[at];
            if (octet is < 0x20 or > 0x7E)
            {
                return false;
            }
            if (octet != (byte)'&')
            {
                decoded.Append((char)octet);
                afterShift = false;
                at++;
                continue;
            }
            int length = encoded[(at + 1)..].IndexOf((byte)'-');
            if (length < 0)
            {
                return false;
            }
            ReadOnlySpan<byte> base64 = encoded.Slice(at + 1, length);
            if (base64.IsEmpty)
            {
                decoded.Append('&');
                afterShift = false;
            }
            else if (afterShift || !TryDecodeBase64(base64, decoded))
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

    private static bool TryDecodeBase64(ReadOnlySpan<byte> base64, StringBuilder decoded)
    {
        ulong bits = 0;
        int count = 0;
        char high = '\0';
        foreach (byte octet in base64)
        {
            int value = Alphabet.IndexOf((char)octet, StringComparison.Ordinal);
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
            if (IsPrintable(c) || char.IsLowSurrogate(c) != (high != '\0'))
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
