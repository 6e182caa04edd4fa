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

    private int Read(long offset, Span<byte> destination)
    {
        if (offset < _at.Converted)
        {
            _at = _marks.FindLast(m => m.Converted <= offset);
        }
        byte[] raw = ArrayPool<byte>.Shared.Rent(RawOctets);
        byte[] skipped = ArrayPool<byte>.Shared.Rent(RawOctets);
        try
        {
            int filled = 0;
            int count;
            while (filled < destination.Length && (count = file.Read(_at.Raw, raw.AsSpan(0, RawOctets))) > 0)
            {
                ReadOnlySpan<byte> rest = raw.AsSpan(0, count);
                while (!rest.IsEmpty && filled < destination.Length)
                {
                    long skip = offset - _at.Converted;
                    if (skip > 0)
                    {
                        Advance(ref rest, skipped.AsSpan(0, (int)Math.Min(skip, RawOctets)));
                    }
                    else
                    {
                        filled += Advance(ref rest, destination[filled..]);
                    }
                }
            }
            return filled;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
            ArrayPool<byte>.Shared.Return(skipped);
        }
    }

    private int Advance(ref ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        bool afterCr = _at.AfterCr;
        LineEnds.ToCrlf(raw, destination, ref afterCr, out int taken, out int written);
        raw = raw[taken..];
        _at = new Position(_at.Raw + taken, _at.Converted + written, afterCr);
        if (_at.Converted - _marks[^1].Converted >= MarkDistance)
        {
            _marks.Add(_at);
        }
        return written;
    }

    /// <param name="Raw">Octets of the file behind us.</param>
    /// <param name="Converted">Octets given out.</param>
    /// <param name="AfterCr">The last octet given out was CR, the file's or ours.</param>
    private readonly record struct Position(long Raw, long Converted, bool AfterCr);
}
