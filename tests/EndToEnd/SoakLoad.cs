using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace MailAccess.EndToEnd;

/// <summary>The clients and programs of the soak. Each runs until it is told to stop or its server is gone.</summary>
internal sealed partial class SoakLoad(SoakLedger ledger, Random random, CancellationToken stop)
{
    public static readonly string[] Mailboxes = ["INBOX", "Work", "Archive"];
    private const int MessagesMax = 400;

    private readonly ConcurrentDictionary<(string, string), bool> _claimed = new();
    private readonly Lock _random = new();
    private long _delivered;

    /// <summary>Operations that were acknowledged, by kind.</summary>
    public ConcurrentDictionary<string, int> Done { get; } = new();

    /// <summary>Runs one of them; that the server dies under it is no fault.</summary>
    public static async Task GuardedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception gone) when (gone is IOException or SocketException or Xunit.Sdk.FailException or TimeoutException)
        {
            // Killed: what was not acknowledged may or may not have happened.
        }
    }

    /// <summary>Mail from outside.</summary>
    public async Task DeliverAsync(DemoServer server, bool byLmtp)
    {
        await using LineClient client = await LineClient.ConnectAsync(server.Port(byLmtp ? 24 : 25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync(byLmtp ? "LHLO t" : "EHLO t", "250 ");
        while (!stop.IsCancellationRequested)
        {
            string token = ledger.NewToken();
            await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
            await client.CommandAsync($"RCPT TO:<{(Next(3) == 0 ? "bob" : "alice")}@example.test>", "250 ");
            await client.CommandAsync("DATA", "354 ");
            ledger.MayAppear(token);
            await client.SendAsync(Text(token) + ".\r\n");
            await client.ExpectAsync("250 ");
            ledger.Appeared(token);
            Count(byLmtp ? "lmtp" : "smtp");
        }
    }

    /// <summary>One mail program of alice, that does everything.</summary>
    public async Task ImapAsync(DemoServer server)
    {
        await using LineClient client = await LoginAsync(server, "alice");
        while (!stop.IsCancellationRequested)
        {
            string mailbox = Mailboxes[Next(Mailboxes.Length)];
            List<(string Uid, string Token)> all = await SelectAsync(client, mailbox);
            for (int i = 0; i < 10 && !stop.IsCancellationRequested; i++)
            {
                await OneAsync(client, mailbox, all);
            }
        }
    }

    /// <summary>Bob fetches his mail and deletes it.</summary>
    public async Task Pop3Async(DemoServer server)
    {
        while (!stop.IsCancellationRequested)
        {
            await using LineClient client = await LineClient.ConnectAsync(server.Port(995), tls: true);
            await client.ExpectAsync("+OK");
            await client.CommandAsync("USER bob@example.test", "+OK");
            await client.CommandAsync("PASS demo", "+OK");
            string[] counted = (await client.CommandAsync("STAT", "+OK")).Split(' ');
            List<string> tokens = [];
            for (int i = 1; i <= Math.Min(20, int.Parse(counted[1], CultureInfo.InvariantCulture)); i++)
            {
                await client.CommandAsync($"TOP {i} 0", "+OK");
                tokens.Add((await client.ExpectAsync("X-Token: "))["X-Token: ".Length..]);
                await client.ExpectAsync(".");
                await client.CommandAsync($"DELE {i}", "+OK");
            }
            tokens.ForEach(ledger.MayGo);
            await client.CommandAsync("QUIT", "+OK");
            tokens.ForEach(ledger.Gone);
            Count("pop3 session");
        }
    }

    /// <summary>Another delivery agent, that knows nothing of the server.</summary>
    public async Task DeliverBesideAsync(string maildir)
    {
        while (!stop.IsCancellationRequested)
        {
            string token = ledger.NewToken();
            string name = $"{Environment.ProcessId}.{Interlocked.Increment(ref _delivered)}_{token}.beside";
            ledger.MayAppear(token);
            await File.WriteAllTextAsync(Path.Combine(maildir, "tmp", name), Text(token).Replace("\r\n", "\n", StringComparison.Ordinal), CancellationToken.None);
            File.Move(Path.Combine(maildir, "tmp", name), Path.Combine(maildir, "new", name));
            ledger.Appeared(token);
            Count("delivered beside");
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(Next(60)), TimeProvider.System, stop));
        }
    }

    /// <summary>A mail program on the files, that only sets flags.</summary>
    public async Task FlagBesideAsync(string maildir)
    {
        while (!stop.IsCancellationRequested)
        {
            string[] files = Directory.GetFiles(Path.Combine(maildir, "cur"));
            if (files.Length > 0)
            {
                string file = files[Next(files.Length)];
                int info = file.LastIndexOf(":2,", StringComparison.Ordinal);
                if (info > 0 && !file[info..].Contains('F', StringComparison.Ordinal))
                {
                    try
                    {
                        File.Move(file, file[..(info + 3)] + string.Concat((file[(info + 3)..] + "F").Order()));
                        Count("flagged beside");
                    }
                    catch (IOException)
                    {
                        // The server was quicker.
                    }
                }
            }
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(Next(100)), TimeProvider.System, stop));
        }
    }

    public static async Task<LineClient> LoginAsync(DemoServer server, string user)
    {
        LineClient client = await LineClient.ConnectAsync(server.Port(993), tls: true);
        await client.ExpectAsync("* OK");
        await client.CommandAsync($"a LOGIN {user}@example.test demo", "a OK");
        return client;
    }

    /// <summary>Selects the mailbox and reads which message has which UID.</summary>
    public async Task<List<(string Uid, string Token)>> SelectAsync(LineClient client, string mailbox, string user = "alice")
    {
        await client.SendAsync($"s SELECT {mailbox}\r\n");
        string validity = "";
        while (await client.ReadLineAsync() is { } line && !line.StartsWith("s ", StringComparison.Ordinal))
        {
            validity = Validity().Match(line) is { Success: true } match ? match.Groups[1].Value : validity;
        }
        await client.SendAsync("f UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-Token)])\r\n");
        List<(string, string)> all = [];
        string uid = "";
        while (await client.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("f ", StringComparison.Ordinal))
            {
                return all;
            }
            uid = FetchedUid().Match(line) is { Success: true } match ? match.Groups[1].Value : uid;
            if (line.StartsWith("X-Token: ", StringComparison.Ordinal))
            {
                all.Add((uid, line["X-Token: ".Length..]));
                ledger.Saw($"{user}/{mailbox}/{validity}", uid, all[^1].Item2);
            }
        }
        throw new IOException("the server closed");
    }

    private async Task OneAsync(LineClient client, string mailbox, List<(string Uid, string Token)> all)
    {
        string token;
        string uid = "";
        string target = Mailboxes[Next(Mailboxes.Length)];
        int kind = all.Count > MessagesMax ? 4 : Next(5);
        if (all.Count == 0 || kind == 0)
        {
            token = ledger.NewToken();
            string text = Text(token);
            ledger.MayAppear(token);
            await client.CommandAsync($"b APPEND {target} (\\Seen) {{{text.Length}+}}\r\n{text}", "b OK");
            ledger.Appeared(token);
            Count("append");
            return;
        }
        (uid, token) = all[Next(all.Count)];
        if (kind == 1)
        {
            await client.CommandAsync($"b UID STORE {uid} {(Next(2) == 0 ? "+" : "-")}FLAGS.SILENT (\\Answered key{Next(5)})", "b OK");
            Count("store");
            return;
        }
        if (!_claimed.TryAdd((mailbox, uid), true))
        {
            return; // Another session has it in hand, or had.
        }
        switch (kind)
        {
            case 2:
                ledger.MayAppear(token);
                await client.CommandAsync($"b UID COPY {uid} {target}", "b OK");
                ledger.Appeared(token);
                _claimed.TryRemove((mailbox, uid), out _);
                Count("copy");
                break;
            case 3:
                await client.CommandAsync($"b UID MOVE {uid} {target}", "b OK");
                Count("move");
                break;
            default:
                ledger.MayGo(token);
                await client.CommandAsync($"b UID STORE {uid} +FLAGS.SILENT (\\Deleted)", "b OK");
                await client.CommandAsync($"b UID EXPUNGE {uid}", "b OK");
                ledger.Gone(token);
                Count("expunge");
                break;
        }
    }

    private string Text(string token) => $"X-Token: {token}\r\nSubject: soak\r\n\r\n{new string('x', Next(4000))}\r\n";

    private int Next(int below)
    {
        lock (_random)
        {
            return random.Next(below);
        }
    }

    private void Count(string kind) => Done.AddOrUpdate(kind, 1, (_, n) => n + 1);

    [GeneratedRegex(@"\[UIDVALIDITY (\d+)\]")]
    private static partial Regex Validity();

    [GeneratedRegex(@"^\* \d+ FETCH \(.*UID (\d+)")]
    private static partial Regex FetchedUid();
}
