using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace MailAccess.Testing;

/// <summary>What a peer was told, by verb: <c>CONNECT</c> for the greeting, <c>.</c> for the end of data; a chunk when it has come whole.</summary>
public sealed record PeerCommand(string Verb, string Line, int Connection);

/// <summary>What a peer does in answer. Text may hold anything; its lines get CRLF.</summary>
public sealed record PeerAnswer(string? Text, bool Drops = false)
{
    /// <summary>Cuts the connection without a word.</summary>
    public static readonly PeerAnswer Drop = new(null, Drops: true);

    /// <summary>Says nothing, and goes on reading.</summary>
    public static readonly PeerAnswer Silence = new((string?)null);

    /// <summary>A reply; null stays null.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static implicit operator PeerAnswer?(string? text) => text is null ? null : new PeerAnswer(text);
}

/// <summary>A message that the peer said 2yz to.</summary>
public sealed record PeerMessage(string Mail, IReadOnlyList<string> Recipients, byte[] Octets, bool IsEncrypted)
{
    /// <summary>The octets as received, dot-stuffing removed.</summary>
    public string Text => Encoding.UTF8.GetString(Octets);
}

/// <summary>Plays a remote SMTP or LMTP server on a loopback port, a free one unless it is given, or a Unix socket: polite unless the script says otherwise.</summary>
public sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Task _serving;
    private readonly Func<PeerCommand, PeerAnswer?> _script;
    private readonly ConcurrentDictionary<int, Socket> _open = new();
    private readonly Channel<PeerCommand> _commands = Channel.CreateUnbounded<PeerCommand>();
    private readonly Channel<PeerMessage> _messages = Channel.CreateUnbounded<PeerMessage>();
    private int _connections;

    /// <summary>Listens at once. The script answers what it likes; null: as a polite server would.</summary>
    public ScriptedPeer(Func<PeerCommand, PeerAnswer?>? script = null, IPAddress? address = null, int port = 0)
    {
        _script = script ?? (_ => null);
        IPAddress where = address ?? IPAddress.Loopback;
        _listener = new Socket(where.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(where, port));
        _listener.Listen();
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _serving = AcceptAsync();
    }

    /// <summary>The same on a Unix socket that is made at this path.</summary>
    public ScriptedPeer(Func<PeerCommand, PeerAnswer?>? script, UnixDomainSocketEndPoint path)
    {
        _script = script ?? (_ => null);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(path);
        _listener.Listen();
        EndPoint = new IPEndPoint(IPAddress.None, 0);
        _serving = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Its port.</summary>
    public int Port => EndPoint.Port;

    /// <summary>Asked after each line of data with the octets so far; null: it goes on reading.</summary>
    public Func<long, PeerAnswer?>? DuringData { get; init; }

    /// <summary>What it announces; STARTTLS is added where there is a certificate.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 0"];

    /// <summary>With its private key: STARTTLS is offered.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Sent behind the certificate.</summary>
    public X509Certificate2Collection? Intermediates { get; init; }

    /// <summary>In the handshake it asks for the client's certificate, and takes any.</summary>
    public bool AsksForCertificate { get; init; }

    /// <summary>Subjects of the certificates that clients have shown; empty: one that showed none.</summary>
    public ConcurrentQueue<string> ClientSubjects { get; } = [];

    /// <summary>The names that clients asked for in the handshake (SNI).</summary>
    public ConcurrentQueue<string> ServerNames { get; } = [];

    /// <summary>Connections so far.</summary>
    public int Connections => _connections;

    /// <summary>Everything it was told so far.</summary>
    public ConcurrentQueue<PeerCommand> Heard { get; } = [];

    /// <summary>The messages it accepted so far.</summary>
    public ConcurrentQueue<PeerMessage> Messages { get; } = [];

    /// <summary>The next message that it accepts.</summary>
    public Task<PeerMessage> NextMessageAsync(CancellationToken cancellationToken) => _messages.Reader.ReadAsync(cancellationToken).AsTask();

    /// <summary>Waits for the next command with this verb; commands before it are passed over.</summary>
    public async Task<PeerCommand> SawAsync(string verb, CancellationToken cancellationToken)
    {
        while (true)
        {
            PeerCommand command = await _commands.Reader.ReadAsync(cancellationToken);
            if (command.Verb == verb)
            {
                return command;
            }
        }
    }

    /// <summary>Says something to all who are there, which nobody asked for; not under TLS.</summary>
    public async Task SayAsync(string text)
    {
        foreach (Socket socket in _open.Values)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text + "\r\n"), SocketFlags.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (Socket socket in _open.Values)
        {
            socket.Dispose();
        }
        await _serving;
    }

    private async Task AcceptAsync()
    {
        List<Task> conversations = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                int number = Interlocked.Increment(ref _connections);
                _open[number] = socket;
                conversations.Add(Task.Run(() => ConverseAsync(socket, number))); // A script that waits holds up nobody else.
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
        await Task.WhenAll(conversations);
    }

    private async Task ConverseAsync(Socket socket, int number)
    {
        try
        {
            using NetworkStream stream = new(socket, ownsSocket: true);
            await new Conversation(this, stream, number).RunAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
        }
        finally
        {
            _open.TryRemove(number, out _);
        }
    }

    private sealed class Conversation(ScriptedPeer peer, Stream stream, int number)
    {
        private readonly byte[] _buffer = new byte[8192];
        private Stream _stream = stream;
        private int _start;
        private int _end;
        private string _mail = "";
        private List<string> _recipients = [];
        private bool _isLmtp;
        private MemoryStream _chunks = new();
        private bool _isChunkRefused;

        public async Task RunAsync()
        {
            if (!await AnswerAsync("CONNECT", "", "220 peer.test ESMTP"))
            {
                return;
            }
            while (await ReadLineAsync() is { } octets)
            {
                string line = Encoding.UTF8.GetString(octets);
                string verb = line.Split(' ', ':')[0].ToUpperInvariant();
                if (!await ObeyAsync(verb, line))
                {
                    return;
                }
            }
        }

        private async Task<bool> ObeyAsync(string verb, string line)
        {
            switch (verb)
            {
                case "EHLO" or "LHLO":
                    _isLmtp = verb == "LHLO";
                    string[] extensions = [.. peer.Extensions, .. peer.Certificate is not null && _stream is not SslStream ? (string[])["STARTTLS"] : []];
                    string[] lines = ["peer.test", .. extensions];
                    return await AnswerAsync(verb, line, string.Join('\n', lines.Select((l, i) => (i < lines.Length - 1 ? "250-" : "250 ") + l)));
                case "STARTTLS" when peer.Certificate is not null:
                    return await AnswerAsync(verb, line, "220 go ahead", EncryptAsync);
                case "AUTH":
                    return await AnswerAsync(verb, line, "235 2.7.0 welcome");
                case "MAIL":
                    return await AnswerAsync(verb, line, "250 2.1.0 ok", () => { _mail = line; Forget(); return Task.CompletedTask; });
                case "RCPT":
                    return await AnswerAsync(verb, line, "250 2.1.5 ok", () => { _recipients.Add(line); return Task.CompletedTask; });
                case "DATA":
                    bool isOpen = false;
                    string start = _recipients.Count > 0 ? "354 go ahead" : "503 5.5.1 no recipients";
                    return await AnswerAsync(verb, line, start, () => { isOpen = true; return Task.CompletedTask; }) && (!isOpen || await TakeAsync());
                case "BDAT" when line.Split(' ') is [_, string octets, .. var end]:
                    return await TakeChunkAsync(line, int.Parse(octets, System.Globalization.CultureInfo.InvariantCulture), isLast: end is ["LAST"]);
                case "RSET":
                    return await AnswerAsync(verb, line, "250 2.0.0 ok", () => { Forget(); return Task.CompletedTask; });
                case "QUIT":
                    await AnswerAsync(verb, line, "221 2.0.0 bye");
                    return false;
                default:
                    return await AnswerAsync(verb, line, verb is "HELO" or "NOOP" ? "250 2.0.0 ok" : "502 5.5.1 what?");
            }
        }

        private async Task<bool> TakeAsync()
        {
            MemoryStream octets = new();
            while (await ReadLineAsync() is { } line)
            {
                if (line is [(byte)'.'])
                {
                    return await TakenAsync(".", "", octets.ToArray());
                }
                octets.Write(line is [(byte)'.', ..] ? line.AsSpan(1) : line);
                octets.Write("\r\n"u8);
                if (peer.DuringData?.Invoke(octets.Length) is { } answer)
                {
                    await _stream.WriteAsync(Encoding.UTF8.GetBytes($"{answer.Text}\r\n"));
                    if (answer.Drops)
                    {
                        return false;
                    }
                }
            }
            return false;
        }

        // After a chunk that was refused none counts until RSET: RFC 3030 §2.
        private async Task<bool> TakeChunkAsync(string line, int length, bool isLast)
        {
            for (int i = 0; i < length; i++)
            {
                if (await ReadOctetAsync() is not { } octet)
                {
                    return false;
                }
                _chunks.WriteByte(octet);
            }
            if (_isChunkRefused || _recipients.Count == 0)
            {
                return await AnswerAsync("BDAT", line, "503 5.5.1 no transaction");
            }
            _isChunkRefused = !isLast;
            return isLast
                ? await TakenAsync("BDAT", line, _chunks.ToArray())
                : await AnswerAsync("BDAT", line, "250 2.0.0 next", () => { _isChunkRefused = false; return Task.CompletedTask; });
        }

        private void Forget()
        {
            _recipients = [];
            _chunks = new MemoryStream();
            _isChunkRefused = false;
        }

        // By LMTP each recipient gets a reply, which the script knows by its RCPT, and counts as a message: RFC 2033 §4.2.
        private async Task<bool> TakenAsync(string verb, string line, byte[] octets)
        {
            foreach (string[] recipients in _isLmtp ? _recipients.Select(r => (string[])[r]) : [[.. _recipients]])
            {
                PeerMessage message = new(_mail, recipients, octets, _stream is SslStream);
                if (!await AnswerAsync(verb, _isLmtp ? recipients[0] : line, "250 2.0.0 taken", () => { Take(message); return Task.CompletedTask; }))
                {
                    return false;
                }
            }
            return true;
        }

        private void Take(PeerMessage message)
        {
            peer.Messages.Enqueue(message);
            peer._messages.Writer.TryWrite(message);
        }

        // The action happens before the client can know of it, and only where the reply is positive.
        private async Task<bool> AnswerAsync(string verb, string line, string polite, Func<Task>? onSuccess = null)
        {
            PeerCommand command = new(verb, line, number);
            PeerAnswer answer = peer._script(command) ?? polite;
            bool isSuccess = answer.Text is { Length: > 0 } text && text[0] is '2' or '3';
            peer.Heard.Enqueue(command); // Whoever waits for the message finds its last command here.
            if (isSuccess && verb != "STARTTLS" && onSuccess is not null)
            {
                await onSuccess();
            }
            peer._commands.Writer.TryWrite(command);
            if (answer.Text is not null)
            {
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(answer.Text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"));
            }
            if (isSuccess && verb == "STARTTLS" && onSuccess is not null)
            {
                await onSuccess();
            }
            return !answer.Drops;
        }

        [SuppressMessage("Security", "CA5359", Justification = "Who the client is, is the test's to look at.")]
        private async Task EncryptAsync()
        {
            SslStream encrypted = new(_stream);
            await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(peer.Certificate!, peer.Intermediates, offline: true),
                ClientCertificateRequired = peer.AsksForCertificate,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            peer.ServerNames.Enqueue(encrypted.TargetHostName);
            if (peer.AsksForCertificate)
            {
                peer.ClientSubjects.Enqueue(encrypted.RemoteCertificate?.Subject ?? "");
            }
            _stream = encrypted;
            _start = _end = 0;
        }

        private async Task<byte[]?> ReadLineAsync()
        {
            List<byte> line = [];
            while (await ReadOctetAsync() is { } octet)
            {
                if (octet == '\n' && line is [.., (byte)'\r'])
                {
                    line.RemoveAt(line.Count - 1);
                    return [.. line];
                }
                line.Add(octet);
            }
            return null;
        }

        private async ValueTask<byte?> ReadOctetAsync()
        {
            if (_start == _end)
            {
                _start = 0;
                _end = await _stream.ReadAsync(_buffer);
            }
            return _end == 0 ? null : _buffer[_start++];
        }
    }
}
