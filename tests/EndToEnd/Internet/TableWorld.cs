using System.Globalization;
using MailAccess.EndToEnd.Peers;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>A server with the tables of a site that comes from Sendmail and Postfix, and a peer at the end of its routes.</summary>
public sealed class TableWorld : IAsyncLifetime
{
    internal const string Password = "demo";
    private const int Seconds = 60;

    /// <summary>Accounts; carol's home folder has .forward files.</summary>
    private static readonly string[] Accounts =
        ["alice@example.test", "bob@example.test", "carol@example.test", "dave@example.test", "eve@example.test", "erin@host.example.test", "root@host.example.test", "box@box.test"];

    /// <summary>All at once, by submission, from whom to whom.</summary>
    private static readonly (string Sender, string[] Recipients)[] Submissions =
    [
        ("alice@example.test",
        [
            "staff@example.test", "robot@example.test", "info@v.test", "eve@catch.test", "bob+shop@catch.test", "x@far.test", "y@deep.dept.test", "carol@example.test", "carol+news@example.test",
            "somebody.else@example.test", "oldname@example.test",
        ]),
        ("dave@example.test", ["dave-sends@far.test"]),
        ("bob@example.test", ["bob-sends@far.test", "z@lmtp.test"]),
        ("erin@host.example.test", ["erin-sends@far.test"]),
        ("root@host.example.test", ["root-sends@far.test"]),
    ];

    private readonly string _folder = LastHop.WorldReadable("mailaccess-tables-");

    /// <summary>Why there is no such world here, or null.</summary>
    public string? Lacks { get; private set; }

    /// <summary>In the subject of every message.</summary>
    public string Token { get; } = $"tables-{Guid.NewGuid():N}";

    internal DemoServer Server { get; private set; } = null!;

    /// <summary>Knows all but <c>gone</c>.</summary>
    internal ScriptedPeer Far { get; } = new(c => c.Verb == "RCPT" && c.Line.Contains("<gone@", StringComparison.Ordinal) ? "550 5.1.1 gone away" : null);

    /// <summary>Where aliases' files are.</summary>
    internal string Output => Path.Combine(_folder, "out");

    /// <summary>The path of a table.</summary>
    internal string Table(string name) => Path.Combine(_folder, name);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Lacks = Programs.Has("python3") ? null : "python3 is not installed";
        if (Lacks is not null)
        {
            return;
        }
        await WriteAsync();
        string data = Path.Combine(_folder, "data");
        Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(data, "passwd"), string.Concat(
            Accounts.Select(a => $"{a}:{{PLAIN}}{Password}::::{(a.StartsWith("carol", StringComparison.Ordinal) ? Path.Combine(_folder, "carol") : "")}::\n")));
        Server = await DemoServer.StartAsync(data, new()
        {
            ["MAILACCESS_DOMAINS"] = "example.test,host.example.test,box.test",
            ["MAILACCESS_QUEUE__RELAY"] = "true",
            ["MAILACCESS_QUEUE__FIRSTRETRY"] = "1s",
            ["MAILACCESS_ROUTING__LOCALDOMAINS"] = Table("local-host-names"),
            ["MAILACCESS_ROUTING__ALIASES"] = Table("aliases"),
            ["MAILACCESS_ROUTING__VIRTUALALIASES"] = "hash:" + Table("virtusertable"),
            ["MAILACCESS_ROUTING__TRANSPORTS"] = "hash:" + Table("transport"),
            ["MAILACCESS_ROUTING__MAILERTABLE"] = "hash:" + Table("mailertable"),
            ["MAILACCESS_ROUTING__RELAYDOMAINS"] = Table("relay-domains"),
            ["MAILACCESS_ROUTING__FORWARDFILES"] = "true",
            ["MAILACCESS_ROUTING__UNKNOWNUSERS"] = "eve+$local@example.test",
            ["MAILACCESS_REWRITING__RECIPIENTCANONICAL"] = "hash:" + Table("recipient_canonical"),
            ["MAILACCESS_REWRITING__SENDERCANONICAL"] = "hash:" + Table("sender_canonical"),
            ["MAILACCESS_REWRITING__GENERICS"] = "hash:" + Table("genericstable"),
            ["MAILACCESS_REWRITING__MASQUERADE__DOMAINS"] = "example.test",
            ["MAILACCESS_REWRITING__MASQUERADE__EXCEPTIONS"] = "root",
        });
        await Task.WhenAll([.. Submissions.Select(s => SubmitAsync(s.Sender, s.Recipients))]);
    }

    /// <summary>The message in an account's INBOX that holds all these words; waits for it.</summary>
    internal Task<string> AwaitAsync(string account, params string[] words) => Programs.RunAsync("python3",
        [Path.Combine(Programs.Clients, "await_mail.py"), .. Client(), account, Password, Seconds.ToString(CultureInfo.InvariantCulture), .. words]);

    /// <summary>One message to each recipient, with a login.</summary>
    internal Task SubmitAsync(string sender, params string[] recipients) =>
        Programs.RunAsync("python3", [Path.Combine(Programs.Clients, "submit.py"), .. Client(), sender, Password, Token, .. recipients]);

    /// <summary>One message to each recipient, from outside; a line with the reply for each.</summary>
    internal async Task<string[]> BringAsync(int standardPort, string protocol, params string[] recipients)
    {
        string said = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "exchange.py"), Server.Port(standardPort).ToString(CultureInfo.InvariantCulture), protocol, "x@other.test", Token, .. recipients]);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
        await Far.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private string[] Client() => [Server.PortBase.ToString(CultureInfo.InvariantCulture), Server.CaFile];

    private async Task WriteAsync()
    {
        string far = string.Create(CultureInfo.InvariantCulture, $"[127.0.0.1]:{Far.Port}");
        Dictionary<string, string> files = new()
        {
            ["local-host-names"] = "example.test\nhost.example.test\n",
            ["relay-domains"] = "dept.test\n",
            ["aliases"] = $"""
                postmaster: root
                root:       alice
                staff:      crew, {Output}/archive
                crew:       bob, list
                list:       :include:{Table("list")}
                owner-list: dave
                robot:      "|/bin/cat > {Output}/robot; echo $SENDER $RECIPIENT >> {Output}/robot"
                cabinet:    {Output}/cabinet/

                """,
            ["list"] = "# Members\nalice\ngone@far.test\n",
            ["virtusertable"] = """
                v.test          VIRTUAL
                catch.test      VIRTUAL
                w.test          VIRTUAL
                info@v.test     bob
                @catch.test     %1@example.test
                old@w.test      error:5.1.6:550 has moved away
                some@w.test     bob

                """,
            ["transport"] = $"far.test   smtp:{far}\nlmtp.test  lmtp:inet:{far}\n",
            ["mailertable"] = $".dept.test  esmtp:{far}\n",
            ["recipient_canonical"] = "oldname  bob\n",
            ["sender_canonical"] = "dave  Dave.Jones\n",
            ["genericstable"] = "bob@example.test  bob@public.test\n",
            ["carol/.forward"] = "bob@example.test\n",
            ["carol/.forward+news"] = $"{Output}/news\n",
        };
        Directory.CreateDirectory(Table("carol"));
        Directory.CreateDirectory(Output);
        File.SetUnixFileMode(Output, (UnixFileMode)0b_111_111_111); // The agents' user, whoever that is, writes there.
        foreach ((string name, string content) in files)
        {
            await File.WriteAllTextAsync(Table(name), content);
        }
    }
}
