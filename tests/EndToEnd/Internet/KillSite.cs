using MailAccess.EndToEnd.Peers;

namespace MailAccess.EndToEnd.Internet;

/// <summary>
/// A server that is killed while it delivers, and its aliases. Commands of theirs stop at a gate, once: they say that they are there, and go on when the test lets
/// them, which may be after the server's death.
/// </summary>
internal sealed class KillSite : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _folder = LastHop.WorldReadable("mailaccess-kill-");
    private DemoServer? _server;

    private KillSite()
    {
    }

    public DemoServer Server => _server!;

    /// <summary>In each message.</summary>
    public string Token { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Anybody may write here.</summary>
    public string Output => Path.Combine(_folder, "out");

    private string Passed => Path.Combine(_folder, "gate");

    private Dictionary<string, string> Environment => new()
    {
        ["MAILACCESS_QUEUE__FIRSTRETRY"] = "1s",
        ["MAILACCESS_QUEUE__RELAY"] = "true",
        ["MAILACCESS_ROUTING__ALIASES"] = Path.Combine(_folder, "aliases"),
        ["MAILACCESS_ROUTING__TRANSPORTS"] = "hash:" + Path.Combine(_folder, "transport"),
    };

    /// <summary>
    /// Starts one with an alias <c>all</c>. In its members <c>OUT</c> is <see cref="Output"/>, <c>RUN</c> the name of a file for this run of a command alone, and
    /// <c>GATE</c> the gate.
    /// </summary>
    public static async Task<KillSite> StartAsync(string members, string transport = "")
    {
        KillSite site = new();
        Directory.CreateDirectory(site.Output);
        File.SetUnixFileMode(site.Output, (UnixFileMode)0b_111_111_111); // The agents' user, whoever that is, writes there.
        await Programs.RunAsync("mkfifo", ["-m", "666", site.Passed + ".here", site.Passed + ".go"]);
        // Only the first to come makes the folder; the second run finds it and goes through.
        string gate = $"if mkdir {site.Output}/first 2>/dev/null; then echo > {site.Passed}.here; read go < {site.Passed}.go; fi";
        await File.WriteAllTextAsync(Path.Combine(site._folder, "aliases"), "all: " + members
            .Replace("GATE", gate, StringComparison.Ordinal).Replace("RUN", $"`mktemp {site.Output}/run.XXXXXX`", StringComparison.Ordinal)
            .Replace("OUT", site.Output, StringComparison.Ordinal) + "\n");
        await File.WriteAllTextAsync(Path.Combine(site._folder, "transport"), transport);
        site._server = await DemoServer.StartAsync(Path.Combine(site._folder, "data"), site.Environment);
        return site;
    }

    /// <summary>A message to the alias; it is the server's when this returns.</summary>
    public async Task SendAsync()
    {
        await using LineClient client = await LineClient.ConnectAsync(Server.Port(25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync("EHLO there", "250 ");
        await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
        await client.CommandAsync("RCPT TO:<all@example.test>", "250 ");
        await client.CommandAsync("DATA", "354 ");
        await client.SendAsync($"Subject: {Token}\r\n\r\nThe end of {Token}.\r\n.\r\n");
        await client.ExpectAsync("250 ");
        await client.CommandAsync("QUIT", "221 ");
    }

    /// <summary>Until a command stands at the gate.</summary>
    public Task AtGateAsync() => Task.Run(() => File.ReadAllText(Passed + ".here")).WaitAsync(Patience);

    /// <summary>The command at the gate goes on.</summary>
    public Task OpenAsync() => Task.Run(() => File.WriteAllText(Passed + ".go", "\n")).WaitAsync(Patience);

    /// <summary>Until the spool has only so many recipients left.</summary>
    public async Task HasPendingAsync(int count)
    {
        QueueTool queue = await QueueTool.CreateAsync(Server.Data);
        using CancellationTokenSource bound = new(Patience, TimeProvider.System);
        while ((await queue.ListAsync()).Sum(m => m.GetProperty("recipients").EnumerateArray().Count(r => r.GetProperty("isPending").GetBoolean())) != count)
        {
            Assert.False(bound.IsCancellationRequested, Server.Said);
        }
    }

    /// <summary>The next start of the same server; returns when it is done with the message.</summary>
    public async Task RestartAsync()
    {
        int portBase = Server.PortBase;
        await Server.DisposeAsync();
        _server = await DemoServer.StartAsync(Server.Data, Environment, portBase);
        await Server.SaysAsync(": removed");
    }

    /// <summary>What each run of a command has got.</summary>
    public IEnumerable<string> Runs() => Directory.GetFiles(Output, "run.*").Select(File.ReadAllText);

    /// <summary>How often the whole message stands in the text.</summary>
    public int CountIn(string text) => text.Split($"\nThe end of {Token}.\n").Length - 1;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }
}
