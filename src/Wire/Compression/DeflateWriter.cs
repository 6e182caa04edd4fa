using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace MailAccess.Wire;

/// <summary>Compresses what is written; each flush ends with a sync flush (RFC 1951 §3.2.4), so that the peer can read all of it.</summary>
/// <remarks>
/// The compressor's quarter of a megabyte is given back when the session waits for its client: what follows then refers to nothing
/// sent before, which a DEFLATE stream may always do.
/// </remarks>
internal sealed class DeflateWriter(PipeWriter below) : PipeWriter, IDisposable
{
    private const int SmallestBuffer = 4096;

    private readonly Sink _sink = new(below);
    private DeflateStream? _compressor;
    private byte[]? _buffer;
    private int _length;
    private bool _completed;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Prepare(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Prepare(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_buffer?.Length ?? 0) - _length);
        _length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length > 0)
        {
            CompressPending();
            _compressor!.Flush();
        }
        return below.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        CompressPending();
        if (!source.IsEmpty)
        {
            Compressor().Write(source.Span);
        }
        _compressor?.Flush();
        return below.FlushAsync(cancellationToken);
    }

    /// <summary>The session waits: nothing is being written.</summary>
    public void Rest()
    {
        if (_length == 0)
        {
            Release();
        }
    }

    public override void CancelPendingFlush() => below.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => Dispose();

    public void Dispose()
    {
        _completed = true;
        _length = 0;
        Release();
        _sink.Dispose();
    }

    private DeflateStream Compressor() => _compressor ??= new DeflateStream(_sink, CompressionLevel.Fastest, leaveOpen: true);

    private void CompressPending()
    {
        if (_length > 0)
        {
            Compressor().Write(_buffer.AsSpan(0, _length));
            _length = 0;
        }
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    private void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
        if (_compressor is not null)
        {
            // Disposing writes the stream's last block; ours goes on.
            _sink.IsShut = true;
            _compressor.Dispose();
            _compressor = null;
            _sink.IsShut = false;
        }
    }

    private void Prepare(int sizeHint)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        int wanted = Math.Max(sizeHint, 1);
        if (_buffer is not null && _buffer.Length - _length >= wanted)
        {
            return;
        }
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBuffer, Math.Max(_length + wanted, _length * 2)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
        _buffer = larger;
    }

    /// <summary>Where the compressor writes: the pipe below, which copies at once.</summary>
    private sealed class Sink(PipeWriter below) : Stream
    {
        public bool IsShut { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!IsShut)
            {
                BuffersExtensions.Write(below, buffer);
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
