using System.Buffers;
using System.Text;

namespace MailAccess.Auth.Passwords;

/// <summary>What SASLprep (RFC 4013) does to a password before SCRAM hashes it.</summary>
/// <remarks>
/// Done: spaces of other scripts become a space (§2.1), invisible characters vanish (§2.1), control characters are prohibited (§2.3).
/// Not done: NFKC (§2.2), RFC 4013; the runtime without culture data has none. What keyboards type is in NFC; it only differs
/// for compatibility characters such as ligatures, full-width letters and superscripts.
/// </remarks>
internal static class PasswordPreparation
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>RFC 3454 table C.1.2.</summary>
    private static readonly SearchValues<char> OtherSpaces = SearchValues.Create(
        "\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u200B\u202F\u205F\u3000");

    /// <summary>RFC 3454 table B.1, without what C.1.2 already maps.</summary>
    private static readonly SearchValues<char> Invisible = SearchValues.Create(
        "\u00AD\u034F\u1806\u180B\u180C\u180D\u200C\u200D\u2060"
        + "\uFE00\uFE01\uFE02\uFE03\uFE04\uFE05\uFE06\uFE07\uFE08\uFE09\uFE0A\uFE0B\uFE0C\uFE0D\uFE0E\uFE0F\uFEFF");

    /// <summary>The prepared password; false for what is empty, not UTF-8, or holds control characters.</summary>
    public static bool TryPrepare(ReadOnlySpan<byte> password, out byte[] prepared)
    {
        prepared = [];
        if (!TryGetText(password, out string text))
        {
            return false;
        }
        if (!Ascii.IsValid(text))
        {
            StringBuilder mapped = new(text.Length);
            foreach (char c in text)
            {
                if (!Invisible.Contains(c))
                {
                    mapped.Append(OtherSpaces.Contains(c) ? ' ' : c);
                }
            }
            text = mapped.ToString();
        }
        prepared = Strict.GetBytes(text);
        return prepared.Length > 0;
    }

    /// <summary>Strict UTF-8 without control characters, and not empty.</summary>
    public static bool TryGetText(ReadOnlySpan<byte> octets, out string text)
    {
        text = "";
        if (octets.IsEmpty || !System.Text.Unicode.Utf8.IsValid(octets))
        {
            return false;
        }
        text = Strict.GetString(octets);
        foreach (char c in text)
        {
            if (char.IsControl(c))
            {
                return false;
            }
        }
        return true;
    }
}
