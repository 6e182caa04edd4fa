using System.Buffers;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>A small message, read whole into rented memory that goes back when it is disposed.</summary>
internal sealed class PooledContent : IMessageContent
{
    private readonly int _octets;
    private byte[]? _rented;

    private PooledContent(byte[] rented, int octets)
    {
        _rented = rented;
        _octets = octets;
    }

    public long Octets => _octets;

    /// <summary>On a worker. A file that is shorter than its record says gives what there is.</summary>
    public static PooledContent Read(IFile file, long octets, bool hasBareLf)
    {
        int wanted = (int)Math.Min(file.Octets, octets); // With LF line ends the file is shorter than the message.
        byte[] raw = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, 1));
        int filled = 0;
        int count;
        while (filled < wanted && (count = file.Read(filled, raw.AsSpan(filled, wanted - filled))) > 0)
        {
            filled += count;
        }
        if (!hasBareLf)
        {
            return new PooledContent(raw, filled);
        }
        byte[] converted = ArrayPool<byte>.Shared.Rent((int)Math.Max(octets, 1));
        bool afterCr = false;
        LineEnds.ToCrlf(raw.AsSpan(0, filled), converted.AsSpan(0, (int)octets), ref afterCr, out _, out int written);
        ArrayPool<byte>.Shared.Return(raw);
        return new PooledContent(converted, written);
    }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        byte[] octets = _rented ?? throw new ObjectDisposedException(nameof(PooledContent));
        if (offset >= _octets)
        {
            return new(0);
        }
        int count = (int)Math.Min(destination.Length, _octets - offset);
        octets.AsSpan((int)offset, count).CopyTo(destination.Span);
        return new(count);
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        return default;
    }
}
