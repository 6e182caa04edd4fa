using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.Channels;
using MailAccess.Wire;

namespace MailAccess.Testing;

/// <summary>
/// Plays a <see cref="Transcript"/> against sessions over <see cref="InMemoryConnection"/>. Every failure shows the whole exchange.
/// </summary>
/// <remarks>
/// <para>A session connects when a line first names it; its greeting is an ordinary server line. Untagged IMAP lines
/// (<c>* …</c>) that the script does not mention are passed over; every other line must be as the script says.</para>
/// <para>Built-in directives: <c>@tls 1</c> (session 1 starts under TLS; <c>@tls 1 bound</c>: and knows the channel by
/// <see cref="ChannelBinding"/>; <c>@tls 1 client user@example.test</c>: and a certificate was shown that has these addresses), <c>@connect 2</c>,
/// <c>@from 3 203.0.113.9</c> (connects from this address), <c>@drop 1</c> (client gone),
/// <c>@closed 1</c> (the server has ended the session), <c>@end 1 IdleTimeout</c> (…with this <see cref="SessionEnd"/>),
/// <c>@stop 1</c> (server shuts down), <c>@handshake-fails 1</c>, <c>@advance 31m</c> (s, m, h, d), <c>@settle</c>
/// (wait until every session waits).</para>
/// </remarks>
public sealed class TranscriptRunner(ManualTimeProvider clock, Func<IConnection, Task<SessionEnd>> session) : IAsyncDisposable
{
    /// <summary>tls-server-end-point data of sessions that begin <c>bound</c>.</summary>
    public static readonly ReadOnlyMemory<byte> ChannelBinding = "hash of this server's certificate"u8.ToArray();

