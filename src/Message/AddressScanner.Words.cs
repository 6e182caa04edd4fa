using System.Buffers;

namespace MailAccess.Message;

/// <summary>White space, comments and quoted strings. RFC 5322 §3.2.</summary>
internal ref partial struct AddressScanner
{
    private ReadOnlySpan<byte> ReadUntil(SearchValues<byte> ends)
    {
        int length = _value[_position..].IndexOfAny(ends);
        ReadOnlySpan<byte> atom = length < 0 ? _value[_position..] : _value.Slice(_position, length);
        _position += atom.Length;
        OctetsRead += atom.Length + 1;
        return atom;
    }

    /// <summary>A quoted string without its quotes; false where it never ends: then only the quote has been passed over.</summary>
    private bool TryReadQuoted(out ReadOnlySpan<byte> text)
    {
        text = [];
        ReadOnlySpan<byte> rest = _value[_position..];
        if (_hasOpenQuote || !MimeScanner.TryMeasureQuoted(rest, out int length))
        {
            OctetsRead += _hasOpenQuote ? 1 : rest.Length;
            _hasOpenQuote = true;
            _position++;
            return false;
        }
        _position += length;
        OctetsRead += length;
        text = MimeScanner.Unescape(rest[1..(length - 1)]);
        return true;
    }

    /// <summary>CFWS; the last comment is remembered. True where there was any.</summary>
    private bool SkipSpace()
    {
        int start = _position;
        while (true)
        {
            OctetsRead++;
            switch (Peek)
            {
                case ' ' or '\t' or '\r' or '\n':
                    _position++;
                    break;
                case '(':
                    SkipComment();
                    break;
                default:
                    return _position > start;
            }
        }
    }

    /// <summary>One that never ends hides no address: where one follows, the bracket counts as white space.</summary>
    private void SkipComment()
    {
        ReadOnlySpan<byte> rest = _value[_position..];
        int length = rest.Length;
        if (_hasOpenComment || (!MimeScanner.TryMeasureComment(rest, out length) && rest.Contains((byte)'@')))
        {
            OctetsRead += _hasOpenComment ? 1 : rest.Length;
            _hasOpenComment = true;
            _position++;
            return;
        }
        ReadOnlySpan<byte> comment = rest[..length];
        _comment = NameOf(MimeScanner.Unescape(comment.EndsWith(")"u8) && length > 1 ? comment[1..^1] : comment[1..])) ?? _comment;
        _position += length;
        OctetsRead += length;
    }
}
