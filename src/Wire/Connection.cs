using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire;

/// <summary>One accepted socket, plain or under TLS.</summary>
/// <remarks>
/// Invariants. Idle, it holds no buffer, timer or token: what may end its wait is looked at by the host's one heartbeat.
/// The socket is closed exactly once, by <see cref="Abort"/> or <see cref="DisposeAsync"/>, whichever comes first; only
/// <see cref="DisposeAsync"/>, called by the host after the session, frees the rest.
/// </remarks>
internal sealed class Connection : IConnection, IThreadPoolWorkItem
{
    /// <summary>In <see cref="_deadline"/>: it has passed. Never a timestamp, those are not negative.</summary>
    private const long Expired = -1;

    private readonly ConnectionHost _host;
    private readonly Socket _socket;
    private readonly SocketStream _plain;
    private ConnectionReader _input;
    private ConnectionWriter _output;
    private SslStream? _ssl;
    private long _octetsInBefore;
    private long _octetsOutBefore;
    private long _deadline;
    private long _abortAt;
    private int _aborted;
    private volatile bool _closing;
    private bool _disposed;

    public Connection(ConnectionHost host, Listener listener, Socket socket, string id)
    {
        _host = host;
        Listener = listener;
        _socket = socket;
        Id = id;
        Remote = Addresses.Of(socket.RemoteEndPoint);
        Local = Addresses.Of(socket.LocalEndPoint);
        StartedAt = host.Clock.GetTimestamp();
        _plain = new SocketStream(socket);
        _input = new ConnectionReader(_plain);
        _output = new ConnectionWriter(_plain, host.Clock);
    }

    public string Id { get; }

    public IPEndPoint Remote { get; private set; }

    public IPEndPoint Local { get; private set; }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    public TlsFacts? Tls { get; private set; }

    public bool CanUpgradeToTls => Tls is null && Listener.Options.Tls != TlsMode.None;

    public bool DeadlineExpired => Volatile.Read(ref _deadline) == Expired;

    public bool StopRequested => _host.StopRequested;

    public Listener Listener { get; }

    public long StartedAt { get; }

    /// <summary>Octets of content in both directions, before TLS and behind it.</summary>
    public long OctetsIn => _octetsInBefore + _input.Octets;

    public long OctetsOut => _octetsOutBefore + _output.Octets;

    /// <summary>Why we cut the connection ourselves, if we did.</summary>
    public SessionEnd? AbortCause { get; private set; }

    /// <summary>The address whose count this connection is in; null: not yet in any.</summary>
    public IPAddress? CountedAs { get; set; }

    /// <summary>Starts the session. The host does not end before <see cref="ConnectionHost.RunAsync"/> took us out of its list.</summary>
    void IThreadPoolWorkItem.Execute() => _ = _host.RunAsync(this);

    public void Wake()
    {
        ConnectionReader reader;
        do
        {
            reader = Volatile.Read(ref _input);
            reader.CancelPendingRead();
        }
        while (reader != Volatile.Read(ref _input)); // Replaced by TLS in between: the new one must hear it.
    }

    public void SetDeadline(TimeSpan? after) =>
        Volatile.Write(ref _deadline, after is { } time ? _host.Timestamp(time) : 0);

    public void Abort() => Abort(null);

