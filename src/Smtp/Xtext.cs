using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>xtext, which puts any octets into a parameter. RFC 3461 §4.</summary>
public static class Xtext
{
    /// <summary>Octets 33 to 126 but <c>+</c> and <c>=</c> stand for themselves, all others become <c>+HH</c>.</summary>
    public static string Encode(ReadOnlySpan<byte> octets)
    {
        StringBuilder text = new(octets.Length + 8);
        foreach (byte octet in octets)
        {
            if (IsXchar(octet))
            {
                text.Append((char)octet);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"+{octet:X2}");
            }
        }
        return text.ToString();
    }

    /// <summary>False where a <c>+</c> has not two hexadecimal digits behind it, or an octet stands that must be encoded.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, out byte[] octets)
    {
        octets = [];
        ArrayBufferWriter<byte> decoded = new(Math.Max(1, text.Length));
        while (!text.IsEmpty)
        {
            byte octet = text[0];
            int length = 1;
            if (octet == '+')
            {
                // hexchar = "+" two hexadecimal digits in upper case; lower case is read as well.
                if (text.Length < 3 || !char.IsAsciiHexDigit((char)text[1]) || !char.IsAsciiHexDigit((char)text[2]))
                {
                    return false;
                }
                octet = byte.Parse(text[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                length = 3;
            }
            else if (!IsXchar(octet))
            {
                return false;
            }
            decoded.Write([octet]);
            text = text[length..];
        }
        octets = decoded.WrittenSpan.ToArray();
        return true;
    }

    /// <summary>As <see cref="TryDecode(ReadOnlySpan{byte}, out byte[])"/>, for text that must be printable ASCII when decoded.</summary>
    public static bool TryDecodePrintable(string text, out string decoded)
    {
        decoded = "";
        if (!Ascii.IsValid(text) || !TryDecode(Encoding.ASCII.GetBytes(text), out byte[] octets)
            || octets.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return false;
        }
        decoded = Encoding.ASCII.GetString(octets);
        return true;
    }

    private static bool IsXchar(byte octet) => octet is >= 33 and <= 126 and not (byte)'+' and not (byte)'=';
}
