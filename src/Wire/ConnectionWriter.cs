using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>
/// Collects what is written in rented buffers, sends it on a flush, and holds nothing afterwards. Big blocks given to
/// <see cref="WriteAsync"/> go out from where they lie.
/// </summary>
/// <remarks>For one caller at a time; only <see cref="SendingSince"/> may be read by others.</remarks>
internal sealed class ConnectionWriter(Stream stream, TimeProvider clock) : PipeWriter
{
    private const int SmallestBuffer = 4096;
    private const int LargestBuffer = 64 * 1024;

    /// <summary>Blocks up to this size join what is pending, so that they leave in one piece.</summary>
    private const int JoinOctetsMax = 4096;

    /// <summary>One send: progress is seen between two of them, so it must be small enough for a slow line.</summary>
    private const int SliceOctets = 128 * 1024;

    private readonly SocketStream? _plain = stream as SocketStream;
    private List<ArraySegment<byte>>? _full;
    private byte[]? _buffer;
    private int _firstBuffer = SmallestBuffer;
    private int _length;
    private int _fullOctets;
    private long _sendingSince;
    private long _octets;
    private bool _completed;

    /// <summary>Clock timestamp of the last progress while the peer has yet to take what we send; 0: nothing is being sent.</summary>
    public long SendingSince => Volatile.Read(ref _sendingSince);

    /// <summary>Octets sent so far.</summary>
    public long Octets => Volatile.Read(ref _octets);

    /// <summary>Told of every octet that leaves; null: nobody listens.</summary>
    public WireTranscript? Transcript { get; set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _fullOctets + _length;

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
        if (UnflushedBytes == 0)
        {
            ReleaseBuffers();
            return default;
        }
        return SendAsync(default);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (source.Length <= JoinOctetsMax && UnflushedBytes > 0)
        {
            this.Write(source.Span);
            source = default;
        }
        return UnflushedBytes == 0 && source.IsEmpty ? default : SendAsync(source);
    }

    /// <summary>Does nothing: a flush ends by itself, by <see cref="IConnection.Abort"/>, or by the output timeout.</summary>
    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
        _completed = true;
        ReleaseBuffers();
    }

    private void Prepare(int sizeHint)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        int wanted = Math.Max(sizeHint, 1);
        if (_buffer is not null && _buffer.Length - _length >= wanted)
        {
            return;
        }
        int size = _firstBuffer;
        if (_buffer is not null)
        {
            size = Math.Min(LargestBuffer, _buffer.Length * 4);
            PutAside();
        }
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(size, wanted));
    }

    private void PutAside()
    {
        if (_length == 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer!);
        }
        else
        {
            (_full ??= []).Add(new ArraySegment<byte>(_buffer!, 0, _length));
            _fullOctets += _length;
        }
        _buffer = null;
        _length = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> block)
    {
        try
        {
            for (int i = 0; i < (_full?.Count ?? 0); i++)
            {
                await SendSlicesAsync(_full![i]);
            }
            if (_length > 0)
            {
                await SendSlicesAsync(_buffer.AsMemory(0, _length));
            }
            await SendSlicesAsync(block);
            return default;
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            throw ConnectionLost.Wrap(e);
        }
        finally
        {
            Volatile.Write(ref _sendingSince, 0);
            ReleaseBuffers();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendSlicesAsync(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            ReadOnlyMemory<byte> slice = octets[..Math.Min(octets.Length, SliceOctets)];
            octets = octets[slice.Length..];
            Transcript?.Server(slice.Span);
            Volatile.Write(ref _sendingSince, clock.GetTimestamp());
            if (_plain is not null)
            {
                await _plain.SendAsync(slice);
            }
            else
            {
                await stream.WriteAsync(slice);
            }
            Volatile.Write(ref _octets, _octets + slice.Length);
        }
    }

    private void ReleaseBuffers()
    {
        // Who has just filled the largest buffer is in the middle of a long answer: it goes on with one, and leaves in few pieces.
        _firstBuffer = UnflushedBytes >= LargestBuffer ? LargestBuffer : SmallestBuffer;
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
        _length = 0;
        for (int i = 0; i < (_full?.Count ?? 0); i++)
        {
            ArrayPool<byte>.Shared.Return(_full![i].Array!);
        }
        _full = null;
        _fullOctets = 0;
    }
}