    /// <summary>The first cause given counts.</summary>
    public void Abort(SessionEnd? cause)
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
        {
            AbortCause = cause;
            _socket.Close(0); // Unsent octets are dropped and the peer sees a reset.
        }
    }

    /// <summary>First phase of shutdown. The host's StopRequested is set already.</summary>
    public void RequestStop()
    {
        if (_closing)
        {
            Abort(SessionEnd.Shutdown);
        }
        else
        {
            Wake();
        }
    }

    /// <summary>One look per second at everything that may be due.</summary>
    public void OnHeartbeat(long now, long outputTimeout)
    {
        long deadline = Volatile.Read(ref _deadline);
        if (deadline > 0 && now >= deadline && Interlocked.CompareExchange(ref _deadline, Expired, deadline) == deadline)
        {
            Wake();
        }
        long abortAt = Volatile.Read(ref _abortAt);
        if (abortAt > 0 && now >= abortAt)
        {
            Abort(SessionEnd.IdleTimeout);
        }
        long sendingSince = _output.SendingSince;
        if (sendingSince > 0 && now - sendingSince >= outputTimeout)
        {
            Log.OutputTimeout(_host.Logger, Id);
            Abort(SessionEnd.IdleTimeout);
        }
    }

    public void StartTranscript(ITranscriptSink sink)
    {
        var transcript = new WireTranscript(Id, Listener.Options.Protocol, sink, _host.Clock, _host.Limits.TranscriptLineOctetsMax);
        _input.Transcript = transcript;
        _output.Transcript = transcript;
    }

    /// <summary>Reads the PROXY header, octet for octet no more than it. False: hang up.</summary>
    public async ValueTask<bool> ReadProxyHeaderAsync()
    {
        Volatile.Write(ref _abortAt, _host.Timestamp(_host.Limits.ProxyHeaderTimeout));
        var header = new ProxyHeader(_host.Limits.ProxyHeaderOctetsMax);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256);
        try
        {
            while (true)
            {
                // Looked at first, then taken: what follows the header belongs to TLS or to the session.
                int count = await _socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.Peek);
                ProxyHeaderStatus status = header.Feed(buffer.AsSpan(0, count), out int consumed);
                if (count == 0 || status == ProxyHeaderStatus.Invalid)
                {
                    return false;
                }
                await _socket.ReceiveAsync(buffer.AsMemory(0, consumed));
                if (status == ProxyHeaderStatus.Complete)
                {
                    Remote = header.Source is null ? Remote : Addresses.Of(header.Source);
                    Local = header.Destination is null ? Local : Addresses.Of(header.Destination);
                    return true;
                }
            }
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            Volatile.Write(ref _abortAt, 0);
        }
    }

    public async ValueTask<bool> UpgradeToTlsAsync()
    {
        if (!CanUpgradeToTls)
        {
            throw new InvalidOperationException("This connection has TLS already, or no certificate to offer.");
        }
        if (HasPlaintextWaiting())
        {
            Log.Injection(_host.Logger, Id);
            return false; // RFC 3207 §6, RFC 9051 §6.2.1: what came in plaintext must not count under TLS.
        }
        Volatile.Write(ref _abortAt, _host.Timestamp(_host.Limits.HandshakeTimeout));
        TlsCertificates certificates = Listener.Options.Certificates!;
        var ssl = new SslStream(_plain, leaveInnerStreamOpen: true);
        try
        {
            bool acceptsEcdsa = !certificates.NeedsClientHello || await ClientAcceptsEcdsaAsync();
            ServerCertificate? chosen = null;
            ClientCertificateCheck check = new();
            await ssl.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    chosen = certificates.Select(hello.ServerName, acceptsEcdsa);
                    return new ValueTask<SslServerAuthenticationOptions>(Listener.Options.ClientTrust is { } trust
                        ? chosen.OptionsAsking(trust, _host.Clock.GetUtcNow(), (_, certificate, chain, errors) => check.Look(certificate, chain, errors))
                        : chosen.Options);
                },
                null);
            if (check.Problem is not null)
            {
                Log.ClientCertificateRefused(_host.Logger, Id, check.Problem);
            }
            Tls = new TlsFacts
            {
                Protocol = TlsNames.Protocol(ssl.SslProtocol),
                CipherSuite = ssl.NegotiatedCipherSuite.ToString(),
                ServerName = string.IsNullOrEmpty(ssl.TargetHostName) ? null : ssl.TargetHostName,
                ServerEndPointBinding = chosen!.EndPointBinding,
                ClientCertificate = check.Verified,
            };
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            Log.HandshakeFailed(_host.Logger, Id, (e.InnerException ?? e).Message);
            await ssl.DisposeAsync();
            return false;
        }
        Volatile.Write(ref _abortAt, 0);
        MoveTo(ssl);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        _closing = true;
        Volatile.Write(ref _deadline, 0);
        try
        {
            if (_aborted == 0)
            {
                await CloseAsync();
            }
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            // The peer was quicker.
        }
        Abort(null);
        if (_ssl is not null)
        {
            await _ssl.DisposeAsync();
        }
        await _plain.DisposeAsync();
        _socket.Dispose();
        _input.Complete();
        _output.Complete();
    }

    private bool HasPlaintextWaiting()
    {
        if (_input.HasUnconsumed)
        {
            return true;
        }
        try
        {
            const byte HandshakeRecord = 22;
            // The go-ahead was sent, so a ClientHello may be here already; whatever else is here is not for TLS.
            Span<byte> first = stackalloc byte[1];
            return _socket.Available > 0 && _socket.Receive(first, SocketFlags.Peek) == 1 && first[0] != HandshakeRecord;
        }
        catch (Exception e) when (ConnectionLost.Explains(e))
        {
            return false; // The handshake will find out.
        }
    }

    /// <summary>Reads the ClientHello ahead and puts it back for the platform.</summary>
    private async ValueTask<bool> ClientAcceptsEcdsaAsync()
    {
        byte[] hello = new byte[_host.Limits.ClientHelloOctetsMax];
        int count = 0;
        int needed = 1;
        while (needed > count && needed <= hello.Length)
        {
            int received = await _plain.ReadAsync(hello.AsMemory(count, needed - count));
            if (received == 0)
            {
                break;
            }
            count += received;
            needed = ClientHello.OctetsNeeded(hello.AsSpan(0, count));
        }
        _plain.PutBack(hello.AsMemory(0, count));
        return needed != count || ClientHello.AcceptsEcdsa(hello.AsSpan(0, count));
    }

    private void MoveTo(SslStream ssl)
    {
        ConnectionReader before = _input;
        ConnectionWriter writerBefore = _output;
        _ssl = ssl;
        _octetsInBefore = before.Octets;
        _octetsOutBefore = writerBefore.Octets;
        _output = new ConnectionWriter(ssl, _host.Clock) { Transcript = writerBefore.Transcript };
        Volatile.Write(ref _input, new ConnectionReader(ssl) { Transcript = before.Transcript });
        if (before.TakeCancelRequest())
        {
            _input.CancelPendingRead();
        }
        before.Complete();
        writerBefore.Complete();
    }

    /// <summary>Says goodbye below the protocol: close_notify, our end, then a short wait for the peer's end. A socket closed with
    /// octets unread resets the connection, and a reset destroys the last reply on its way.</summary>
    private async ValueTask CloseAsync()
    {
        Volatile.Write(ref _abortAt, _host.Timestamp(_host.Limits.CloseTimeout));
        if (_ssl is not null)
        {
            await _ssl.ShutdownAsync(); // RFC 8446 §6.1
        }
        _socket.Shutdown(SocketShutdown.Send);
        int left = _host.Limits.CloseOctetsMax;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while (left > 0 && !_input.Ended)
            {
                if (_host.StopRequested && _socket.Available == 0)
                {
                    return;
                }
                int count = await _socket.ReceiveAsync(buffer.AsMemory());
                if (count == 0)
                {
                    return;
                }
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
