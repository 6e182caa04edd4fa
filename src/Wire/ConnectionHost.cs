using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Wire;

/// <summary>
/// Owns listeners, connections and their sessions from accept to the last log line. One heartbeat serves them all.
/// </summary>
/// <remarks>
/// Use: <see cref="Add"/> each listener, <see cref="TryStart"/>, and <see cref="StopAsync"/> at the end. A session returns how
/// it ended; an <see cref="IOException"/> that leaves it is a client gone; any other exception is a bug of ours, logged as such.
/// </remarks>
public sealed class ConnectionHost : IAsyncDisposable
{
    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(1);

    private readonly List<Listener> _listeners = [];
    private readonly ConnectionRegistry _registry;
    private readonly TranscriptOptions? _transcripts;
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _idPrefix;
    private readonly Lock _stopGate = new();
    private ITimer? _heartbeat;
    private Task? _stopped;
    private long _lastId;
    private volatile bool _stopRequested;

    /// <summary>Nothing listens before <see cref="TryStart"/>.</summary>
    public ConnectionHost(WireLimits limits, TimeProvider clock, ILogger<ConnectionHost>? logger = null, TranscriptOptions? transcripts = null)
    {
        Limits = limits;
        Clock = clock;
        Logger = logger ?? (ILogger)NullLogger.Instance;
        _transcripts = transcripts;
        _registry = new ConnectionRegistry(limits);
        _idPrefix = ConnectionIds.Prefix(clock.GetUtcNow());
    }

    /// <summary>Connections now alive.</summary>
    public int ConnectionCount => _registry.Count;

    internal WireLimits Limits { get; }

    internal TimeProvider Clock { get; }

    internal ILogger Logger { get; }

    internal bool StopRequested => _stopRequested;

    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Adds a listener; the session is run once for each connection, on a pool thread.</summary>
    public void Add(ListenerOptions options, Func<IConnection, Task<SessionEnd>> session)
    {
        if (_heartbeat is not null || _listeners.Any(l => l.Options.Name == options.Name))
        {
            throw new InvalidOperationException($"Listener {options.Name} comes too late or twice.");
        }
        _listeners.Add(new Listener(this, options, session));
    }

    /// <summary>Binds all listeners, then accepts. With any error nothing listens, and each error names its listener.</summary>
    public bool TryStart(out IReadOnlyList<string> errors)
    {
        errors = [.. _listeners.Select(l => l.Bind()).OfType<string>()];
        if (errors.Count > 0)
        {
            _listeners.ForEach(l => l.Unbind());
            return false;
        }
        _heartbeat = Clock.CreateTimer(_ => OnHeartbeat(), null, HeartbeatPeriod, HeartbeatPeriod);
        _listeners.ForEach(l => l.Start());
        return true;
    }

    /// <summary>Where this listener really listens: with the port that the system chose.</summary>
    public EndPoint EndPointOf(string listener) => _listeners.Single(l => l.Options.Name == listener).EndPoint;

    /// <summary>Starts the transcript of a living connection, as when its account is known. False: it is gone, or no sink is set.</summary>
    public bool StartTranscript(string connectionId)
    {
        Connection? connection = _transcripts is null ? null : _registry.ToArray().FirstOrDefault(c => c.Id == connectionId);
        connection?.StartTranscript(_transcripts!.Sink);
        return connection is not null;
    }

    /// <summary>
    /// Stops accepting, asks all sessions to end, waits for the grace period, then cuts what is left. Returns when all
    /// sessions have ended.
    /// </summary>
    public Task StopAsync(TimeSpan grace)
    {
        lock (_stopGate)
        {
            return _stopped ??= StopOnceAsync(grace);
        }
    }

