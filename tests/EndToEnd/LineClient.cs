using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>A raw client for what real clients never do: lines and octets as the test wants them.</summary>
internal sealed class LineClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TcpClient _client;
    private readonly byte[] _buffer = new byte[64 << 10];
    private Stream _stream;
    private int _start;
    private int _end;

    private LineClient(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <param name="port">On 127.0.0.1.</param>
    /// <param name="tls">TLS from the start.</param>
    /// <param name="from">The client's own address, of 127.0.0.0/8.</param>
    public static async Task<LineClient> ConnectAsync(int port, bool tls = false, string from = "127.0.0.1")
    {
        TcpClient client = new(new IPEndPoint(IPAddress.Parse(from), 0)) { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        LineClient line = new(client);
        if (tls)
        {
            await line.StartTlsAsync();
        }
        return line;
    }

    public async Task StartTlsAsync()
    {
#pragma warning disable CA5359 // The certificate is not what these tests look at.
        SslStream secure = new(_stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await secure.AuthenticateAsClientAsync("localhost").WaitAsync(Patience);
        _stream = secure;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        await _stream.WriteAsync(octets).AsTask().WaitAsync(Patience);
        await _stream.FlushAsync();
    }

    /// <summary>The next line without its end; null where the server has closed.</summary>
    public async Task<string?> ReadLineAsync()
    {
        StringBuilder line = new();
        while (true)
        {
            int feed = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            if (feed >= 0)
            {
                line.Append(Encoding.UTF8.GetString(_buffer, _start, feed - _start));
                _start = feed + 1;
                return line.ToString().TrimEnd('\r');
            }
            line.Append(Encoding.UTF8.GetString(_buffer, _start, _end - _start));
            _start = 0;
            try
            {
                _end = await _stream.ReadAsync(_buffer).AsTask().WaitAsync(Patience);
            }
            catch (IOException)
            {
                _end = 0;
            }
            if (_end == 0)
            {
                return line.Length > 0 ? line.ToString() : null;
            }
        }
    }

    /// <summary>Reads lines until one begins like this; fails where the server closes first.</summary>
    public async Task<string> ExpectAsync(string start)
    {
        StringBuilder seen = new();
        while (await ReadLineAsync() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
            seen.AppendLine(line);
        }
        Assert.Fail($"the server closed without a line that begins with {start}:\n{seen}");
        return "";
    }

    /// <summary>Sends a line and waits for a line that begins like this.</summary>
    public async Task<string> CommandAsync(string line, string expected)
    {
        await SendAsync(line + "\r\n");
        return await ExpectAsync(expected);
    }

    /// <summary>Reads to the end of the connection: everything the server still says.</summary>
    public async Task<string> ReadToEndAsync()
    {
        StringBuilder all = new();
        while (await ReadLineAsync() is { } line)
        {
            all.AppendLine(line);
        }
        return all.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }
}
