using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire.Tests;

/// <summary>A host with one listener on a free port of this machine, and a clock that the test moves.</summary>
internal sealed class Loopback : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly List<Socket> _clients = [];

    public Loopback(
        Func<IConnection, Task<SessionEnd>> session, WireLimits? limits = null, Func<ListenerOptions, ListenerOptions>? configure = null,
        TranscriptOptions? transcripts = null)
    {
        var options = new ListenerOptions
        {
            Name = "test",
            Protocol = WireProtocol.Imap,
            EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            RefusalLine = "* BYE too many\r\n"u8.ToArray(),
        };
        Options = configure?.Invoke(options) ?? options;
        Host = new ConnectionHost(limits ?? new WireLimits(), Clock, Logger, transcripts);
        Host.Add(Options, async connection =>
        {
            try
            {
                SessionEnd end = await session(connection);
                Ends.Add(end);
                return end;
            }
            catch (Exception e)
            {
                Failures.Add(e);
                throw;
            }
        });
        Assert.True(Host.TryStart(out IReadOnlyList<string> errors), string.Join('\n', errors));
    }

    public ManualTimeProvider Clock { get; } = new();

    public ConnectionHost Host { get; }

    public ListenerOptions Options { get; }

    public ListLogger Logger { get; } = new();

    public ConcurrentBag<SessionEnd> Ends { get; } = [];

    public ConcurrentBag<Exception> Failures { get; } = [];

    public async Task<Socket> ConnectAsync()
    {
        EndPoint endPoint = Host.EndPointOf("test");
        var socket = new Socket(
            endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        _clients.Add(socket);
        await socket.ConnectAsync(endPoint);
        return socket;
    }

    public async Task<NetworkStream> OpenAsync() => new(await ConnectAsync(), ownsSocket: true);

    public async Task<SslStream> OpenTlsAsync(string name = "mail.example.test", SslProtocols protocols = SslProtocols.None) =>
        await StartTlsAsync(await OpenAsync(), name, protocols);

    public static async Task<SslStream> StartTlsAsync(
        Stream plain, string name = "mail.example.test", SslProtocols protocols = SslProtocols.None)
    {
        var ssl = new SslStream(plain);
        await ssl.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            EnabledSslProtocols = protocols,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }).Soon();
        return ssl;
    }

    /// <summary>Moves the clock second by second until it has happened.</summary>
    public async Task AdvanceUntilAsync(Task happened)
    {
        Task late = Task.Delay(Patience, TimeProvider.System);
        while (!happened.IsCompleted)
        {
            Assert.False(late.IsCompleted, "it did not happen");
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await happened;
    }

    /// <summary>Until the host has no connection left and every line is logged.</summary>
    public async Task DrainedAsync()
    {
        Task late = Task.Delay(Patience, TimeProvider.System);
        while (Host.ConnectionCount > 0)
        {
            Assert.False(late.IsCompleted, "connections are left");
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Socket client in _clients)
        {
            client.Dispose();
        }
        await Host.DisposeAsync().AsTask().Soon();
    }
}

/// <summary>Waits that end: a test that hangs is a test that failed.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Patience);

    public static Task Soon(this Task task) => task.WaitAsync(Patience);

    public static async Task SayAsync(this Stream stream, string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().Soon();

    public static async Task<string> HearAsync(this Stream stream, int octets)
    {
        byte[] buffer = new byte[octets];
        await stream.ReadExactlyAsync(buffer).AsTask().Soon();
        return Encoding.Latin1.GetString(buffer);
    }

    /// <summary>Everything up to the end; a reset counts as an end.</summary>
    public static async Task<string> HearAllAsync(this Stream stream)
    {
        var heard = new MemoryStream();
        try
        {
            await stream.CopyToAsync(heard).Soon();
        }
        catch (IOException)
        {
            heard.Write("<reset>"u8);
        }
        return Encoding.Latin1.GetString(heard.ToArray());
    }
}

/// <summary>Keeps log lines.</summary>
internal sealed class ListLogger : ILogger<ConnectionHost>
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception)));
}
