using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>Writes replies. RFC 5321 §4.2.1, with the enhanced code on each line as RFC 2034 §3 wants it.</summary>
public static class SmtpReplyFormat
{
    /// <summary>RFC 5321 §4.5.3.1.5: 512 octets with code and CRLF; text that is longer goes on in another line.</summary>
    public const int LineOctetsMax = 512;

    /// <summary>
    /// One or several lines with CRLF. Whatever the text holds, only its LFs part lines, and only printable ASCII and
    /// tabs go out: a reply cannot be split by what is inside.
    /// </summary>
    public static void Write(IBufferWriter<byte> output, SmtpReply reply)
    {
        if (reply.Code is < 200 or > 599)
        {
            throw new ArgumentException("a reply code has three digits, the first 2 to 5: RFC 5321 §4.2.1");
        }
        string enhanced = reply.Enhanced is { } code ? $"{code} " : "";
        // A challenge is one line whatever its length: RFC 4954 §4.
        int textMax = reply.IsIntermediate ? int.MaxValue : LineOctetsMax - "250-".Length - enhanced.Length - "\r\n".Length;
        List<string> lines = [];
        foreach (string line in reply.Text.Split('\n'))
        {
            Fold(line, textMax, lines);
        }
        for (int i = 0; i < lines.Count; i++)
        {
            char separator = i == lines.Count - 1 ? ' ' : '-';
            string text = string.Create(CultureInfo.InvariantCulture, $"{reply.Code}{separator}{enhanced}{lines[i]}\r\n");
            Span<byte> target = output.GetSpan(text.Length);
            for (int c = 0; c < text.Length - 2; c++)
            {
                target[c] = text[c] is (>= ' ' and <= '~') or '\t' ? (byte)text[c] : (byte)'?';
            }
            "\r\n"u8.CopyTo(target[(text.Length - 2)..]);
            output.Advance(text.Length);
        }
    }

    /// <summary>The octets of one reply.</summary>
    public static byte[] ToOctets(SmtpReply reply)
    {
        ArrayBufferWriter<byte> octets = new();
        Write(octets, reply);
        return octets.WrittenSpan.ToArray();
    }

    /// <summary>As on the wire without the last CRLF; for logs and reports.</summary>
    public static string ToText(SmtpReply reply) => Encoding.ASCII.GetString(ToOctets(reply)).TrimEnd('\n').TrimEnd('\r');

    private static void Fold(string line, int textMax, List<string> lines)
    {
        while (line.Length > textMax)
        {
            int at = line.LastIndexOf(' ', textMax);
            at = at <= 0 ? textMax : at;
            lines.Add(line[..at]);
            line = line[at..].TrimStart(' ');
        }
        lines.Add(line);
    }
}
