using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailAccess.Tables.Socketmap;

/// <summary>
/// A table behind a socket: socketmap_table(5) of Postfix, socket maps of Sendmail (cf/README). Netstrings: <c>NAME KEY</c> is asked, <c>OK value</c>,
/// <c>NOTFOUND</c>, <c>TEMP</c>, <c>TIMEOUT</c> or <c>PERM</c> is answered.
/// </summary>
/// <param name="name">As configured.</param>
/// <param name="endpoint">Where it listens.</param>
/// <param name="map">Its name there.</param>
/// <param name="context">Limits and clock.</param>
internal sealed class SocketmapTable(string name, EndPoint endpoint, string map, TableContext context) : ILookUpTable, IAsyncDisposable
{
    private const int LengthDigitsMax = 10;

    private readonly ConcurrentStack<(Socket Socket, long Since)> _idle = new();
    private volatile bool _disposed;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool TakesWholeKeysOnly => true;

    /// <summary><c>unix:/path:name</c>, <c>inet:host:port:name</c>.</summary>
    public static SocketmapTable? Parse(string name, string argument, TableContext context, out string? error)
    {
        string[] parts = argument.Split(':');
        bool isUnix = parts.Length == 3 && parts[0] is "unix" or "local" && parts[1].StartsWith('/');
        ushort port = 0;
        // An IPv6 address stands in brackets and has colons of its own.
        bool isInet = parts.Length >= 4 && parts[0] == "inet" && ushort.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port > 0;
        string host = isInet ? string.Join(':', parts[1..^2]) : "";
        string plain = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        if (parts[^1].Length == 0 || !(isUnix || (isInet && plain.Length > 0)))
        {
            error = $"{name}: allowed are socketmap:unix:/path:name and socketmap:inet:host:port:name";
            return null;
        }
        error = null;
        EndPoint endpoint = isUnix ? new UnixDomainSocketEndPoint(parts[1]) : IPAddress.TryParse(plain, out IPAddress? address) ? new IPEndPoint(address, port) : new DnsEndPoint(plain, port);
        return new SocketmapTable(name, endpoint, parts[^1], context);
    }

    /// <inheritdoc/>
    public async ValueTask<TableAnswer> FindAsync(string key, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(context.Limits.SocketmapTimeout, context.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        byte[] question = Frame($"{map} {key}");
        try
        {
            while (TakeIdle() is { } kept)
            {
                try
                {
                    return Read(await AskAsync(kept, question, either.Token));
                }
                catch (Exception ended) when (ended is SocketException or (IOException and not InvalidAnswerException))
                {
                    // It was closed while it waited: the question is asked again on another one.
                }
            }
            Socket socket = endpoint is UnixDomainSocketEndPoint ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endpoint, either.Token);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
            return Read(await AskAsync(socket, question, either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"no answer in {context.Limits.SocketmapTimeout.TotalSeconds:0} s");
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            return Failed(fault.Message);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        while (_idle.TryPop(out (Socket Socket, long Since) kept))
        {
            kept.Socket.Dispose();
        }
        return default;
    }

    private TableAnswer Failed(string problem) => new(LookUpOutcome.Failed, Error: $"{name}: {problem}");

    private TableAnswer Read(string answer)
    {
        int space = answer.IndexOf(' ', StringComparison.Ordinal);
        string word = space < 0 ? answer : answer[..space];
        string text = space < 0 ? "" : answer[(space + 1)..];
        return word switch
        {
            "OK" => new TableAnswer(LookUpOutcome.Found, text, new TablePlace(name, 0)),
            "NOTFOUND" => TableAnswer.NotFound,
            "TEMP" or "TIMEOUT" or "PERM" => Failed(text.Length > 0 ? $"{word} {text}" : word),
            _ => Failed("the answer is none of OK, NOTFOUND, TEMP, TIMEOUT and PERM"),
        };
    }

    private static byte[] Frame(string text)
    {
        byte[] octets = Encoding.UTF8.GetBytes(text);
        return [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{octets.Length}:")), .. octets, (byte)','];
    }

    private Socket? TakeIdle()
    {
        while (_idle.TryPop(out (Socket Socket, long Since) kept))
        {
            if (context.Clock.GetElapsedTime(kept.Since) < context.Limits.SocketmapIdleTime)
            {
                return kept.Socket;
            }
            kept.Socket.Dispose();
        }
        return null;
    }

    /// <summary>The socket is kept for the next question where the answer came whole, and closed otherwise.</summary>
    private async Task<string> AskAsync(Socket socket, byte[] question, CancellationToken cancellationToken)
    {
        bool isWhole = false;
        try
        {
            for (int sent = 0; sent < question.Length;)
            {
                sent += await socket.SendAsync(question.AsMemory(sent), SocketFlags.None, cancellationToken);
            }
            string answer = await ReceiveAsync(socket, cancellationToken);
            isWhole = true;
            return answer;
        }
        finally
        {
            if (isWhole && !_disposed && _idle.Count < context.Limits.SocketmapIdleMax)
            {
                _idle.Push((socket, context.Clock.GetTimestamp()));
            }
            else
            {
                socket.Dispose();
            }
        }
    }

    private async Task<string> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1024];
        int filled = 0;
        int total = -1;
        int start = 0;
        while (total < 0 || filled < total)
        {
            int received = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, cancellationToken);
            if (received == 0)
            {
                throw new IOException("the connection ended before the answer");
            }
            filled += received;
            if (total < 0)
            {
                int colon = buffer.AsSpan(0, filled).IndexOf((byte)':');
                if (colon < 0 && filled <= LengthDigitsMax)
                {
                    continue;
                }
                if (colon < 0 || !int.TryParse(buffer.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                    || length > context.Limits.SocketmapAnswerOctetsMax)
                {
                    throw new InvalidAnswerException("the answer is no netstring, or is too long");
                }
                start = colon + 1;
                total = start + length + 1;
                Array.Resize(ref buffer, Math.Max(buffer.Length, total));
            }
        }
        return filled == total && buffer[total - 1] == ','
            ? Encoding.UTF8.GetString(buffer, start, total - start - 1) : throw new InvalidAnswerException("the answer is no netstring");
    }

    /// <summary>What the other side says is no answer: asking again on another connection helps nothing.</summary>
    private sealed class InvalidAnswerException(string message) : IOException(message);
}
