using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MailAccess.Imap.Grammar;

/// <summary>What URLs are made of — RFC 5092 §11, RFC 3986 §2.</summary>
internal static class UrlText
{
    /// <summary>Characters that a URL may hold; others are percent-encoded: bchar of RFC 5092 §11, and what separates its parts.</summary>
    private static readonly SearchValues<byte> Characters =
        SearchValues.Create("!$%&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"u8);

    /// <summary>Nothing in it stands where it should be percent-encoded. Searches (<c>?</c>) and fragments are no URLs of messages.</summary>
    public static bool IsUrl(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Characters);

    /// <summary>pct-encoded = "%" HEXDIG HEXDIG — RFC 3986 §2.1.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out byte[] octets)
    {
        List<byte> decoded = new(encoded.Length);
        octets = [];
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != (byte)'%')
            {
                decoded.Add(encoded[i]);
                continue;
            }
            if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit((char)encoded[i + 1]) || !char.IsAsciiHexDigit((char)encoded[i + 2]))
            {
                return false;
            }
            decoded.Add(Convert.FromHexString(Encoding.ASCII.GetString(encoded.Slice(i + 1, 2)))[0]);
            i += 2;
        }
        octets = [.. decoded];
        return true;
    }

    /// <summary>UTF-8, percent-encoded: names of mailboxes and users. RFC 5092 §8.</summary>
    public static bool TryDecodeText(ReadOnlySpan<byte> encoded, out string text)
    {
        bool isText = TryDecode(encoded, out byte[] octets) && Utf8.IsValid(octets);
        text = isText ? Encoding.UTF8.GetString(octets) : "";
        return isText;
    }

    /// <summary>nz-number — RFC 3501 §9.</summary>
    public static bool TryTakeNumber(ref ReadOnlySpan<byte> text, out uint number)
    {
        int at = 0;
        bool isNumber = ImapNumbers.TryParse(text, ref at, out number) && text[0] != (byte)'0';
        text = text[at..];
        return isNumber;
    }

    /// <summary>Strings are not case sensitive, RFC 5092 §11.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> label)
    {
        if (text.Length < label.Length || !Ascii.EqualsIgnoreCase(text[..label.Length], label))
        {
            return false;
        }
        text = text[label.Length..];
        return true;
    }

    /// <summary>Where a string stands, compared without case; -1: nowhere.</summary>
    public static int IndexOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> label)
    {
        for (int at = 0; at + label.Length <= text.Length; at++)
        {
            if (Ascii.EqualsIgnoreCase(text.Slice(at, label.Length), label))
            {
                return at;
            }
        }
        return -1;
    }
}
