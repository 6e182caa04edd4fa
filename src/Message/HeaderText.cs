using System.Text;

namespace MailAccess.Message;

/// <summary>Writing header fields: no value can bring a line end, a control character or a line too long into what we compose.</summary>
internal static class HeaderText
{
    public const int LineOctetsPreferred = 76; // RFC 5322 §2.1.1 wants at most 78.

    private const int LineOctetsMax = 900; // RFC 5322 §2.1.1 forbids more than 998.

    /// <summary>The value with every control character as a space, so that none can end the field.</summary>
    public static string Sanitize(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return "";
        }
        return string.Create(value.Length, value, static (output, source) =>
        {
            for (int i = 0; i < output.Length; i++)
            {
                bool isLoneSurrogate = char.IsSurrogate(source[i]) && !IsPaired(source, i);
                // U+0085, U+2028 and U+2029 end lines in some programs.
                output[i] = char.IsControl(source[i]) || source[i] is '\u2028' or '\u2029' ? ' ' : isLoneSurrogate ? '?' : source[i];
            }
        }).Trim();
    }

    /// <summary>Name, value and CRLF, folded at spaces; words longer than a line may be are broken up.</summary>
    public static string Field(string name, string value)
    {
        StringBuilder text = new(name);
        text.Append(':');
        int column = text.Length;
        foreach (string word in Sanitize(value).Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(Break))
        {
            int octets = Encoding.UTF8.GetByteCount(word);
            bool isFirst = column == name.Length + 1;
            if (!isFirst && column + 1 + octets > LineOctetsPreferred)
            {
                text.Append("\r\n");
                column = 0;
            }
            text.Append(' ').Append(word);
            column += 1 + octets;
        }
        return text.Append("\r\n").ToString();
    }

    public static bool IsAscii(string? text) => text is null || Ascii.IsValid(text);

    /// <summary>sub-domain *("." sub-domain) — RFC 5321 §4.1.2, with U-labels of RFC 6531 §3.3.</summary>
    public static bool IsDomain(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 255 || text.Split('.').Any(label => label.Length == 0))
        {
            return false;
        }
        return text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' || (c > 0x9F && !char.IsWhiteSpace(c)));
    }

    private static bool IsPaired(string text, int i) => char.IsHighSurrogate(text[i])
        ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
        : i > 0 && char.IsHighSurrogate(text[i - 1]);

    private static IEnumerable<string> Break(string word)
    {
        int piece = LineOctetsMax / 4; // Four octets a character at most.
        for (int i = 0; i < word.Length;)
        {
            int end = Math.Min(word.Length, i + piece);
            end -= end < word.Length && char.IsHighSurrogate(word[end - 1]) ? 1 : 0;
            yield return word[i..end];
            i = end;
        }
    }
}
