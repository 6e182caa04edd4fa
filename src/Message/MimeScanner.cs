using System.Buffers;

namespace MailAccess.Message;

/// <summary>Steps through a structured field value that has been unfolded. Tolerant: whatever does not end, ends with the value.</summary>
internal ref struct MimeScanner(ReadOnlySpan<byte> text)
{
    // token := 1*<any CHAR except SPACE, CTLs, or tspecials> — RFC 2045 §5.1
    private static readonly SearchValues<byte> TokenOctets = SearchValues.Create(
        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private static readonly SearchValues<byte> DateTokenEnds = SearchValues.Create(" \t\r\n(,+-"u8);

    private ReadOnlySpan<byte> _rest = text;

    public readonly bool AtQuote => _rest.StartsWith("\""u8);

    public readonly bool AtEnd => _rest.IsEmpty;

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenOctets);

    public void SkipWhiteSpaceAndComments()
    {
        while (!_rest.IsEmpty)
        {
            if (_rest[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                _rest = _rest[1..];
            }
            else if (_rest[0] == '(')
            {
                _rest = _rest[CommentLength(_rest)..];
            }
            else
            {
                return;
            }
        }
    }

    public bool TryTake(byte octet)
    {
        if (_rest.IsEmpty || _rest[0] != octet)
        {
            return false;
        }
        _rest = _rest[1..];
        return true;
    }

    /// <summary>Passes over everything up to and with the octet, outside comments and quotes; false at the end.</summary>
    public bool SkipPast(byte octet)
    {
        while (!_rest.IsEmpty)
        {
            if (_rest[0] == octet)
            {
                _rest = _rest[1..];
                return true;
            }
            int length = _rest[0] switch
            {
                (byte)'"' => QuotedLength(_rest),
                (byte)'(' => CommentLength(_rest),
                _ => 1,
            };
            _rest = _rest[length..];
        }
        return false;
    }

    /// <summary>What stands before the octet, outside comments and quotes, or the rest; the octet is passed over.</summary>
    public ReadOnlySpan<byte> ReadSegment(byte octet)
    {
        ReadOnlySpan<byte> text = _rest;
        int end = SkipPast(octet) ? 1 : 0;
        return text[..(text.Length - _rest.Length - end)];
    }

    public ReadOnlySpan<byte> ReadToken()
    {
        int length = _rest.IndexOfAnyExcept(TokenOctets);
        return Take(length < 0 ? _rest.Length : length);
    }

    public ReadOnlySpan<byte> ReadUntilAny(ReadOnlySpan<byte> ends)
    {
        int length = _rest.IndexOfAny(ends);
        return Take(length < 0 ? _rest.Length : length);
    }

    /// <summary>A number, word, time or zone of a date; dashes end a token, and signs begin a zone where one may follow.</summary>
    public ReadOnlySpan<byte> ReadDateToken(bool zoneMayFollow)
    {
        int start = zoneMayFollow && !_rest.IsEmpty && _rest[0] is (byte)'+' or (byte)'-' ? 1 : 0;
        int length = _rest[start..].IndexOfAny(DateTokenEnds);
        length = length < 0 ? _rest.Length : start + length;
        return Take(Math.Max(length, 1));
    }

    /// <summary>
    /// An unquoted value as programs really send it: to the semicolon, with spaces inside, without a comment behind a space.
    /// </summary>
    public ReadOnlySpan<byte> ReadLooseValue()
    {
        int length = _rest.IndexOf((byte)';');
        length = length < 0 ? _rest.Length : length;
        int comment = _rest[..length].IndexOf(" ("u8);
        return Take(comment < 0 ? length : comment).Trim(" \t"u8);
    }

    /// <summary>quoted-string without its quotes and backslashes. RFC 5322 §3.2.4</summary>
    public byte[] ReadQuoted()
    {
        ReadOnlySpan<byte> quoted = Take(QuotedLength(_rest));
        byte[] value = new byte[quoted.Length];
        int length = 0;
        for (int i = 1; i < quoted.Length && quoted[i] != '"'; i++)
        {
            i += quoted[i] == '\\' && i + 1 < quoted.Length ? 1 : 0;
            value[length++] = quoted[i];
        }
        return value[..length];
    }

    /// <summary>Octets of the quoted string that begins here, with both quotes.</summary>
    public static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                return i + 1;
            }
            i += text[i] == '\\' ? 1 : 0;
        }
        return text.Length;
    }

    /// <summary>Octets of the comment that begins here, with nested ones. RFC 5322 §3.2.2</summary>
    public static int CommentLength(ReadOnlySpan<byte> text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'\\':
                    i++;
                    break;
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')':
                    if (--depth == 0)
                    {
                        return i + 1;
                    }
                    break;
                default:
                    break;
            }
        }
        return text.Length;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
