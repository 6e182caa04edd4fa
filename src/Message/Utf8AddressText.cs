using System.Globalization;
using System.Text;

namespace MailAccess.Message;

/// <summary>Addresses of the type <c>utf-8</c> in 7 bits. RFC 6533 §3.</summary>
public static class Utf8AddressText
{
    /// <summary>utf-8-addr-xtext = 1*(QCHAR / EmbeddedUnicodeChar): what a message/delivery-status may hold.</summary>
    public static string ToXtext(string address) => Embed(address, static rune => !rune.IsAscii || rune.Value is <= ' ' or '\\' or '+' or '=' or 0x7F);

    /// <summary>The same from utf-8-addr-unitext, whose ASCII is in order already: ORCPT for a server without SMTPUTF8.</summary>
    public static string FromUnitext(string address) => Embed(address, static rune => !rune.IsAscii);

    /// <summary>Characters for which the embedded form stands are taken out of it.</summary>
    public static string Decode(string text)
    {
        StringBuilder decoded = new();
        for (int i = 0; i < text.Length; i++)
        {
            int close = text.AsSpan(i).StartsWith("\\x{", StringComparison.Ordinal) ? text.IndexOf('}', i) : -1;
            int point = -1;
            bool isCoded = close > 0 && close - i <= 9
                && int.TryParse(text.AsSpan(i + 3, close - i - 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out point);
            if (isCoded && Rune.IsValid(point))
            {
                decoded.Append(new Rune(point));
                i = close;
            }
            else
            {
                decoded.Append(text[i]);
            }
        }
        return decoded.ToString();
    }

    // EmbeddedUnicodeChar = "\x{" HEXPOINT "}", of at least two digits
    private static string Embed(string text, Func<Rune, bool> isEmbedded)
    {
        StringBuilder embedded = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = isEmbedded(rune) ? embedded.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}") : embedded.Append(rune);
        }
        return embedded.ToString();
    }
}
