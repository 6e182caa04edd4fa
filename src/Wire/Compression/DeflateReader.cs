using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace MailAccess.Wire;

/// <summary>Decompresses what the peer sends, a bounded piece at a time: a little input cannot become much memory.</summary>
/// <remarks>
/// Unconsumed octets lie in one array, as in <see cref="ConnectionReader"/>. While it waits it holds no buffer of its own, only the
/// window that the format demands. Octets that are not DEFLATE lose the connection.
/// </remarks>
internal sealed class DeflateReader : PipeReader, IDisposable
{
    private const int PieceOctets = 4096;
    private const int FeedOctetsMax = 4096;

    private readonly PipeReader _below;
    private readonly Action _onWait;
    private readonly Feed _feed = new();
    private readonly DeflateStream _decompressor;
    private byte[]? _buffer;
    private int _start;
    private int _examined;
    private int _end;
    private bool _mayHoldMore;
    private bool _ended;

    /// <param name="below">The compressed octets.</param>
    /// <param name="onWait">Called when a read will have to wait for the peer.</param>
    public DeflateReader(PipeReader below, Action onWait)
    {
        _below = below;
        _onWait = onWait;
        _decompressor = new DeflateStream(_feed, CompressionMode.Decompress, leaveOpen: true);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (TryAnswer(out ReadResult ready))
            {
                return ready;
            }
            ValueTask<ReadResult> reading = _below.ReadAsync(cancellationToken);
            if (!reading.IsCompleted)
            {
                _onWait();
            }
            if (Take(await reading))
            {
                return Answer(isCanceled: true);
            }
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        while (!TryAnswer(out result))
        {
            if (!_below.TryRead(out ReadResult read))
            {
                return false;
            }
            if (Take(read))
            {
                result = Answer(isCanceled: true);
                return true;
            }
        }
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_buffer is null || !ReferenceEquals(consumed.GetObject(), _buffer))
        {
            return; // The result was empty.
        }
        _start = Index(consumed);
        _examined = Math.Max(_start, ReferenceEquals(examined.GetObject(), _buffer) ? Index(examined) : _start);
        if (_start == _end)
        {
            ReleaseBuffer();
        }
    }

    public override void CancelPendingRead() => _below.CancelPendingRead();

    public override void Complete(Exception? exception = null) => Dispose();

    public void Dispose()
    {
        ReleaseBuffer();
        _decompressor.Dispose();
        _feed.Dispose();
    }

    private static int Index(SequencePosition position) => position.GetInteger() & int.MaxValue; // The top bit is the sequence's own mark.

    private bool TryAnswer(out ReadResult result)
    {
        if (_examined == _end && !_ended && _mayHoldMore)
        {
            Decompress();
        }
        bool hasAnswer = _examined < _end || _ended;
        result = hasAnswer ? Answer(isCanceled: false) : default;
        return hasAnswer;
    }

    private ReadResult Answer(bool isCanceled) =>
        new(_start == _end ? default : new ReadOnlySequence<byte>(_buffer!, _start, _end - _start), isCanceled, _ended);

    /// <summary>Takes compressed octets from below; true where the read was cancelled.</summary>
    private bool Take(ReadResult read)
    {
        ReadOnlySequence<byte> piece = read.Buffer.Slice(0, Math.Min(FeedOctetsMax, read.Buffer.Length));
        if (!piece.IsEmpty)
        {
            _feed.Put(piece);
            _mayHoldMore = true;
        }
        else if (read.IsCompleted)
        {
            _ended = true;
        }
        _below.AdvanceTo(piece.End);
        return read.IsCanceled;
    }

    private void Decompress()
    {
        MakeRoom();
        try
        {
            int count = _decompressor.Read(_buffer.AsSpan(_end));
            _end += count;
            _mayHoldMore = count > 0;
            // What it does not take any more stands behind the end of the stream: the peer has nothing more to say.
            _ended |= count == 0 && !_feed.IsEmpty;
        }
        catch (InvalidDataException e)
        {
            throw new IOException("The peer's octets are not compressed data.", e);
        }
        if (_start == _end)
        {
            ReleaseBuffer();
        }
    }

    private void MakeRoom()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(PieceOctets);
        if (_buffer.Length - _end >= PieceOctets / 4)
        {
            return;
        }
        int length = _end - _start;
        byte[] target = length > _buffer.Length / 2 ? ArrayPool<byte>.Shared.Rent(_buffer.Length * 2) : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }
        _examined -= _start;
        _start = 0;
        _end = length;
    }

    private void ReleaseBuffer()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
        _start = _examined = _end = 0;
    }

    /// <summary>What the decompressor reads from: a piece that was put there, then nothing for now.</summary>
    private sealed class Feed : Stream
    {
        private byte[]? _piece;
        private int _at;
        private int _length;

        public bool IsEmpty => _at == _length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Only after all of the former piece was read.</summary>
        public void Put(in ReadOnlySequence<byte> piece)
        {
            _piece = ArrayPool<byte>.Shared.Rent((int)piece.Length);
            piece.CopyTo(_piece);
            _at = 0;
            _length = (int)piece.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, _length - _at);
            _piece.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            if (IsEmpty && _piece is not null)
            {
                ArrayPool<byte>.Shared.Return(_piece);
                _piece = null;
                _at = 0;
                _length = 0;
            }
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
