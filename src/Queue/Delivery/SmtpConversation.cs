using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>The client's end of one connection: lines out, replies in, each within its time. RFC 5321 §4.5.3.2.</summary>
/// <remarks>Everything that ends the conversation is a <see cref="SmtpFailureException"/>; only the caller's own cancellation passes as such.</remarks>
internal sealed class SmtpConversation : IAsyncDisposable
{
    private const int InputOctets = 4096;
    private const string Unasked = "a reply that nobody asked for";

    private readonly Socket _socket;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _abort;
    private readonly string _peer;
    private readonly byte[] _input = new byte[InputOctets];
    private Stream _stream = Stream.Null;
    private SmtpReplyParser _parser = new();
    private int _start;
    private int _end;

    private SmtpConversation(Socket socket, CancellationTokenSource deadline, CancellationTokenSource either, string peer, CancellationToken abort)
    {
        _socket = socket;
        _deadline = deadline;
        _either = either;
        _peer = peer;
        _abort = abort;
    }

    public bool IsEncrypted => Encryption is not null;

    /// <summary>For the log; null: plain.</summary>
    public SslStream? Encryption => _stream as SslStream;

    /// <summary>Our end, for loop checks and logs.</summary>
    public EndPoint? Local => _socket.LocalEndPoint;

    /// <summary>The other one.</summary>
    public EndPoint? Remote => _socket.RemoteEndPoint;

