using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>Run on request: <c>./test --soak 10</c>.</summary>
public sealed class SoakTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact(Explicit = true)]
    public async Task Under_load_and_killed_at_random_nothing_acknowledged_is_lost_or_doubled()
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("SOAK_MINUTES") ?? "10", CultureInfo.InvariantCulture);
        int seed = Environment.TickCount;
        var random = new Random(seed);
        string data = Directory.CreateTempSubdirectory("mailaccess-soak-").FullName;
        string configuration = Path.Combine(data, "check.json");
        await File.WriteAllTextAsync(configuration, $$"""{ "data": "{{data}}", "domains": ["example.test"], "accounts": { "passwdFile": "{{data}}/passwd" } }""");
        SoakLedger ledger = new();
        Dictionary<string, int> done = [];
        long start = TimeProvider.System.GetTimestamp();
        int rounds = 0;
        DemoServer server = await DemoServer.StartAsync(data);
        await CreateMailboxesAsync(server);
        do
        {
            rounds++;
            // Else the clients end first, and the server with nothing to do.
            await LoadAsync(server, ledger, random, done, isKilled: rounds % 4 != 0 && random.Next(4) != 0);
            if (rounds % 4 != 0)
            {
                await server.KillAsync();
                await server.DisposeAsync();
                server = await DemoServer.StartAsync(data);
                await CheckMailAsync(server, ledger, $"seed {seed}, round {rounds}");
                continue;
            }
            await CheckMailAsync(server, ledger, $"seed {seed}, round {rounds}, before a clean end");
            Assert.Equal(0, await server.TerminateAsync());
            await CheckIndexAsync(configuration, $"seed {seed}, round {rounds}");
            await server.DisposeAsync();
            server = await DemoServer.StartAsync(data);
        }
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(minutes));
        await CheckMailAsync(server, ledger, $"seed {seed}, at the end");
        Assert.Equal(0, await server.TerminateAsync());
        await server.DisposeAsync();
        await CheckIndexAsync(configuration, $"seed {seed}, at the end");
        Console.WriteLine($"soak: seed {seed}, {rounds} rounds, {ledger.Tokens} messages, {string.Join(", ", done.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Value} {d.Key}"))}");
        Directory.Delete(data, recursive: true);
    }

    private static async Task LoadAsync(DemoServer server, SoakLedger ledger, Random random, Dictionary<string, int> done, bool isKilled)
    {
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(1 + (random.NextDouble() * 8)), TimeProvider.System);
        SoakLoad load = new(ledger, new Random(random.Next()), isKilled ? CancellationToken.None : stop.Token);
        SoakLoad beside = new(ledger, new Random(random.Next()), stop.Token);
        string maildir = Path.Combine(server.Data, "mail", "alice@example.test", "Maildir");
        Task[] tasks =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(() => SoakLoad.GuardedAsync(() => load.ImapAsync(server)))),
            .. Enumerable.Range(0, 4).Select(i => Task.Run(() => SoakLoad.GuardedAsync(() => load.DeliverAsync(server, byLmtp: i % 2 == 0)))),
            Task.Run(() => SoakLoad.GuardedAsync(() => load.Pop3Async(server))),
        ];
        Task[] programs =
        [
            Task.Run(() => SoakLoad.GuardedAsync(() => beside.DeliverBesideAsync(maildir))),
            Task.Run(() => SoakLoad.GuardedAsync(() => beside.FlagBesideAsync(maildir))),
            Task.Run(() => SoakLoad.GuardedAsync(() => beside.FlagBesideAsync(Path.Combine(maildir, ".Work")))),
        ];
        await Task.WhenAll(programs).WaitAsync(Patience);
        if (isKilled)
        {
            await server.KillAsync(); // In the middle of everything.
        }
        await Task.WhenAll(tasks).WaitAsync(Patience);
        foreach ((string kind, int count) in load.Done.Concat(beside.Done))
        {
            done[kind] = done.GetValueOrDefault(kind) + count;
        }
    }

    private static async Task CreateMailboxesAsync(DemoServer server)
    {
        await using LineClient client = await SoakLoad.LoginAsync(server, "alice");
        foreach (string mailbox in SoakLoad.Mailboxes.Skip(1))
        {
            await client.SendAsync($"c CREATE {mailbox}\r\n");
            await client.ExpectAsync("c ");
        }
    }

    private static async Task CheckMailAsync(DemoServer server, SoakLedger ledger, string when)
    {
        List<string> found = [];
        SoakLoad reader = new(ledger, new Random(1), CancellationToken.None);
        await using (LineClient alice = await SoakLoad.LoginAsync(server, "alice"))
        {
            foreach (string mailbox in SoakLoad.Mailboxes)
            {
                found.AddRange((await reader.SelectAsync(alice, mailbox)).Select(m => m.Token));
            }
        }
        await using (LineClient bob = await SoakLoad.LoginAsync(server, "bob"))
        {
            found.AddRange((await reader.SelectAsync(bob, "INBOX", "bob")).Select(m => m.Token));
        }
        List<string> wrong = ledger.Compare(found);
        Assert.True(wrong.Count == 0, $"{when}: {wrong.Count} wrong:\n{string.Join('\n', wrong.Take(10))}\ndata in {server.Data}\n{server.Said}");
    }

    private static async Task CheckIndexAsync(string configuration, string when)
    {
        (int code, string said) = await Programs.TryRunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailaccess.dll"), "index", "check", "--config", configuration]);
        Assert.True(code == 0, $"{when}: index check ends with {code}\n{said}");
    }
}
