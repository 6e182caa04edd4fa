using System.Text;

namespace MailAccess.Smtp;

/// <summary>A place in one command line's octets.</summary>
internal ref struct SmtpCursor(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> _rest = octets;

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The next octet, or 0 at the end (which no grammar here accepts).</summary>
    public readonly byte Peek => _rest.IsEmpty ? (byte)0 : _rest[0];

    public bool TryTake(byte octet)
    {
        if (Peek != octet || _rest.IsEmpty)
        {
            return false;
        }
        _rest = _rest[1..];
        return true;
    }

    /// <summary>Case does not matter.</summary>
    public bool TryTakeWord(ReadOnlySpan<byte> word)
    {
        if (_rest.Length < word.Length || !Ascii.EqualsIgnoreCase(_rest[..word.Length], word))
        {
            return false;
        }
        _rest = _rest[word.Length..];
        return true;
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public void SkipSpaces()
    {
        int spaces = _rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        _rest = spaces < 0 ? [] : _rest[spaces..];
    }
}