    private static readonly TlsFacts Secured = new() { Protocol = "TLSv1.3", CipherSuite = "TLS_AES_256_GCM_SHA384" };

    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);
    private readonly Channel<bool> _pulse = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SortedDictionary<int, Client> _clients = [];
    private readonly Dictionary<string, string> _bindings = [];
    private readonly StringBuilder _exchange = new();
    private string _where = "";

    /// <summary>The sessions see at most so many new octets in one read; 0: all there are.</summary>
    public int OctetsPerRead { get; init; }

    /// <summary>Sessions start under TLS unless this is false.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>Further directives by their first word; the function gets the rest of the line.</summary>
    public Dictionary<string, Func<string, Task>> Directives { get; } = [];

    /// <summary>Names bound so far; a test may bind some before it starts.</summary>
    public IDictionary<string, string> Bindings => _bindings;

    /// <summary>Plays the transcript to its end; throws with the exchange where it does not go as written.</summary>
    public async Task RunAsync(Transcript transcript)
    {
        foreach (TranscriptLine line in transcript.Lines)
        {
            _where = $"{transcript.Name}:{line.Number}";
            await RunLineAsync(line);
        }
        _where = $"{transcript.Name}: after the last line";
        await SettleAsync();
        foreach ((int number, Client client) in _clients)
        {
            client.Take();
            while (client.NextLine() is { } unexpected)
            {
                _exchange.AppendLine(CultureInfo.InvariantCulture, $"S{number}: {unexpected}");
                if (client.Forbidden.Any(f => TranscriptPatterns.Matches(f, unexpected, new(_bindings))))
                {
                    throw Failure($"S{number} sent what it must not: {unexpected}");
                }
                if (!unexpected.StartsWith("* ", StringComparison.Ordinal))
                {
                    throw Failure($"S{number} sent a line that nobody expects: {unexpected}");
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Client client in _clients.Values)
        {
            client.Connection.CloseClientSide();
        }
        foreach (Client client in _clients.Values)
        {
            await client.Session.WaitAsync(Watchdog);
            await client.Connection.DisposeAsync();
        }
    }

    private async Task RunLineAsync(TranscriptLine line)
    {
        switch (line.Action)
        {
            case TranscriptAction.Send:
                string text = TranscriptPatterns.Fill(line.Text, _bindings);
                Send(line.Session, Encoding.UTF8.GetBytes(text + "\r\n"), text);
                break;
            case TranscriptAction.SendRaw:
                Send(line.Session, TranscriptPatterns.Unescape(TranscriptPatterns.Fill(line.Text, _bindings)), line.Text);
                break;
            case TranscriptAction.SendRepeated:
                string[] words = line.Text.Split(' ', 2);
                byte[] unit = TranscriptPatterns.Unescape(words[1]);
                byte[] all = new byte[unit.Length * int.Parse(words[0], CultureInfo.InvariantCulture)];
                for (int at = 0; at < all.Length; at += unit.Length)
                {
                    unit.CopyTo(all, at);
                }
                Send(line.Session, all, $"({line.Text})");
                break;
            case TranscriptAction.Expect:
                await ExpectAsync(line.Session, line.Text, passesOver: false);
                break;
            case TranscriptAction.ExpectLater:
                await ExpectAsync(line.Session, line.Text, passesOver: true);
                break;
            case TranscriptAction.Forbid:
                Get(line.Session).Forbidden.Add(line.Text);
                break;
            default:
                await DirectAsync(line.Text);
                break;
        }
    }

    private void Send(int number, byte[] octets, string shown)
    {
        _exchange.AppendLine(CultureInfo.InvariantCulture, $"C{number}: {shown}");
        Get(number).Connection.Send(octets);
    }

    private async Task ExpectAsync(int number, string pattern, bool passesOver)
    {
        Client client = Get(number);
        while (true)
        {
            string? line = await NextLineAsync(client);
            if (line is null)
            {
                throw Failure($"S{number} sent nothing that matches: {pattern}");
            }
            _exchange.AppendLine(CultureInfo.InvariantCulture, $"S{number}: {line}");
            if (client.Forbidden.Any(f => TranscriptPatterns.Matches(f, line, new(_bindings))))
            {
                throw Failure($"S{number} sent what it must not: {line}");
            }
            if (TranscriptPatterns.Matches(pattern, line, _bindings))
            {
                client.Forbidden.Clear();
                return;
            }
            if (!passesOver && !line.StartsWith("* ", StringComparison.Ordinal))
            {
                throw Failure($"S{number} should have sent: {pattern}\nbut sent: {line}");
            }
        }
    }

    private async Task<string?> NextLineAsync(Client client)
    {
        while (true)
        {
            bool settled = IsSettled();
            client.Take();
            if (client.NextLine() is { } line)
            {
                return line;
            }
            if (settled)
            {
                return null;
            }
            await _pulse.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
        }
    }

    private bool IsSettled() => _clients.Values.All(c => c.Session.IsCompleted || c.Connection.IsWaiting);

    private async Task SettleAsync()
    {
        while (!IsSettled())
        {
            await _pulse.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
        }
    }

    private async Task DirectAsync(string text)
    {
        _exchange.AppendLine(CultureInfo.InvariantCulture, $"@{text}");
        string[] words = text.Split(' ', 2, StringSplitOptions.TrimEntries);
        string rest = words.Length > 1 ? words[1] : "";
        if (Directives.TryGetValue(words[0], out Func<string, Task>? directive))
        {
            await SettleAsync();
            await directive(TranscriptPatterns.Fill(rest, _bindings));
            return;
        }
        switch (words[0])
        {
            case "settle":
                await SettleAsync();
                break;
            case "advance":
                await SettleAsync();
                clock.Advance(ParseDuration(rest));
                break;
            default:
                await DirectSessionAsync(words[0], rest.Split(' '));
                break;
        }
    }

    private async Task DirectSessionAsync(string word, string[] arguments)
    {
        int number = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        switch (word)
        {
            case "tls":
                Connect(number, Secured with
                {
                    ServerEndPointBinding = arguments.Contains("bound") ? ChannelBinding : default,
                    ClientCertificate = arguments is [_, "client", .. string[] addresses] ? ClientCertificates.For(addresses) : default,
                });
                break;
            case "connect":
                Get(number);
                break;
            case "from":
                Connect(number, ImplicitTls ? Secured : null, arguments[1]);
                break;
            case "handshake-fails":
                Get(number).Connection.HandshakeSucceeds = false;
                break;
            case "drop":
                Get(number).Connection.CloseClientSide();
                await Get(number).Session.WaitAsync(Watchdog);
                break;
            case "stop":
                await SettleAsync();
                Get(number).Connection.RequestStop();
                break;
            case "closed" or "end":
                await SettleAsync();
                SessionEnd? end = Get(number).Session.IsCompleted ? await Get(number).Session : null;
                if (end is null || (word == "end" && end.ToString() != arguments[1]))
                {
                    throw Failure($"session {number} should have ended {string.Join(' ', arguments[1..])} but {(end is null ? "goes on" : $"ended as {end}")}");
                }
                break;
            default:
                throw new FormatException($"{_where}: unknown directive @{word}");
        }
    }

    private static TimeSpan ParseDuration(string text)
    {
        double number = double.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => throw new FormatException($"a duration ends in s, m, h or d: {text}"),
        };
    }

    private Client Get(int number) => _clients.TryGetValue(number, out Client? client) ? client : Connect(number, ImplicitTls ? Secured : null);

    private Client Connect(int number, TlsFacts? tls, string address = "192.0.2.7")
    {
        InMemoryConnection connection = new(clock, Pulse, OctetsPerRead) { Tls = tls, Remote = new IPEndPoint(IPAddress.Parse(address), 40000) };
        Task<SessionEnd> running = RunSessionAsync(connection);
        running.ContinueWith(_ => Pulse(), TaskScheduler.Default);
        Client client = new(connection, running);
        _clients.Add(number, client);
        return client;
    }

    private async Task<SessionEnd> RunSessionAsync(InMemoryConnection connection)
    {
        await Task.Yield();
        try
        {
            return await session(connection);
        }
        catch (IOException)
        {
            return SessionEnd.ClientGone; // As the connection host has it.
        }
    }

    private void Pulse() => _pulse.Writer.TryWrite(true);

    private Xunit.Sdk.XunitException Failure(string what)
    {
        string faults = string.Concat(_clients.Values.Select(c => c.Session.Exception).Where(e => e is not null).Select(e => $"\n{e}"));
        return new($"{_where}: {what}\n--- the exchange ---\n{_exchange}{faults}");
    }

    private sealed class Client(InMemoryConnection connection, Task<SessionEnd> session)
    {
        private readonly List<byte> _received = [];

        public InMemoryConnection Connection { get; } = connection;

        public Task<SessionEnd> Session { get; } = session;

        public List<string> Forbidden { get; } = [];

        public void Take() => _received.AddRange(Connection.TakeOutput());

        public string? NextLine()
        {
            int end = _received.IndexOf((byte)'\n');
            if (end < 0)
            {
                return null;
            }
            string line = Encoding.UTF8.GetString([.. _received[..end]]).TrimEnd('\r');
            _received.RemoveRange(0, end + 1);
            return line;
        }
    }
}
