namespace MailAccess.Message.Searching;

/// <summary>
/// A message as it lies in memory, with CRLF or with LF line ends, and where its parts stand in it: their offsets count CRLF.
/// </summary>
/// <remarks>With LF line ends every LF counts two octets: what holds a CR as well must be converted first.</remarks>
internal ref struct MessageOctets(ReadOnlySpan<byte> octets, bool hasBareLf)
{
    private readonly ReadOnlySpan<byte> _octets = octets;
    private long _offset;
    private int _place;

    /// <summary>The octets from one offset to another, as they lie; empty where the message is shorter.</summary>
    public ReadOnlySpan<byte> Slice(long offset, long length)
    {
        int start = PlaceOf(offset);
        int end = PlaceOf(offset + length);
        return _octets[start..Math.Max(start, end)];
    }

    private int PlaceOf(long offset)
    {
        if (!hasBareLf)
        {
            return (int)Math.Clamp(offset, 0, _octets.Length);
        }
        if (offset < _offset)
        {
            _offset = 0;
            _place = 0;
        }
        // Half of what is missing cannot be too far, however many of its octets are line ends.
        while (_offset < offset && _place < _octets.Length)
        {
            int step = (int)Math.Clamp((offset - _offset) / 2, 1, _octets.Length - _place);
            _offset += step + _octets.Slice(_place, step).Count((byte)'\n');
            _place += step;
        }
        return _place;
    }
}