    /// <summary>To an address or a Unix socket.</summary>
    /// <param name="address">Where.</param>
    /// <param name="peer">Its name in failures.</param>
    /// <param name="timeout">For the connection.</param>
    /// <param name="clock">Time.</param>
    /// <param name="abort">Ends the conversation whenever it comes.</param>
    /// <param name="giveUp">Ends the attempt only: another one was faster.</param>
    public static async Task<SmtpConversation> ConnectAsync(
        EndPoint address, string peer, TimeSpan timeout, TimeProvider clock, CancellationToken abort, CancellationToken giveUp = default)
    {
        Socket socket = address is UnixDomainSocketEndPoint
            ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        CancellationTokenSource deadline = new(Timeout.InfiniteTimeSpan, clock);
        CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, abort);
        SmtpConversation conversation = new(socket, deadline, either, peer, abort);
        return await conversation.ConnectAsync(address, timeout, giveUp);
    }

    /// <summary>Whether octets have come that nobody asked for.</summary>
    public bool HasBufferedInput => _start < _end;

    /// <summary>Something of the other side's has come, though perhaps not a whole reply.</summary>
    public bool HasInput => HasBufferedInput || _socket.Available > 0;

    /// <summary>
    /// Before a command whose answer cannot be told from one to another: fails where something has come that nobody asked for. Under TLS only what was read already is
    /// seen, since what has come may be no reply at all.
    /// </summary>
    public void ExpectSilence(string stage)
    {
        if (HasBufferedInput || (!IsEncrypted && _socket.Available > 0))
        {
            throw Failure(Unasked, stage, null);
        }
    }

    /// <summary>One command line; must hold no CR or LF of its own.</summary>
    public Task WriteLineAsync(string line, string stage, TimeSpan timeout) => WriteLinesAsync([line], stage, timeout);

    /// <summary>Several command lines in one write (RFC 2920).</summary>
    public Task WriteLinesAsync(IReadOnlyList<string> lines, string stage, TimeSpan timeout)
    {
        if (lines.Any(l => l.AsSpan().ContainsAny('\r', '\n', '\0')))
        {
            throw new ArgumentException("a command line with a line end inside"); // Ours to prevent: no octet of an address can do this.
        }
        return WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n"), stage, timeout);
    }

    /// <summary>Octets as they are.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> octets, string stage, TimeSpan timeout)
    {
        if (HasBufferedInput)
        {
            // A reply ahead of its command would be taken for the answer to the wrong one: to the final dot, a lost message.
            throw Failure(Unasked, stage, null);
        }
        return WithinAsync(timeout, stage, async token => await _stream.WriteAsync(octets, token));
    }

    /// <summary>The next reply.</summary>
    public async Task<SmtpReply> ReadReplyAsync(string stage, TimeSpan timeout)
    {
        SmtpReply? reply = null;
        await WithinAsync(timeout, stage, async token => reply = await ReadAsync(stage, token));
        return reply!;
    }

    public async Task<SmtpReply> AskAsync(string line, string stage, TimeSpan timeout)
    {
        await WriteLineAsync(line, stage, timeout);
        return await ReadReplyAsync(stage, timeout);
    }

    /// <summary>The handshake; everything read before is forgotten (RFC 3207 §4.2).</summary>
    public async Task EncryptAsync(SslClientAuthenticationOptions options, TimeSpan timeout)
    {
        if (HasBufferedInput)
        {
            throw Failure("octets before it", SmtpStages.Handshake, null); // RFC 3207 §6: a response injection.
        }
        SslStream encrypted = new(_stream, leaveInnerStreamOpen: false);
        _stream = encrypted;
        _parser = new SmtpReplyParser();
        try
        {
            await WithinAsync(timeout, SmtpStages.Handshake, token => encrypted.AuthenticateAsClientAsync(options, token));
        }
        catch (AuthenticationException e)
        {
            throw new SmtpFailureException(new SmtpReply(454, new(4, 7, 5), $"TLS handshake with {_peer} failed"), e) { Stage = SmtpStages.Handshake };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
        _either.Dispose();
        _deadline.Dispose();
    }

    private async Task<SmtpConversation> ConnectAsync(EndPoint address, TimeSpan timeout, CancellationToken giveUp)
    {
        bool connected = false;
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(_either.Token, giveUp);
        try
        {
            await WithinAsync(timeout, SmtpStages.Connecting, async _ => await _socket.ConnectAsync(address, any.Token));
            _stream = new NetworkStream(_socket, ownsSocket: true);
            connected = true;
            return this;
        }
        finally
        {
            if (!connected)
            {
                await DisposeAsync();
            }
        }
    }

    private async Task<SmtpReply> ReadAsync(string stage, CancellationToken token)
    {
        while (true)
        {
            SmtpReplyProgress progress = _parser.Feed(_input.AsSpan(_start, _end - _start), out int consumed);
            _start += consumed;
            switch (progress)
            {
                case SmtpReplyProgress.Complete:
                    return _parser.Reply!;
                case SmtpReplyProgress.Malformed:
                    throw Failure("it does not speak SMTP", stage, null);
                case SmtpReplyProgress.TooLong:
                    throw Failure("its reply does not end", stage, null);
            }
            _start = 0;
            _end = await _stream.ReadAsync(_input, token);
            if (_end == 0)
            {
                throw Failure("it closed the connection", stage, null, isClosed: true);
            }
        }
    }

    private async Task WithinAsync(TimeSpan timeout, string stage, Func<CancellationToken, Task> work)
    {
        _deadline.CancelAfter(timeout);
        try
        {
            await work(_either.Token);
        }
        catch (OperationCanceledException e) when (!_abort.IsCancellationRequested)
        {
            throw Failure("timed out", stage, e);
        }
        catch (Exception e) when (e is (IOException and not SmtpFailureException) or SocketException or ObjectDisposedException)
        {
            throw Failure(e.GetBaseException() is SocketException socket ? Describe(socket.SocketErrorCode) : "connection lost", stage, e, isClosed: true);
        }
        finally
        {
            _deadline.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "unreachable",
        SocketError.TimedOut => "timed out",
        _ => "connection lost",
    };

    private SmtpFailureException Failure(string what, string stage, Exception? inner, bool isClosed = false) =>
        new(new SmtpReply(451, new(4, 4, 2), $"conversation with {_peer} ended while {stage}: {what}"), inner) { Stage = stage, IsClosed = isClosed };
}
