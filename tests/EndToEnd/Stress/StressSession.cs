using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd.Stress;

/// <summary>How a session hears of changes.</summary>
internal enum StressStyle
{
    /// <summary>By sequence numbers.</summary>
    Plain,
    /// <summary>By VANISHED, with mod-sequences. RFC 7162.</summary>
    Resynchronizing,
    /// <summary>In IDLE, most of the time. RFC 2177.</summary>
    Idling,
}

/// <summary>One session of many on the same mailboxes: does everything at random, and checks all that it is told.</summary>
internal sealed class StressSession : IAsyncDisposable
{
    private const int MessagesMax = 250;
    private const string Items = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (X-STRESS)])";
    private static readonly string[] Pair = ["$Pair1", "$Pair2"];

    private readonly StressLedger _ledger;
    private readonly Random _random;
    private readonly StressStyle _style;
    private readonly LineClient _client;
    private readonly List<string> _exchange = [];
    private string _mailbox = "";
    private int _tag;

    private StressSession(StressLedger ledger, Random random, StressStyle style, LineClient client)
    {
        _ledger = ledger;
        _random = random;
        _style = style;
        _client = client;
        View = new StressView(ledger, "");
    }

    public static readonly string[] Mailboxes = ["INBOX", "Other"];

    public StressView View { get; private set; }

    public string Mailbox => _mailbox;

    /// <summary>Commands that were answered, by their first word.</summary>
    public ConcurrentDictionary<string, int> Done { get; } = new();

    public static async Task<StressSession> StartAsync(DemoServer server, StressLedger ledger, Random random, StressStyle style, string mailbox)
    {
        LineClient client = await LineClient.ConnectAsync(server.Port(993), tls: true);
        StressSession session = new(ledger, random, style, client);
        await client.ExpectAsync("* OK");
        await session.RunAsync("LOGIN alice@example.test demo");
        if (style == StressStyle.Resynchronizing)
        {
            await session.RunAsync("ENABLE QRESYNC");
        }
        await session.SelectAsync(mailbox);
        return session;
    }

    public async Task SelectAsync(string mailbox)
    {
        _mailbox = mailbox;
        View = new StressView(_ledger, mailbox);
        await RunAsync($"SELECT {mailbox}");
        await LearnAsync();
    }

    /// <summary>Asks for all that was announced and not looked at.</summary>
    public async Task LearnAsync()
    {
        while (View.FirstUnknown is > 0 and int first)
        {
            int before = View.Changes;
            await RunAsync($"FETCH {first}:* {Items}");
            if (View.FirstUnknown == first)
            {
                // The message is gone, and FETCH may not say so.
                await RunAsync("NOOP");
                Check(View.Changes != before, "a message is announced and neither shown nor expunged");
            }
        }
    }

    /// <summary>After it, this session has been told everything.</summary>
    public async Task CatchUpAsync()
    {
        await RunAsync("NOOP");
        await LearnAsync();
        await RunAsync("NOOP");
        await LearnAsync();
    }

    /// <summary>One thing that clients do.</summary>
    public async Task DoAsync()
    {
        await LearnAsync();
        if (_style == StressStyle.Idling && _random.Next(3) > 0)
        {
            await IdleAsync();
            return;
        }
        switch (_random.Next(14))
        {
            case 0 or 1:
                await AppendAsync();
                break;
            case 2:
                await RunAsync(View.Count == 0 ? "NOOP" : $"FETCH {Numbers()} (UID FLAGS)");
                break;
            case 3:
                await RunAsync($"UID FETCH {UidsOf(5, null)} {Items}");
                break;
            case 4 or 5:
                await StoreAsync(Pair, UidList(6, null));
                break;
            case 6:
                await StoreAsync(["\\Seen"], UidList(10, null));
                break;
            case 7:
                await StoreAsync(["\\Deleted"], UidList(View.Count > MessagesMax ? 40 : 4, StressKind.Deletable));
                break;
            case 8:
                await RunAsync(_random.Next(2) == 0 ? "EXPUNGE" : $"UID EXPUNGE {UidsOf(10, StressKind.Deletable)}");
                break;
            case 9:
                await RunAsync($"UID COPY {UidsOf(3, View.Count > MessagesMax ? StressKind.Deletable : StressKind.Copied)} {Other}");
                break;
            case 10:
                await RunAsync($"UID MOVE {UidsOf(4, null)} {Other}");
                break;
            case 11:
                Check(!(await RunAsync("SEARCH KEYWORD $Pair1 UNKEYWORD $Pair2")).Any(l => l.StartsWith("* SEARCH ", StringComparison.Ordinal)),
                    "SEARCH finds half of a change");
                break;
            case 12:
                await (_random.Next(3) == 0 ? SelectAsync(Mailboxes[_random.Next(2)]) : RunAsync("CHECK"));
                break;
            default:
                await RunAsync("NOOP");
                break;
        }
    }

    /// <summary>Tokens of all messages, as a session sees them that has seen nothing before.</summary>
    public async Task<List<int>> TokensAsync()
    {
        await LearnAsync();
        return [.. View.Uids.Select(u => _ledger.TokenOf(_mailbox, u)).OfType<int>()];
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private string Other => _mailbox == Mailboxes[0] ? Mailboxes[1] : Mailboxes[0];

    private async Task AppendAsync()
    {
        int token = _ledger.NewToken();
        string text = $"X-Stress: {token}\r\nSubject: stress\r\n\r\n{new string('x', _random.Next(2000))}\r\n";
        string mailbox = Mailboxes[_random.Next(2)];
        await RunAsync(string.Create(CultureInfo.InvariantCulture, $"APPEND {mailbox} {{{text.Length}+}}\r\n{text}"));
        _ledger.Acknowledged(token);
    }

    private async Task StoreAsync(string[] flags, List<uint> uids)
    {
        bool add = flags[0] == "\\Deleted" || _random.Next(2) == 0;
        bool silent = _random.Next(2) == 0;
        if (silent)
        {
            View.Apply(uids, add, flags);
        }
        await RunAsync($"UID STORE {string.Join(',', uids)} {(add ? "+" : "-")}FLAGS{(silent ? ".SILENT" : "")} ({string.Join(' ', flags)})");
    }

    private async Task IdleAsync()
    {
        string tag = NextTag();
        await _client.SendAsync($"{tag} IDLE\r\n");
        Log($"C: {tag} IDLE");
        while (await ReadAsync() is { } line && !line.StartsWith('+'))
        {
            Take(line, mayExpunge: true);
        }
        for (int i = _random.Next(3); i > 0; i--)
        {
            // Somebody is always at work; and if all wait, the others' own commands end it.
            Task<string> next = ReadAsync();
            if (await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System)) != next)
            {
                await _client.SendAsync("DONE\r\n");
                await EndIdleAsync(tag, await next);
                return;
            }
            Take(await next, mayExpunge: true);
        }
        await _client.SendAsync("DONE\r\n");
        await EndIdleAsync(tag, await ReadAsync());
    }

    private async Task EndIdleAsync(string tag, string line)
    {
        for (; !line.StartsWith(tag, StringComparison.Ordinal); line = await ReadAsync())
        {
            Take(line, mayExpunge: true);
        }
        Check(line.StartsWith(tag + " OK", StringComparison.Ordinal), line);
        Done.AddOrUpdate("IDLE", 1, (_, n) => n + 1);
    }

    /// <summary>Untagged answers. OK is expected, or NO where messages went.</summary>
    private async Task<List<string>> RunAsync(string command)
    {
        string verb = command.Split(' ', 2)[0];
        string tag = NextTag();
        Log($"C: {tag} {command}");
        await _client.SendAsync($"{tag} {command}\r\n");
        List<string> answers = [];
        while (true)
        {
            string line = await ReadAsync();
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                bool isGone = line.Contains("[EXPUNGEISSUED]", StringComparison.Ordinal);
                Check(line.StartsWith(tag + " OK", StringComparison.Ordinal) || isGone, line);
                Done.AddOrUpdate(verb, 1, (_, n) => n + 1);
                return answers;
            }
            Take(line, mayExpunge: verb is not ("FETCH" or "STORE" or "SEARCH"));
            answers.Add(line);
        }
    }

    private void Take(string line, bool mayExpunge)
    {
        if (View.Take(line, mayExpunge, byUid: _style == StressStyle.Resynchronizing) is { } wrong)
        {
            Check(false, wrong);
        }
    }

    /// <summary>One response, its literals as part of the line.</summary>
    private async Task<string> ReadAsync()
    {
        StringBuilder all = new();
        while (true)
        {
            string line = await _client.ReadLineAsync() ?? "* BYE (closed)";
            all.Append(line);
            int brace = line.LastIndexOf('{');
            if (brace < 0 || !line.EndsWith('}') || !int.TryParse(line.AsSpan(brace + 1, line.Length - brace - 2), CultureInfo.InvariantCulture, out int octets))
            {
                Log("S: " + all);
                return all.ToString();
            }
            while (octets > 0)
            {
                string part = await _client.ReadLineAsync() ?? "";
                all.Append(part).Append(' ');
                octets -= part.Length + 2;
            }
        }
    }

    private string Numbers()
    {
        int first = 1 + _random.Next(View.Count);
        return string.Create(CultureInfo.InvariantCulture, $"{first}:{Math.Min(View.Count, first + _random.Next(8))}");
    }

    private string UidsOf(int most, StressKind? kind) => string.Join(',', UidList(most, kind));

    private List<uint> UidList(int most, StressKind? kind)
    {
        List<uint> able = [.. View.Uids.Where(u => kind is null || (_ledger.TokenOf(_mailbox, u) is { } token && StressLedger.KindOf(token) == kind))];
        return able.Count == 0 ? [4_000_000_000] : [.. Enumerable.Range(0, 1 + _random.Next(most)).Select(_ => able[_random.Next(able.Count)]).Distinct()];
    }

    private string NextTag() => string.Create(CultureInfo.InvariantCulture, $"a{++_tag}");

    private void Log(string line)
    {
        _exchange.Add(line.Length > 300 ? line[..300] + "…" : line);
        if (_exchange.Count > 200)
        {
            _exchange.RemoveRange(0, 100);
        }
    }

    public void Check(bool isRight, string what) => Assert.True(isRight, $"{_style} session on {_mailbox}: {what}\n{string.Join('\n', _exchange)}\n{View.Text}");
}
