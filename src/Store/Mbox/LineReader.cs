namespace MailAccess.Store.Mbox;

/// <summary>
/// Octets from anywhere, as lines. A line that does not fit the buffer comes in fragments: the first is as long as the buffer.
/// </summary>
/// <param name="read">Fills the span from the offset on; 0 at the end.</param>
/// <param name="start">Where to begin.</param>
/// <param name="end">Where to stop, at the latest.</param>
internal sealed class LineReader(LineReader.Source read, long start, long end)
{
    public const int BufferOctets = 128 * 1024;

    public delegate int Source(long offset, Span<byte> destination);

    private readonly byte[] _buffer = new byte[BufferOctets];
    private long _position = start;
    private int _next;
    private int _filled;
    private bool _atLineStart = true;

    /// <summary>Where the next fragment begins.</summary>
    public long Position => _position;

    /// <summary>The next line with its LF, or a fragment of it; false at the end. The span is valid until the next call.</summary>
    public bool TryNext(out ReadOnlySpan<byte> fragment, out bool isLineStart)
    {
        int feed = _buffer.AsSpan(_next, _filled - _next).IndexOf((byte)'\n');
        while (feed < 0 && Fill())
        {
            feed = _buffer.AsSpan(_next, _filled - _next).IndexOf((byte)'\n');
        }
        int length = feed < 0 ? _filled - _next : feed + 1;
        fragment = _buffer.AsSpan(_next, length);
        isLineStart = _atLineStart;
        _next += length;
        _position += length;
        _atLineStart = feed >= 0;
        return length > 0;
    }

    /// <summary>False where there is no more, or no more room.</summary>
    private bool Fill()
    {
        if (_next > 0)
        {
            _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
            _filled -= _next;
            _next = 0;
        }
        long left = end - _position - _filled;
        int room = (int)Math.Min(_buffer.Length - _filled, left);
        int count = room <= 0 ? 0 : read(_position + _filled, _buffer.AsSpan(_filled, room));
        _filled += count;
        return count > 0;
    }
}
