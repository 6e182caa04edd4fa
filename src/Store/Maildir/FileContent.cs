using System.Buffers;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>A message that is read from its file in pieces. The open file outlives the message's removal.</summary>
internal sealed class FileContent(IFile file, MaildirStore store) : IMessageContent
{
    public long Octets { get; } = file.Octets;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        StoreResult<int> read = await store.Workers.RunAsync<int>(() => file.Read(offset, destination.Span), store.OnStagingFault);
        return read.TryGet(out int count) ? count : throw new IOException("The message cannot be read.");
    }

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return default;
    }
}

/// <summary>A message that others wrote with LF line ends, read as if they were CRLF.</summary>
/// <remarks>Reads forward cost one pass; a read further back than the last one starts again at the nearest mark.</remarks>
internal sealed class BareLfContent(IFile file, long octets, MaildirStore store) : IMessageContent
{
    private const int MarkDistance = 1 << 20;
    private const int RawOctets = 32 * 1024;

    private readonly List<Position> _marks = [new Position(0, 0, false)];
    private Position _at;

    public long Octets => octets;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        StoreResult<int> read = await store.Workers.RunAsync<int>(() => Read(offset, destination.Span), store.OnStagingFault);
        return read.TryGet(out int count) ? count : throw new IOException("The message cannot be read.");
    }

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return default;
    }

    /// <summary>The same for a message in memory.</summary>
    public static byte[] Convert(ReadOnlySpan<byte> raw, long octets)
    {
        byte[] converted = new byte[octets];
        int written = 0;
        bool afterCr = false;
        foreach (byte octet in raw)
        {
            if (octet == (byte)'\n' && !afterCr && written < converted.Length)
            {
                converted[written++] = (byte)'\r';
            }
            if (written == converted.Length)
            {
                break;
            }
            converted[written++] = octet;
            afterCr = octet == (byte)'\r';
        }
        return written == converted.Length ? converted : converted[..written];
    }

    private int Read(long offset, Span<byte> destination)
    {
        if (offset < _at.Converted)
        {
            _at = _marks.FindLast(m => m.Converted <= offset);
        }
        byte[] raw = ArrayPool<byte>.Shared.Rent(RawOctets);
        try
        {
            int filled = 0;
            while (filled < destination.Length)
            {
                int count = file.Read(_at.Raw, raw.AsSpan(0, RawOctets));
                if (count == 0)
                {
                    break;
                }
                filled += Take(raw.AsSpan(0, count), offset + filled, destination[filled..]);
            }
            return filled;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }

    /// <summary>Moves through the raw octets until the destination is full; returns what it took from the wanted offset on.</summary>
    private int Take(ReadOnlySpan<byte> raw, long wanted, Span<byte> destination)
    {
        int taken = 0;
        foreach (byte octet in raw)
        {
            bool needsCr = octet == (byte)'\n' && !_at.AfterCr;
            if (needsCr)
            {
                if (_at.Converted >= wanted && !Put((byte)'\r', destination, ref taken))
                {
                    return taken;
                }
                // The CR is out, the LF is not: the position between them is as if the file had the CR.
                _at = new Position(_at.Raw, _at.Converted + 1, true);
            }
            if (_at.Converted >= wanted && !Put(octet, destination, ref taken))
            {
                return taken;
            }
            _at = new Position(_at.Raw + 1, _at.Converted + 1, octet == (byte)'\r');
            if (_at.Converted - _marks[^1].Converted >= MarkDistance)
            {
                _marks.Add(_at);
            }
        }
        return taken;
    }

    private static bool Put(byte octet, Span<byte> destination, ref int taken)
    {
        if (taken == destination.Length)
        {
            return false;
        }
        destination[taken++] = octet;
        return true;
    }

    private readonly record struct Position(long Raw, long Converted, bool AfterCr);
}
