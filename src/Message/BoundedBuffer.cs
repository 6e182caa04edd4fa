namespace MailAccess.Message;

/// <summary>Octets collected up to a limit; what is beyond is dropped and remembered as truncation.</summary>
internal sealed class BoundedBuffer(int octetsMax)
{
    private byte[] _buffer = [];
    private int _length;

    /// <summary>What came, also what was dropped.</summary>
    public long Octets { get; private set; }

    public bool IsTruncated => Octets > _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Append(ReadOnlySpan<byte> octets)
    {
        Octets += octets.Length;
        ReadOnlySpan<byte> taken = octets[..Math.Min(octets.Length, octetsMax - _length)];
        if (_length + taken.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(octetsMax, Math.Max(256L, 2L * (_length + taken.Length))));
        }
        taken.CopyTo(_buffer.AsSpan(_length));
        _length += taken.Length;
    }

    public void Clear()
    {
        _length = 0;
        Octets = 0;
    }
}
