using System.Globalization;
using System.Text;
using System.Threading.Channels;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Imap.Tests.Resynchronization;

/// <summary>How a client finds out what it missed.</summary>
public enum SyncKind
{
    /// <summary>It asks for everything.</summary>
    Plain,
    /// <summary>FETCH with CHANGEDSINCE, and SEARCH for what is still there.</summary>
    CondStore,
    /// <summary>SELECT with QRESYNC.</summary>
    QResync,
}

/// <summary>A client that loses its connection now and then, and synchronizes its cache when it comes back.</summary>
internal sealed class SyncClient : IAsyncDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly Channel<bool> _pulse = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Func<IConnection, Task<SessionEnd>> _serve;
    private readonly TimeProvider _clock;
    private readonly Random _random;
    private readonly StringBuilder _exchange = new();
    private readonly List<byte> _received = [];
    private InMemoryConnection? _connection;
    private Task<SessionEnd> _session = Task.FromResult(SessionEnd.ClientGone);
    private int _tags;

    public SyncClient(SyncKind kind, Func<IConnection, Task<SessionEnd>> serve, TimeProvider clock, Random random)
    {
        Kind = kind;
        Cache = new SyncCache(Fail);
        _serve = serve;
        _clock = clock;
        _random = random;
    }

    public SyncKind Kind { get; }

    public SyncCache Cache { get; }

    public bool IsConnected => _connection is not null;

    /// <summary>Connects, selects and synchronizes; afterwards the cache is as the mailbox was. False: lost again half-way.</summary>
    public async Task<bool> SynchronizeAsync(bool mayBreak)
    {
        await DropAsync();
        _connection = new InMemoryConnection(_clock, () => _pulse.Writer.TryWrite(true));
        InMemoryConnection connection = _connection;
        _session = Task.Run(() => _serve(connection));
        Cache.ForgetConnection();
        Cache.IsAware = false;
        await ReadLineAsync();
        await RunAsync("LOGIN alice secret");
        if (Kind == SyncKind.QResync)
        {
            await RunAsync("ENABLE QRESYNC");
        }
        Cache.IsAware = Kind != SyncKind.Plain;
        bool isNew = Cache.HighestModSeq == 0 || Kind == SyncKind.Plain;
        bool isWhole = await RunAsync(Selection(isNew), isSynchronizing: true, mayBreak)
            && (isNew ? await LearnAllAsync(mayBreak) : Kind == SyncKind.QResync || await LearnChangesAsync(mayBreak));
        if (isWhole && !isNew && Kind == SyncKind.QResync)
        {
            Cache.NumberOld();
        }
        if (isWhole && await LearnNewAsync(isSynchronizing: true, mayBreak))
        {
            Cache.CompleteSynchronization();
            return true;
        }
        return false;
    }

    /// <summary>Sends a command and takes what comes; false where the connection was lost in the middle.</summary>
    public async Task<bool> RunAsync(string command, bool isSynchronizing = false, bool mayBreak = false, Action<string>? beforeCompletion = null)
    {
        string tag = string.Create(CultureInfo.InvariantCulture, $"t{++_tags}");
        int linesLeft = mayBreak && _random.Next(12) == 0 ? _random.Next(8) : int.MaxValue;
        Cache.Running = command.ToUpperInvariant();
        Send($"{tag} {command}\r\n");
        while (await ReadLineAsync() is { } line)
        {
            if (linesLeft-- == 0)
            {
                _exchange.AppendLine("(lost)");
                await SettleAsync();
                await DropAsync();
                return false;
            }
            _exchange.AppendLine(CultureInfo.InvariantCulture, $"S: {line}");
            Cache.Take(line);
            if (line.StartsWith(tag + " BAD", StringComparison.Ordinal))
            {
                Fail("refused");
            }
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                beforeCompletion?.Invoke(line);
                Cache.Complete(isSynchronizing);
                return true;
            }
            if (line.StartsWith("+ ", StringComparison.Ordinal))
            {
                await SettleAsync();
                Send("DONE\r\n");
            }
        }
        Fail("no answer");
        return false;
    }

    /// <summary>UIDs and flags of messages that came meanwhile.</summary>
    public async Task<bool> LearnNewAsync(bool isSynchronizing, bool mayBreak)
    {
        while (Cache.Unlearned.ToList() is { Count: > 0 } unlearned)
        {
            if (!await RunAsync($"FETCH {string.Join(',', unlearned)} (UID FLAGS)", isSynchronizing, mayBreak))
            {
                return false;
            }
            if (Cache.Unlearned.SequenceEqual(unlearned) && !await RunAsync("NOOP", isSynchronizing, mayBreak))
            {
                return false; // Some were gone before they could be asked for: that is told now.
            }
        }
        Cache.CompleteNumbers();
        return true;
    }

    public async Task DropAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            connection.CloseClientSide();
            await _session.WaitAsync(Watchdog);
            await connection.DisposeAsync();
            _received.Clear();
            _exchange.AppendLine("(closed)");
        }
    }

    public ValueTask DisposeAsync() => new(DropAsync());

    public void Fail(string what) => Assert.Fail($"{what}\n--- {Kind}, HIGHESTMODSEQ {Cache.HighestModSeq} ---\n{_exchange}");

    private string Selection(bool isNew)
    {
        if (isNew || Kind == SyncKind.CondStore)
        {
            return Kind == SyncKind.Plain ? "SELECT INBOX" : "SELECT INBOX (CONDSTORE)";
        }
        uint[] known = [.. Cache.Messages.Keys];
        string uids = known.Length > 0 && _random.Next(2) == 0 ? " " + string.Join(',', known) : "";
        // Numbers are known of messages that were all known once: not of those that a lost connection told one by one.
        uint[] numbered = [.. known.Where(u => u <= Cache.LastUid)];
        int step = _random.Next(1, 5);
        int[] sample = [.. Enumerable.Range(0, numbered.Length).Where(i => i % step == 0)];
        string match = sample.Length > 0 && _random.Next(2) == 0
            ? $" ({string.Join(',', sample.Select(i => i + 1))} {string.Join(',', sample.Select(i => numbered[i]))})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"SELECT INBOX (QRESYNC ({Cache.UidValidity} {Cache.HighestModSeq}{uids}{match}))");
    }

    private Task<bool> LearnAllAsync(bool mayBreak)
    {
        Cache.Messages.Clear();
        return RunAsync("UID FETCH 1:* (FLAGS)", isSynchronizing: true, mayBreak);
    }

    private async Task<bool> LearnChangesAsync(bool mayBreak) =>
        await RunAsync(
            string.Create(CultureInfo.InvariantCulture, $"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {Cache.HighestModSeq})"), isSynchronizing: true, mayBreak)
        && await RunAsync("UID SEARCH ALL", isSynchronizing: true, mayBreak);

    private void Send(string text)
    {
        _exchange.Append("C: ").Append(text);
        _connection!.Send(Encoding.ASCII.GetBytes(text));
    }

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            bool isSettled = IsSettled;
            _received.AddRange(_connection!.TakeOutput());
            int end = _received.IndexOf((byte)'\n');
            if (end >= 0)
            {
                string line = Encoding.UTF8.GetString([.. _received[..end]]).TrimEnd('\r');
                _received.RemoveRange(0, end + 1);
                return line;
            }
            if (isSettled)
            {
                return null;
            }
            await _pulse.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
        }
    }

    private async Task SettleAsync()
    {
        while (!IsSettled)
        {
            await _pulse.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
        }
    }

    private bool IsSettled => _session.IsCompleted || _connection!.IsWaiting;
}
