namespace MailAccess.Store.Files;

/// <summary>Octets in memory as a file: for what is written both to files of its own and into others.</summary>
internal sealed class OctetsFile(byte[] octets) : IFile
{
    private byte[] _octets = octets;
    private int _length = octets.Length;

    public OctetsFile()
        : this([])
    {
    }

    public long Octets => _length;

    public FileFacts Facts => new(false, _length, 0);

    public byte[] ToArray() => _octets.AsSpan(0, _length).ToArray();

    public int Read(long offset, Span<byte> destination)
    {
        int count = (int)Math.Clamp(_length - offset, 0, destination.Length);
        _octets.AsSpan((int)Math.Min(offset, _length), count).CopyTo(destination);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        int end = checked((int)offset + source.Length);
        if (end > _octets.Length)
        {
            Array.Resize(ref _octets, Math.Max(end, _octets.Length * 2));
        }
        source.CopyTo(_octets.AsSpan((int)offset));
        _length = Math.Max(_length, end);
    }

    public void Truncate(long octets) => _length = (int)Math.Min(_length, octets);

    public void Sync()
    {
    }

    public void SetModified(long secondsSince1970)
    {
    }

    public bool TryLock() => true;

    public bool TryLockForSharing() => true;

    public void Dispose()
    {
    }
}
