using System.Buffers;
using System.Runtime.InteropServices;

namespace MailAccess.Message;

/// <summary>Steps through a structured field value that has been unfolded. Tolerant: whatever does not end, ends with the value.</summary>
internal ref struct MimeScanner(ReadOnlySpan<byte> text)
{
    // token := 1*<any CHAR except SPACE, CTLs, or tspecials> — RFC 2045 §5.1
    private static readonly SearchValues<byte> TokenOctets = SearchValues.Create(
        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private static readonly SearchValues<byte> DateTokenEnds = SearchValues.Create(" \t\r\n(,+-"u8);

    private static readonly SearchValues<byte> LooseValueEnds = SearchValues.Create(" \t\r\n;\"("u8);

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

    /// <summary>Passes over so much of this text where it follows.</summary>
    public void TryTake(ReadOnlySpan<byte> text, int length) => Take(_rest.StartsWith(text) ? length : 0);

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

    /// <summary>A token; empty where there is none, or where an octet above 127 in it shows that it was meant to be something else.</summary>
    public ReadOnlySpan<byte> ReadToken()
    {
        int length = _rest.IndexOfAnyExcept(TokenOctets);
        ReadOnlySpan<byte> token = Take(length < 0 ? _rest.Length : length);
        return _rest.IsEmpty || _rest[0] < 0x80 ? token : [];
    }

    /// <summary>
    /// To the next parameter: behind a semicolon, or a comma in its place, or where an attribute and "=" stand without either. Passes over
    /// anything else; false at the end.
    /// </summary>
    public bool SkipToParameter()
    {
        SkipWhiteSpaceAndComments();
        if (TryTake((byte)';') || TryTake((byte)','))
        {
            return true;
        }
        int token = Math.Max(0, _rest.IndexOfAnyExcept(TokenOctets));
        return (token > 0 && _rest[token] == '=') || SkipPast((byte)';');
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

    /// <summary>An unquoted value that is no file name: it ends as a token does, or nearly; "=", ":" and "/" are often left unquoted.</summary>
    public ReadOnlySpan<byte> ReadLooseValue()
    {
        int length = _rest.IndexOfAny(LooseValueEnds);
        return Take(length < 0 ? _rest.Length : length).TrimEnd((byte)',');
    }

    /// <summary>
    /// An unquoted file name as programs really send it: to the semicolon, with spaces and brackets inside, without a comment at its end.
    /// </summary>
    public ReadOnlySpan<byte> ReadFileName()
    {
        int length = _rest.IndexOf((byte)';');
        ReadOnlySpan<byte> name = Take(length < 0 ? _rest.Length : length).Trim(" \t"u8);
        int comment = name.IndexOf(" ("u8);
        bool isLast = comment >= 0 && comment + 1 + CommentLength(name[(comment + 1)..]) == name.Length;
        return isLast ? name[..comment].TrimEnd(" \t"u8) : name;
    }

    /// <summary>quoted-string without its quotes and backslashes. RFC 5322 §3.2.4</summary>
    public byte[] ReadQuoted()
    {
        bool isWhole = TryMeasureQuoted(_rest, out int length);
        ReadOnlySpan<byte> text = Take(length)[1..];
        return Unescape(isWhole ? text[..^1] : text).ToArray();
    }

    /// <summary>Without the backslashes of quoted pairs and the line ends of folding. RFC 5322 §3.2.1, §2.2.3</summary>
    public static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAny((byte)'\\', (byte)'\n'))
        {
            return text;
        }
        List<byte> clean = [];
        for (int i = 0; i < text.Length; i++)
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            if (text[i] != '\n' && !text[i..].StartsWith("\r\n"u8))
            {
                clean.Add(text[i]);
            }
        }
        return CollectionsMarshal.AsSpan(clean);
    }

    /// <summary>Octets of the quoted string that begins here, with both quotes; all there are where it never ends.</summary>
    public static int QuotedLength(ReadOnlySpan<byte> text)
    {
        TryMeasureQuoted(text, out int length);
        return length;
    }

    /// <summary>Octets of the quoted string that begins here, with both quotes; false where it never ends.</summary>
    public static bool TryMeasureQuoted(ReadOnlySpan<byte> text, out int length)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                length = i + 1;
                return true;
            }
            i += text[i] == '\\' ? 1 : 0;
        }
        length = text.Length;
        return false;
    }

    /// <summary>Octets of the comment that begins here, with nested ones; all there are where it never ends. RFC 5322 §3.2.2</summary>
    public static int CommentLength(ReadOnlySpan<byte> text)
    {
        TryMeasureComment(text, out int length);
        return length;
    }

    /// <summary>Octets of the comment that begins here, with nested ones; false where it never ends. RFC 5322 §3.2.2</summary>
    public static bool TryMeasureComment(ReadOnlySpan<byte> text, out int length)
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
                        length = i + 1;
                        return true;
                    }
                    break;
                default:
                    break;
            }
        }
        length = text.Length;
        return false;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
