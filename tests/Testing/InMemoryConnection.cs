using System.IO.Pipelines;
using System.Net;
using MailAccess.Wire;

namespace MailAccess.Testing;

/// <summary>
/// A connection without a network: the test is the client. It knows when the session waits for input and everything
/// sent has been looked at, so a test can tell "nothing more will come" without sleeping.
/// </summary>
public sealed class InMemoryConnection : IConnection
{
    private static int _lastId;
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly Action _changed;
    private ITimer? _deadline;
    private bool _waiting;
    private bool _aborted;
    private long _sent;
    private long _consumed;
    private long _sentBeforeLastReply;

    /// <summary>Makes a connection; <paramref name="changed"/> is called whenever the session waits, sends or ends.</summary>
    /// <param name="clock">Deadlines run by it.</param>
    /// <param name="changed">Called on any thread.</param>
    /// <param name="octetsPerRead">The session sees at most so many new octets in a read; 0: all there are.</param>
    public InMemoryConnection(TimeProvider clock, Action changed, int octetsPerRead = 0)
    {
        _clock = clock;
        _changed = changed;
        Input = new ObservedReader(this, octetsPerRead);
        Output = new ObservedWriter(this);
    }

    /// <inheritdoc/>
    public string Id { get; } = $"test-{Interlocked.Increment(ref _lastId)}";

    /// <inheritdoc/>
    public IPEndPoint Remote { get; init; } = new(IPAddress.Parse("192.0.2.7"), 40000);

    /// <inheritdoc/>
    public IPEndPoint Local { get; init; } = new(IPAddress.Parse("198.51.100.1"), 143);

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <inheritdoc/>
    public TlsFacts? Tls { get; set; }

    /// <summary>Whether a certificate is there; STARTTLS may be offered until TLS is active.</summary>
    public bool HasCertificate { get; set; } = true;

    /// <summary>What the next handshake comes to.</summary>
    public bool HandshakeSucceeds { get; set; } = true;

    /// <inheritdoc/>
    public bool CanUpgradeToTls => HasCertificate && Tls is null;

    /// <inheritdoc/>
    public bool DeadlineExpired { get; private set; }

    /// <inheritdoc/>
    public bool StopRequested { get; private set; }

    /// <summary>The session has nothing to do until something new happens.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Octets sent before the session's last reply are plain text that was injected; what came behind it, however soon, is
    /// the client's handshake.</remarks>
    public ValueTask<bool> UpgradeToTlsAsync()
    {
        lock (_gate)
        {
            if (_consumed < _sentBeforeLastReply)
            {
                return new(false);
            }
        }
        if (HandshakeSucceeds)
        {
            Tls = new TlsFacts { Protocol = "TLSv1.3", CipherSuite = "TLS_AES_256_GCM_SHA384" };
        }
        return new(HandshakeSucceeds);
    }

    /// <inheritdoc/>
    public void Wake()
    {
        lock (_gate)
        {
            _waiting = false;
            _toServer.Reader.CancelPendingRead();
        }
    }

    /// <inheritdoc/>
    public void SetDeadline(TimeSpan? after)
    {
        DeadlineExpired = false;
        _deadline ??= _clock.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _deadline.Change(after ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Abort()
    {
        lock (_gate)
        {
            _aborted = true;
            _waiting = false;
            _toServer.Writer.Complete(new IOException("aborted"));
        }
    }

    /// <summary>The first phase of shutdown.</summary>
    public void RequestStop()
    {
        StopRequested = true;
        Wake();
    }

    /// <summary>The client sends these octets at once.</summary>
    public void Send(ReadOnlySpan<byte> octets)
    {
        lock (_gate)
        {
            _waiting = false;
            _sent += octets.Length;
            octets.CopyTo(_toServer.Writer.GetSpan(octets.Length));
            _toServer.Writer.Advance(octets.Length);
            Task flushed = _toServer.Writer.FlushAsync().AsTask();
            System.Diagnostics.Debug.Assert(flushed.IsCompleted, "a pipe without threshold takes everything at once");
        }
    }

    /// <summary>The client closes its side without goodbye.</summary>
    public void CloseClientSide()
    {
        lock (_gate)
        {
            _waiting = false;
            _toServer.Writer.Complete();
        }
    }

    /// <summary>Takes what the server has flushed so far.</summary>
    public byte[] TakeOutput()
    {
        if (!_toClient.Reader.TryRead(out ReadResult read))
        {
            return [];
        }
        byte[] octets = new byte[read.Buffer.Length];
        int at = 0;
        foreach (ReadOnlyMemory<byte> segment in read.Buffer)
        {
            segment.CopyTo(octets.AsMemory(at));
            at += segment.Length;
        }
        _toClient.Reader.AdvanceTo(read.Buffer.End);
        return octets;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _deadline?.Dispose();
        return default;
    }

    private void Expire()
    {
        DeadlineExpired = true;
        Wake();
    }

    private sealed class ObservedReader(InMemoryConnection connection, int octetsPerRead) : PipeReader
    {
        private readonly PipeReader _inner = connection._toServer.Reader;
        private long _seen;
        private ReadResult _last;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<ReadResult> pending;
            bool waits;
            lock (connection._gate)
            {
                if (connection._aborted)
                {
                    throw new IOException("aborted");
                }
                pending = _inner.ReadAsync(cancellationToken);
                waits = connection._waiting = !pending.IsCompleted;
            }
            if (waits)
            {
                connection._changed();
            }
            return Limit(await pending);
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!_inner.TryRead(out result))
            {
                return false;
            }
            result = Limit(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            long taken = _last.Buffer.Slice(0, consumed).Length;
            long looked = _last.Buffer.Slice(0, examined).Length;
            _seen = looked - taken;
            lock (connection._gate)
            {
                connection._consumed += taken;
            }
            bool hidden = looked < _total;
            // What the limit hid has not been examined: the next read must not wait for more.
            _inner.AdvanceTo(consumed, hidden ? consumed : examined);
        }

        public override void CancelPendingRead() => connection.Wake();

        public override void Complete(Exception? exception = null) => _inner.Complete(exception);

        private long _total;

        private ReadResult Limit(ReadResult read)
        {
            _total = read.Buffer.Length;
            if (octetsPerRead > 0 && read.Buffer.Length > _seen + octetsPerRead)
            {
                read = new ReadResult(read.Buffer.Slice(0, _seen + octetsPerRead), read.IsCanceled, isCompleted: false);
            }
            _last = read;
            return read;
        }
    }

    private sealed class ObservedWriter(InMemoryConnection connection) : PipeWriter
    {
        private readonly PipeWriter _inner = connection._toClient.Writer;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => _inner.UnflushedBytes;

        public override void Advance(int bytes) => _inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => _inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => _inner.Complete(exception);

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (connection._aborted)
            {
                throw new IOException("aborted");
            }
            lock (connection._gate)
            {
                connection._sentBeforeLastReply = connection._sent;
            }
            FlushResult result = await _inner.FlushAsync(cancellationToken);
            connection._changed();
            return result;
        }
    }
}
