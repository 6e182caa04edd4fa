namespace MailAccess.Submission;

/// <summary>Looks for CR and LF that are no line end, in pieces of any size.</summary>
internal sealed class LineEndCheck
{
    private byte _last = (byte)'\n';

    /// <summary>A line end.</summary>
    public static ReadOnlyMemory<byte> Crlf { get; } = "\r\n"u8.ToArray();

    /// <summary>A CR without LF or an LF without CR was there. A CR that is the last octet so far may still get its LF.</summary>
    public bool HasBareCrOrLf { get; private set; }

    /// <summary>The same where nothing more comes.</summary>
    public bool HasBareEnd => HasBareCrOrLf || _last == '\r';

    /// <summary>The last line has no end yet.</summary>
    public bool IsInsideLine => _last != '\n';

    /// <summary>The next octets.</summary>
    public void Feed(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !HasBareCrOrLf)
        {
            if (_last == '\r')
            {
                HasBareCrOrLf = octets[0] != '\n';
                _last = octets[0];
                octets = octets[1..];
                continue;
            }
            int special = octets.IndexOfAny((byte)'\r', (byte)'\n');
            int taken = special < 0 ? octets.Length : special + 1;
            HasBareCrOrLf = special >= 0 && octets[special] == '\n';
            _last = octets[taken - 1];
            octets = octets[taken..];
        }
    }
}
