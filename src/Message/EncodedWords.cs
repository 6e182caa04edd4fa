using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>Decodes RFC 2047 encoded words in header text; RFC 2231 §5 for the language in them.</summary>
public static class EncodedWords
{
    private const int WordOctetsMax = 36;

    /// <summary>
    /// The text with every encoded word decoded. White space between two encoded words is no text (RFC 2047 §6.2), and
    /// neighbours in one charset are decoded together, because programs split characters between them. Never fails.
    /// </summary>
    public static string Decode(ReadOnlySpan<byte> value)
    {
        if (value.IndexOf("=?"u8) < 0)
        {
            return Charsets.Decode(null, value);
        }
        var text = new StringBuilder(value.Length);
        var pending = new ArrayBufferWriter<byte>();
        string? pendingCharset = null;
        int plainStart = 0;
        int position = 0;
        while (value[position..].IndexOf("=?"u8) is int found and >= 0)
        {
            int start = position + found;
            if (!TryRead(value[start..], out string charset, out byte[] octets, out int length))
            {
                position = start + 2;
                continue;
            }
            ReadOnlySpan<byte> between = value[plainStart..start];
            bool isAdjacent = pendingCharset is not null && !between.ContainsAnyExcept(" \t\r\n"u8);
            if (!isAdjacent || !charset.Equals(pendingCharset, StringComparison.OrdinalIgnoreCase))
            {
                Flush(text, pending, pendingCharset);
                text.Append(isAdjacent ? "" : Charsets.Decode(null, between));
            }
            pendingCharset = charset;
            pending.Write(octets);
            position = start + length;
            plainStart = position;
        }
        Flush(text, pending, pendingCharset);
        text.Append(Charsets.Decode(null, value[plainStart..]));
        return text.ToString();
    }

    /// <summary>
    /// The text in UTF-8 as encoded words, from the second on on lines of their own. They fit into the 76 octets that RFC 2047 §2 allows a
    /// line, also behind a name of 14.
    /// </summary>
    public static string Encode(string text)
    {
        StringBuilder words = new(text.Length * 2);
        byte[] octets = new byte[WordOctetsMax];
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (length + rune.Utf8SequenceLength > WordOctetsMax) // A character is not split: RFC 2047 §5.
            {
                Append();
            }
            length += rune.EncodeToUtf8(octets.AsSpan(length));
        }
        Append();
        return words.ToString();

        void Append()
        {
            words.Append(words.Length == 0 ? "" : "\r\n ").Append("=?utf-8?B?").Append(Convert.ToBase64String(octets, 0, length)).Append("?=");
            length = 0;
        }
    }

    private static void Flush(StringBuilder text, ArrayBufferWriter<byte> pending, string? charset)
    {
        if (pending.WrittenCount > 0)
        {
            text.Append(Charsets.Decode(charset, pending.WrittenSpan));
            pending.ResetWrittenCount();
        }
    }

    /// <summary>encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" — RFC 2047 §2, RFC 2231 §5.</summary>
    private static bool TryRead(ReadOnlySpan<byte> text, out string charset, out byte[] octets, out int length)
    {
        charset = "";
        octets = [];
        length = 0;
        ReadOnlySpan<byte> rest = text[2..];
        int charsetEnd = rest[..Math.Min(rest.Length, CharsetOctetsMax)].IndexOf((byte)'?');
        if (charsetEnd < 1 || rest.Length < charsetEnd + 3 || rest[charsetEnd + 2] != '?')
        {
            return false;
        }
        ReadOnlySpan<byte> name = rest[..charsetEnd];
        int language = name.IndexOf((byte)'*');
        name = language < 0 ? name : name[..language];
        ReadOnlySpan<byte> encoded = rest[(charsetEnd + 3)..];
        int end = encoded.IndexOf((byte)'?'); // Neither encoding uses a question mark.
        if (end < 0 || end + 1 >= encoded.Length || encoded[end + 1] != '=' || !MimeScanner.IsToken(name))
        {
            return false;
        }
        switch (rest[charsetEnd + 1] | 0x20)
        {
            case 'b':
                octets = Base64Decoder.DecodeAll(encoded[..end]);
                break;
            case 'q':
                octets = DecodeQ(encoded[..end]);
                break;
            default:
                return false;
        }
        charset = Encoding.ASCII.GetString(name);
        length = 2 + charsetEnd + 3 + end + 2;
        return true;
    }

    private const int CharsetOctetsMax = 100;

    /// <summary>RFC 2047 §4.2: "_" is a space, "=" two hexadecimal digits an octet.</summary>
    private static byte[] DecodeQ(ReadOnlySpan<byte> text)
    {
        byte[] octets = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isCoded = text[i] == '=' && Hexadecimal.IsOctet(text[(i + 1)..]);
            octets[length++] = isCoded ? Hexadecimal.Octet(text[(i + 1)..]) : text[i] == '_' ? (byte)' ' : text[i];
            i += isCoded ? 2 : 0;
        }
        return octets[..length];
    }
}
