using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace MailAccess.Wire;

/// <summary>
/// Reads a stream without holding a buffer while it waits: first a read of zero octets, which ends when something is
/// there, then a read into a rented buffer, which is given back when all of it was consumed.
/// </summary>
/// <remarks>
/// <para>Unconsumed octets always lie in one array, so sequences have one segment and lines are contiguous.</para>
/// <para><see cref="CancelPendingRead"/> ends our caller's wait but leaves the stream's operation under way; the next
/// read takes it up again. Nothing is lost, and a TLS record is never cut.</para>
/// <para>One caller reads; waking, and the stream's completions, come on other threads. The gate is this object itself
/// (nobody else sees it), and no continuation of the caller ever runs under it.</para>
/// </remarks>
internal sealed class ConnectionReader : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    private const int SmallestBuffer = 4096;
    private const int LargestChunk = 64 * 1024;

    /// <summary>Less room than this behind the unconsumed octets is not worth a system call.</summary>
    private const int LeastRoom = 1024;

    private readonly Stream _stream;
    private readonly Action _onOperation;
    private ManualResetValueTaskSourceCore<bool> _source;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _operation;
    private byte[]? _buffer;
    private int _start;
    private int _examined;
    private int _end;
    private int _nextSize = SmallestBuffer;
    private long _octets;
    private Exception? _fault;
    private Step _step;
    private bool _readPending;
    private bool _cancelRequested;
    private bool _ended;
    private bool _completed;

    public ConnectionReader(Stream stream)
    {
        _stream = stream;
        _onOperation = OnOperation;
    }

    /// <summary>What the stream is doing for us.</summary>
    private enum Step : byte
    {
        /// <summary>Nothing.</summary>
        None,
        /// <summary>A read of zero octets is under way: no buffer of ours is involved.</summary>
        Waiting,
        /// <summary>Something is there, and nobody asked for it yet.</summary>
        Ready,
        /// <summary>A read into our buffer behind <see cref="_end"/> is under way: the buffer stays where it is.</summary>
        Receiving,
    }

    /// <summary>Octets received so far.</summary>
    public long Octets => Volatile.Read(ref _octets);

    /// <summary>The peer has closed its side, or the connection is lost.</summary>
    public bool Ended
    {
        get
        {
            lock (this)
            {
                return _ended || _fault is not null;
            }
        }
    }

    /// <summary>Octets have been received that nobody consumed.</summary>
    public bool HasUnconsumed
    {
        get
        {
            lock (this)
            {
                return _start < _end;
            }
        }
    }

    /// <summary>Told of every octet that arrives; null: nobody listens.</summary>
    public WireTranscript? Transcript { get; set; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.CanBeCanceled)
        {
            return ReadUntilCanceledAsync(cancellationToken);
        }
        lock (this)
        {
            ObjectDisposedException.ThrowIf(_completed, this);
            if (_readPending)
            {
                throw new InvalidOperationException("A read is already pending.");
            }
            if (HasAnswer || Advance())
            {
                return new ValueTask<ReadResult>(Answer());
            }
            _source.Reset();
            _readPending = true;
            return new ValueTask<ReadResult>(this, _source.Version);
        }
    }

    /// <summary>Only what has been received already: never asks the network.</summary>
    public override bool TryRead(out ReadResult result)
    {
        lock (this)
        {
            ObjectDisposedException.ThrowIf(_completed, this);
            if (_readPending || !HasAnswer)
            {
                result = default;
                return false;
            }
            result = Answer();
            return true;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (this)
        {
            if (_buffer is null || !ReferenceEquals(consumed.GetObject(), _buffer))
            {
                return; // The result was empty.
            }
            int start = Index(consumed);
            int seen = ReferenceEquals(examined.GetObject(), _buffer) ? Index(examined) : start;
            ArgumentOutOfRangeException.ThrowIfLessThan(start, _start, nameof(consumed));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(start, _end, nameof(consumed));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(seen, _end, nameof(examined));
            _start = start;
            _examined = Math.Max(start, seen);
            ReleaseIfEmpty();
        }
    }

    /// <summary>The pending read, or the next one, returns IsCanceled. Any thread; the caller of the read goes on elsewhere.</summary>
    public override void CancelPendingRead()
    {
        lock (this)
        {
            _cancelRequested = true;
            if (!_readPending)
            {
                return;
            }
            _readPending = false;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Takes back a wake that no read has seen; for the reader that replaces this one.</summary>
    public bool TakeCancelRequest()
    {
        lock (this)
        {
            bool requested = _cancelRequested;
            _cancelRequested = false;
            return requested;
        }
    }

    public override void Complete(Exception? exception = null)
    {
        lock (this)
        {
            _completed = true;
            _start = _examined = _end;
            ReleaseIfEmpty();
        }
    }

    void IThreadPoolWorkItem.Execute() => _source.SetResult(true);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        _source.GetResult(token);
        lock (this)
        {
            return Answer();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private static int Index(SequencePosition position) => position.GetInteger() & int.MaxValue; // The top bit is the sequence's own mark.

    private bool HasAnswer => _cancelRequested || _examined < _end || _ended || _fault is not null;

    private ReadResult Answer()
    {
        bool canceled = _cancelRequested;
        _cancelRequested = false;
        if (_fault is not null && _examined == _end && !canceled)
        {
            throw ConnectionLost.Wrap(_fault);
        }
        ReadOnlySequence<byte> octets = _buffer is null || _start == _end ? default : new(_buffer, _start, _end - _start);
        return new ReadResult(octets, canceled, _ended);
    }

    /// <summary>Goes on as far as the stream answers at once. Under the gate. True: a read can be answered now.</summary>
    private bool Advance()
    {
        while (_step is Step.None or Step.Ready)
        {
            try
            {
                Memory<byte> into = default;
                if (_step == Step.Ready)
                {
                    MakeRoom();
                    into = _buffer.AsMemory(_end);
                }
                _step = _step == Step.None ? Step.Waiting : Step.Receiving;
                if (!CompletesAtOnce(_stream.ReadAsync(into)))
                {
                    return false;
                }
            }
            catch (Exception e) when (ConnectionLost.Explains(e))
            {
                Lose(e);
                return true;
            }
            FinishOperation();
            if (HasAnswer)
            {
                return true;
            }
        }
        return false;
    }

    private bool CompletesAtOnce(ValueTask<int> operation)
    {
        _operation = operation.ConfigureAwait(false).GetAwaiter();
        if (_operation.IsCompleted)
        {
            return true;
        }
        _operation.UnsafeOnCompleted(_onOperation);
        return false;
    }

    private void FinishOperation()
    {
        Step step = _step;
        _step = Step.None;
        int count;
        try
        {
            count = _operation.GetResult();
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            Lose(e);
            return;
        }
        finally
        {
            _operation = default;
        }
        if (step == Step.Waiting)
        {
            _step = Step.Ready;
            return;
        }
        if (count == 0)
        {
            _ended = true;
        }
        else if (!_completed)
        {
            Transcript?.Client(_buffer.AsSpan(_end, count));
            AdaptSize(count);
            _end += count;
            _octets += count;
        }
        ReleaseIfEmpty();
    }

    private void OnOperation()
    {
        lock (this)
        {
            FinishOperation();
            if (!_readPending || !(HasAnswer || Advance()))
            {
                return;
            }
            _readPending = false;
        }
        _source.SetResult(true); // On a pool thread with nothing held: the session goes on right here.
    }

    private void Lose(Exception cause)
    {
        _step = Step.None;
        _fault = cause;
        ReleaseIfEmpty();
    }

    private void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_nextSize);
            return;
        }
        int unconsumed = _end - _start;
        if (_buffer.Length - _end >= LeastRoom)
        {
            return;
        }
        byte[] old = _buffer;
        if (unconsumed > old.Length / 2)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(checked(old.Length * 2));
        }
        old.AsSpan(_start, unconsumed).CopyTo(_buffer);
        if (old != _buffer)
        {
            ArrayPool<byte>.Shared.Return(old);
        }
        _examined -= _start;
        _end = unconsumed;
        _start = 0;
    }

    /// <summary>Bulk input earns big chunks; commands do not.</summary>
    private void AdaptSize(int received)
    {
        if (received == _buffer!.Length - _end)
        {
            _nextSize = Math.Min(LargestChunk, Math.Max(_nextSize, _buffer.Length) * 2);
        }
        else if (received < _nextSize / 4)
        {
            _nextSize = Math.Max(SmallestBuffer, _nextSize / 2);
        }
    }

    private void ReleaseIfEmpty()
    {
        if (_buffer is null || _start != _end || _step == Step.Receiving)
        {
            return;
        }
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = _examined = _end = 0;
    }

    /// <summary>The rare caller with a token of its own; a session uses <see cref="IConnection.Wake"/>.</summary>
    private async ValueTask<ReadResult> ReadUntilCanceledAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static reader => ((ConnectionReader)reader!).CancelPendingRead(), this);
        ReadResult result = await ReadAsync(CancellationToken.None);
        if (result.IsCanceled && cancellationToken.IsCancellationRequested)
        {
            AdvanceTo(result.Buffer.Start);
            cancellationToken.ThrowIfCancellationRequested();
        }
        return result;
    }
}
