using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailAccess.Auth.Tests.Kit;

/// <summary>A request as it came over the wire.</summary>
internal sealed record HttpSeen(string Line, IReadOnlyDictionary<string, string> Fields, string Body);

/// <summary>An HTTP server on a free port of this machine that says what a test tells it to; one request a connection.</summary>
internal sealed class LoopbackHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _accepting;
    private readonly ConcurrentBag<Task> _serving = [];

    public LoopbackHttpServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/token?realm=a");

    public ConcurrentQueue<HttpSeen> Requests { get; } = [];

    /// <summary>Null: it never answers.</summary>
    public Func<HttpSeen, string?> Answer { get; set; } = _ => Ok("{}");

    /// <summary>Completed when a request has come that is not answered.</summary>
    public TaskCompletionSource Silent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static string Ok(string json) => Response("200 OK", json);

    public static string Response(string status, string body, string fields = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{fields}\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Silent.TrySetResult();
        await _accepting;
        await Task.WhenAll(_serving);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (StreamReader reader = new(client.GetStream(), Encoding.Latin1))
            {
                string line = await reader.ReadLineAsync() ?? "";
                Dictionary<string, string> fields = new(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync() is { Length: > 0 } field)
                {
                    int colon = field.IndexOf(':', StringComparison.Ordinal);
                    fields[field[..colon]] = field[(colon + 1)..].Trim();
                }
                char[] body = new char[int.Parse(fields.GetValueOrDefault("Content-Length", "0"), null)];
                await reader.ReadBlockAsync(body);
                HttpSeen seen = new(line, fields, new string(body));
                Requests.Enqueue(seen);
                if (Answer(seen) is { } answer)
                {
                    await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer));
                }
                else
                {
                    Silent.TrySetResult();
                    await reader.ReadLineAsync(); // Until the other side gives up.
                }
            }
        }
        catch (IOException)
        {
            // Given up.
        }
    }
}
