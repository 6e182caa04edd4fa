namespace MailAccess.Submission;

/// <summary>Looks for lines that begin with NUL and then a dot, in pieces of any size.</summary>
/// <remarks>A server behind us that drops NULs would see the end of the message in one (SMTP smuggling). RFC 5322 §4 has NUL in no message.</remarks>
internal sealed class HiddenDotCheck
{
    private Position _position = Position.LineStart;

    private enum Position : byte
    {
        Text,
        LineStart,
        /// <summary>The line has nothing but NULs so far.</summary>
        Nul,
    }

    /// <summary>Such a line was there.</summary>
    public bool Found { get; private set; }

    /// <summary>The next octets.</summary>
    public void Feed(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return;
        }
        if (_position != Position.Nul && !octets.Contains((byte)0))
        {
            _position = octets[^1] == '\n' ? Position.LineStart : Position.Text; // The usual case.
            return;
        }
        foreach (byte octet in octets)
        {
            Found |= octet == '.' && _position == Position.Nul;
            _position = octet switch
            {
                (byte)'\n' => Position.LineStart,
                0 when _position != Position.Text => Position.Nul,
                _ => Position.Text,
            };
        }
    }
}