    /// <summary>Stops without grace, if <see cref="StopAsync"/> was not called before.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        _stopping.Dispose();
    }

    /// <summary>A clock timestamp some time from now; never 0 or less.</summary>
    internal long Timestamp(TimeSpan fromNow) => Math.Max(1, Clock.GetTimestamp() + Ticks(fromNow));

    /// <summary>Takes an accepted socket in, or refuses it.</summary>
    internal void Admit(Listener listener, Socket socket)
    {
        IPEndPoint remote = Addresses.Of(socket.RemoteEndPoint);
        bool proxied = listener.Options.ProxyNetworks.Count > 0;
        if (_stopRequested || !_registry.HasRoom)
        {
            Refuse(listener, socket, remote.Address, "too many connections");
            return;
        }
        if (proxied && !listener.Options.ProxyNetworks.Any(n => n.Contains(remote.Address)))
        {
            Refuse(listener, socket, remote.Address, "not a trusted proxy", silent: true);
            return;
        }
        string id = ConnectionIds.Make(_idPrefix, Interlocked.Increment(ref _lastId));
        var connection = new Connection(this, listener, socket, id); // May find the peer gone: nothing is counted yet.
        if (!proxied)
        {
            if (!_registry.TryCount(remote.Address))
            {
                Refuse(listener, socket, remote.Address, "too many connections of this address");
                return;
            }
            connection.CountedAs = remote.Address;
        }
        _registry.Add(connection);
        ThreadPool.UnsafeQueueUserWorkItem(connection, preferLocal: false);
    }

    /// <summary>The life of one connection. Never throws: nobody is above it.</summary>
    internal async Task RunAsync(Connection connection)
    {
        SessionEnd end = SessionEnd.Fault;
        try
        {
            await using (connection)
            {
                end = await ConverseAsync(connection);
            }
        }
        catch (IOException e)
        {
            Log.Lost(Logger, connection.Id, e.Message);
            end = connection.AbortCause ?? SessionEnd.ClientGone;
        }
#pragma warning disable CA1031 // The session boundary: a bug in one session must not end the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.SessionFault(Logger, e, connection.Id, connection.Listener.Options.Name);
        }
        finally
        {
            if (connection.CountedAs is not null)
            {
                _registry.Uncount(connection.CountedAs);
            }
            double seconds = Clock.GetElapsedTime(connection.StartedAt).TotalSeconds;
            Log.Ended(Logger, connection.Id, connection.Listener.Options.Name, connection.Remote, end, seconds,
                connection.OctetsIn, connection.OctetsOut, connection.Tls?.Protocol ?? "no");
            _registry.Remove(connection);
        }
    }

    private async Task<SessionEnd> ConverseAsync(Connection connection)
    {
        ListenerOptions options = connection.Listener.Options;
        if (options.ProxyNetworks.Count > 0 && !await AcceptProxiedAsync(connection))
        {
            return SessionEnd.ProtocolViolation;
        }
        Log.Accepted(Logger, connection.Id, options.Name, connection.Remote);
        if (_transcripts?.Wanted(connection.Remote.Address) == true)
        {
            connection.StartTranscript(_transcripts.Sink);
        }
        if (options.Tls == TlsMode.Implicit && !await connection.UpgradeToTlsAsync())
        {
            return SessionEnd.TlsFailed;
        }
        return await connection.Listener.Session(connection);
    }

    private async ValueTask<bool> AcceptProxiedAsync(Connection connection)
    {
        ListenerOptions options = connection.Listener.Options;
        IPAddress proxy = connection.Remote.Address;
        if (!await connection.ReadProxyHeaderAsync())
        {
            Log.ProxyHeaderInvalid(Logger, connection.Id, options.Name, proxy);
            return false;
        }
        if (_registry.TryCount(connection.Remote.Address))
        {
            connection.CountedAs = connection.Remote.Address;
            return true;
        }
        Log.Refused(Logger, options.Name, connection.Remote.Address, "too many connections of this address");
        if (options.Tls != TlsMode.Implicit)
        {
            await connection.Output.WriteAsync(options.RefusalLine);
        }
        return false;
    }

    private void Refuse(Listener listener, Socket socket, IPAddress address, string limit, bool silent = false)
    {
        Log.Refused(Logger, listener.Options.Name, address, limit);
        using (socket)
        {
            if (!silent && listener.Options.Tls != TlsMode.Implicit && !listener.Options.RefusalLine.IsEmpty)
            {
                socket.Send(listener.Options.RefusalLine.Span); // A fresh socket's buffer has room: this does not wait.
                socket.Shutdown(SocketShutdown.Send);
            }
        }
    }

    private void OnHeartbeat()
    {
        long now = Clock.GetTimestamp();
        long outputTimeout = Ticks(Limits.OutputTimeout);
        _registry.ForEach(connection => connection.OnHeartbeat(now, outputTimeout));
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Clock.TimestampFrequency);

    private async Task StopOnceAsync(TimeSpan grace)
    {
        _stopRequested = true;
        await _stopping.CancelAsync();
        foreach (Listener listener in _listeners)
        {
            await listener.StopAsync();
        }
        Log.Stopping(Logger, _registry.Count, grace.TotalSeconds);
        foreach (Connection connection in _registry.ToArray())
        {
            connection.RequestStop();
        }
        if (!await AreAllGoneAsync(grace))
        {
            Log.Aborting(Logger, _registry.Count);
            foreach (Connection connection in _registry.ToArray())
            {
                connection.Abort(SessionEnd.Shutdown);
            }
            if (!await AreAllGoneAsync(Limits.AbortTimeout))
            {
                Log.SessionsStuck(Logger, _registry.Count);
            }
        }
        _heartbeat?.Dispose();
    }

    private async Task<bool> AreAllGoneAsync(TimeSpan within)
    {
        try
        {
            await _registry.WhenEmpty().WaitAsync(within, Clock);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

/// <summary>Short names for connections, told apart even between two runs of the server: <c>k3f9-1</c>.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Four digits of the start's second: they come again after nineteen days.</summary>
    public static string Prefix(DateTimeOffset start)
    {
        long seconds = start.ToUnixTimeSeconds();
        return string.Create(4, seconds, static (text, value) =>
        {
            for (int i = text.Length - 1; i >= 0; i--, value /= Digits.Length)
            {
                text[i] = Digits[(int)(value % Digits.Length)];
            }
        });
    }

    public static string Make(string prefix, long number) => string.Create(null, $"{prefix}-{number}");
}
