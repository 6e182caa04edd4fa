using System.Text;

namespace MailAccess.Smtp;

/// <summary>Makes text of foreign origin fit for a reply, a log line or a header comment.</summary>
public static class SmtpText
{
    /// <summary>
    /// Printable ASCII, everything else as <c>?</c>, cut at <paramref name="lengthMax"/> with an ellipsis of dots. What a
    /// client sent may stand in a reply only through this.
    /// </summary>
    public static string Sanitize(ReadOnlySpan<char> text, int lengthMax = 80)
    {
        StringBuilder clean = new(Math.Min(text.Length, lengthMax) + 3);
        foreach (char c in text[..Math.Min(text.Length, lengthMax)])
        {
            clean.Append(c is >= ' ' and <= '~' ? c : '?');
        }
        return text.Length > lengthMax ? clean.Append("...").ToString() : clean.ToString();
    }

    /// <summary>As <see cref="Sanitize(ReadOnlySpan{char}, int)"/> for octets.</summary>
    public static string Sanitize(ReadOnlySpan<byte> octets, int lengthMax = 80) =>
        Sanitize(Encoding.Latin1.GetString(octets[..Math.Min(octets.Length, lengthMax + 1)]).AsSpan(), lengthMax);
}
