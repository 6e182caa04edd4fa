using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailAccess.Store.Maildir;

/// <summary>Modified UTF-7, RFC 3501 §5.1.3, with further characters shifted as a caller wishes.</summary>
internal static class ModifiedUtf7
{
    /// <summary>Encodes; characters for which <paramref name="mustShift"/> is true are written in base64 although they are printable.</summary>
    public static void Encode(StringBuilder target, ReadOnlySpan<char> text, Func<char, bool> mustShift)
    {
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (IsPlain(c) && !mustShift(c))
            {
                target.Append(c == '&' ? "&-" : c.ToString());
                i++;
                continue;
            }
            int end = i;
            while (end < text.Length && !(IsPlain(text[end]) && !mustShift(text[end])))
            {
                end++;
            }
            string base64 = Convert.ToBase64String(Encoding.BigEndianUnicode.GetBytes(text[i..end].ToArray()));
            target.Append('&').Append(base64.TrimEnd('=').Replace('/', ',')).Append('-');
            i = end;
        }
    }

    /// <summary>Decodes, also what another encoder would have written plainly; false for what is not modified UTF-7.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? decoded)
    {
        decoded = null;
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '&')
            {
                result.Append(text[i]); // Also UTF-8 names, which some programs write as they are.
                continue;
            }
            int end = text[i..].IndexOf('-');
            if (end < 0)
            {
                return false;
            }
            ReadOnlySpan<char> shifted = text.Slice(i + 1, end - 1);
            if (shifted.IsEmpty)
            {
                result.Append('&');
            }
            else if (!TryUnshift(shifted, result))
            {
                return false;
            }
            i += end;
        }
        decoded = result.ToString();
        return true;
    }

    private static bool IsPlain(char c) => c is >= ' ' and <= '~';

    private static bool TryUnshift(ReadOnlySpan<char> shifted, StringBuilder result)
    {
        Span<char> base64 = stackalloc char[((shifted.Length + 3) / 4 * 4) + 4];
        if (shifted.Length > 1024)
        {
            return false;
        }
        shifted.CopyTo(base64);
        base64[..shifted.Length].Replace(',', '/');
        base64[shifted.Length..].Fill('=');
        int padded = (shifted.Length + 3) / 4 * 4;
        Span<byte> octets = stackalloc byte[padded];
        if (!Convert.TryFromBase64Chars(base64[..padded], octets, out int count) || count % 2 != 0)
        {
            return false;
        }
        result.Append(Encoding.BigEndianUnicode.GetString(octets[..count]));
        return true;
    }
}
