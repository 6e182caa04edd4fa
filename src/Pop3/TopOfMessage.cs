namespace MailAccess.Pop3;

/// <summary>
/// Finds where "the header, the blank line, and so many lines of the body" end (RFC 1939 §7, TOP), in a message that comes in any pieces.
/// </summary>
internal sealed class TopOfMessage(int bodyLines)
{
    private int _linesLeft = bodyLines;
    private bool _inHeader = true;
    private bool _lineIsEmpty = true;

    /// <summary>Nothing more of the message belongs to it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>How many of these octets belong to it.</summary>
    public int Take(ReadOnlySpan<byte> octets)
    {
        int taken = 0;
        while (taken < octets.Length && !IsComplete)
        {
            int lineFeed = octets[taken..].IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = lineFeed < 0 ? octets[taken..] : octets.Slice(taken, lineFeed);
            _lineIsEmpty &= !line.ContainsAnyExcept((byte)'\r');
            taken += lineFeed < 0 ? line.Length : lineFeed + 1;
            if (lineFeed >= 0)
            {
                EndLine();
            }
        }
        return taken;
    }

    private void EndLine()
    {
        if (_inHeader)
        {
            _inHeader = !_lineIsEmpty;
        }
        else
        {
            _linesLeft--;
        }
        _lineIsEmpty = true;
        IsComplete = !_inHeader && _linesLeft <= 0;
    }
}
