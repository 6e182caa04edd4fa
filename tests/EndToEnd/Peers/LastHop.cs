using System.Globalization;
using System.Text.Json;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Peers;

/// <summary>
/// Our server as the last hop behind another mail server: accounts beyond the demo's, LMTP also at a Unix socket, messages of at most 1 MB,
/// mail for other domains to a smart host.
/// </summary>
internal sealed class LastHop : IAsyncDisposable
{
    public const string Alice = "alice@example.test";
    public const string Bob = "bob@example.test";

    /// <summary>Holds a message of 20 KB and not one of 40 KB.</summary>
    public const string Small = "small@example.test";

    /// <summary>Needs SMTPUTF8.</summary>
    public const string Jose = "josé@example.test";

    public const string Nobody = "nobody@example.test";
    private const string Password = "demo";
    private readonly string _folder;

    private LastHop(string folder, DemoServer server, int smartHostPort)
    {
        _folder = folder;
        Server = server;
        SmartHostPort = smartHostPort;
        CaFile = Path.Combine(folder, "ca.pem");
        File.Copy(server.CaFile, CaFile); // The data folder is the server's alone.
    }

    public DemoServer Server { get; }

    /// <summary>Where everybody may find the certificate authority.</summary>
    public string CaFile { get; }

    /// <summary>The socket at which LMTP is spoken; everybody may write to it.</summary>
    public string LmtpSocket => Path.Combine(_folder, "lmtp");

    /// <summary>Where mail for other domains goes, by plain SMTP at 127.0.0.1.</summary>
    public int SmartHostPort { get; }

    /// <summary>With what a full mailbox tells its senders: <c>temporary</c> or <c>permanent</c>.</summary>
    public static async Task<LastHop> StartAsync(string whenFull)
    {
        string folder = WorldReadable("mailaccess-hop-");
        string data = Path.Combine(folder, "data");
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(data, "passwd"), string.Concat(
            new[] { Alice, Bob, Jose }.Select(a => $"{a}:{{PLAIN}}{Password}::::::\n")) + $"{Small}:{{PLAIN}}{Password}::::::userdb_quota_rule=*:storage=30\n");
        int portBase = DemoServer.FreeBase();
        int smartHostPort = FreePorts.Next();
        var listeners = new (string Protocol, int Port, string Tls)[] { ("smtp", 25, "starttls"), ("lmtp", 24, "none"), ("imap", 993, "implicit"), ("submission", 465, "implicit") }
            .Select(l => (object)new { protocol = l.Protocol, address = "127.0.0.1", port = portBase + l.Port, tls = l.Tls })
            .Append(new { protocol = "lmtp", socket = Path.Combine(folder, "lmtp"), socketMode = "0666" });
        DemoServer server = await DemoServer.StartAsync(data, new()
        {
            ["MAILACCESS_LISTENERS"] = JsonSerializer.Serialize(listeners),
            ["MAILACCESS_MAIL__MESSAGESIZEMAX"] = "1MB",
            ["MAILACCESS_QUOTA__WHENFULL"] = whenFull,
            ["MAILACCESS_QUEUE__RELAY"] = "true",
            ["MAILACCESS_QUEUE__SMARTHOST"] = $"127.0.0.1:{smartHostPort.ToString(CultureInfo.InvariantCulture)}",
        }, portBase);
        return new LastHop(folder, server, smartHostPort);
    }

    /// <summary>A new folder that other users may look into, as mail servers drop their rights.</summary>
    public static string WorldReadable(string prefix)
    {
        string folder = Directory.CreateTempSubdirectory(prefix).FullName;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return folder;
    }

    /// <summary>The one message in an account's INBOX in which the words stand (anywhere in it), as IMAP gives it.</summary>
    public async Task<string> ReadAsync(string account, string words)
    {
        string[] numbers = await FindAsync(account, words);
        string number = Assert.Single(numbers);
        return await CurlAsync(account, $"INBOX;MAILINDEX={number}");
    }

    /// <summary>The numbers of the messages in an account's INBOX in which the words stand.</summary>
    public async Task<string[]> FindAsync(string account, string words) =>
        (await CurlAsync(account, $"INBOX?TEXT%20%22{Uri.EscapeDataString(words)}%22")).Replace("* SEARCH", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<string> CurlAsync(string account, string path) => Programs.RunAsync(
        "curl", ["--silent", "--show-error", "--cacert", CaFile, "--user", $"{account}:{Password}", $"imaps://localhost:{Server.Port(993).ToString(CultureInfo.InvariantCulture)}/{path}"]);
}
