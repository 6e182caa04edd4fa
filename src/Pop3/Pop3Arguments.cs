using System.Globalization;
using System.Text;

namespace MailAccess.Pop3;

/// <summary>
/// What stands behind a command's keyword: arguments separated by single spaces, RFC 2449 §4. Reads them from left to right.
/// Valid until the session reads its next line.
/// </summary>
internal sealed class Pop3Arguments(ReadOnlyMemory<byte> text)
{
    private ReadOnlyMemory<byte> _rest = text;

    /// <summary>Nothing is left but blanks, which some clients append.</summary>
    public bool AtEnd => !_rest.Span.ContainsAnyExcept((byte)' ');

    /// <summary>1*DIGIT, not zero.</summary>
    public bool TryReadMessageNumber(out MessageNumber number)
    {
        bool isNumber = TryReadNumber(out int value) && value > 0;
        number = new MessageNumber(value);
        return isNumber;
    }

    /// <summary>1*DIGIT. What is too large for any maildrop counts as the largest number.</summary>
    public bool TryReadNumber(out int value)
    {
        value = 0;
        if (!TryReadWord(out ReadOnlyMemory<byte> word) || word.Span.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }
        value = int.TryParse(word.Span, NumberStyles.None, CultureInfo.InvariantCulture, out int small) ? small : int.MaxValue;
        return true;
    }

    /// <summary>Up to the next space; not empty.</summary>
    public bool TryReadWord(out ReadOnlyMemory<byte> word)
    {
        int end = _rest.Span.IndexOf((byte)' ');
        word = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        return !word.IsEmpty;
    }

    /// <summary>All that is left, with its spaces (RFC 1939 §7: a password may hold them).</summary>
    public ReadOnlyMemory<byte> ReadRest()
    {
        ReadOnlyMemory<byte> rest = _rest;
        _rest = default;
        return rest;
    }

    /// <summary>All that is left as text: strict UTF-8, not empty.</summary>
    public bool TryReadText(out string text)
    {
        ReadOnlyMemory<byte> rest = ReadRest();
        bool isText = !rest.IsEmpty && System.Text.Unicode.Utf8.IsValid(rest.Span);
        text = isText ? Encoding.UTF8.GetString(rest.Span) : "";
        return isText;
    }
}
