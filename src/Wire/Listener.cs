using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire;

/// <summary>One listening socket and its accept loop.</summary>
internal sealed class Listener(ConnectionHost host, ListenerOptions options, Func<IConnection, Task<SessionEnd>> session)
{
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;

    public ListenerOptions Options => options;

    public Func<IConnection, Task<SessionEnd>> Session => session;

    /// <summary>Where it really listens: with the port that the system chose.</summary>
    public EndPoint EndPoint => _socket?.LocalEndPoint ?? throw new InvalidOperationException($"Listener {options.Name} is not started.");

    /// <summary>Null where all is well, else what is wrong, with the listener's name.</summary>
    public string? Bind()
    {
        if (options.Tls != TlsMode.None && options.Certificates is null)
        {
            return $"listener {options.Name}: TLS needs a certificate";
        }
        Socket? socket = null;
        try
        {
            socket = options.EndPoint is UnixDomainSocketEndPoint path ? BindPath(path) : BindPort((IPEndPoint)options.EndPoint);
            socket.Listen(host.Limits.Backlog);
            _socket = socket;
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket?.Dispose();
            return $"listener {options.Name}: cannot listen at {options.EndPoint}: {e.Message}";
        }
    }

    /// <summary>Takes a successful <see cref="Bind"/> back.</summary>
    public void Unbind()
    {
        _socket?.Dispose();
        _socket = null;
    }

    public void Start()
    {
        Log.Listening(host.Logger, options.Name, EndPoint);
        _accepting = AcceptAsync(_socket!);
    }

    public async Task StopAsync()
    {
        if (_socket is null)
        {
            return;
        }
        _socket.Dispose();
        await _accepting;
        if (options.EndPoint is UnixDomainSocketEndPoint path)
        {
            File.Delete(path.ToString());
        }
    }

    private static Socket BindPort(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (endPoint.Address.Equals(IPAddress.IPv6Any))
        {
            socket.DualMode = true;
        }
        socket.Bind(endPoint); // The framework sets SO_REUSEADDR for this: a restart does not wait for TIME_WAIT.
        return socket;
    }

    private Socket BindPath(UnixDomainSocketEndPoint endPoint)
    {
        string path = endPoint.ToString();
        if (File.Exists(path))
        {
            RemoveStale(endPoint, path);
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(endPoint);
        File.SetUnixFileMode(path, options.SocketMode);
        return socket;
    }

    /// <summary>A socket left behind by a process that died is taken away; one that answers is somebody's.</summary>
    private static void RemoveStale(UnixDomainSocketEndPoint endPoint, string path)
    {
        if ((File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) != 0 || new FileInfo(path).Length > 0)
        {
            throw new IOException("a file that is no socket is in the way");
        }
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new IOException("another process listens there");
    }

    private async Task AcceptAsync(Socket listening)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listening.AcceptAsync();
            }
            catch (Exception e) when (host.StopRequested && ConnectionLost.Explains(e))
            {
                return;
            }
            catch (SocketException e)
            {
                await PauseAfterAsync(e);
                continue;
            }
            try
            {
                Admit(socket);
            }
            catch (Exception e) when (ConnectionLost.Explains(e))
            {
                socket.Dispose(); // Gone before we looked at it.
            }
        }
    }

    /// <summary>Out of descriptors or memory: others will end and give some back; the loop must live until then.</summary>
    private async Task PauseAfterAsync(SocketException error)
    {
        // The peer left between the kernel's accept and ours: the next one is waiting.
        if (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Interrupted)
        {
            return;
        }
        Log.AcceptFailed(host.Logger, options.Name, error.Message);
        try
        {
            await Task.Delay(host.Limits.AcceptRetryDelay, host.Clock, host.Stopping);
        }
        catch (OperationCanceledException)
        {
            // The next accept says so.
        }
    }

    private void Admit(Socket socket)
    {
        if (options.EndPoint is IPEndPoint)
        {
            socket.NoDelay = true; // Replies leave when they are flushed.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)host.Limits.KeepAliveTime.TotalSeconds);
        }
        host.Admit(this, socket);
    }
}
