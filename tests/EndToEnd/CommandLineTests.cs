using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>The command line as an administrator uses it.</summary>
public sealed class CommandLineTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mailaccess.dll");

    [Theory]
    [InlineData("--help", "demo")]
    [InlineData("demo --help", "--port-base")]
    [InlineData("serve --help", "--config")]
    [InlineData("check --help", "--config")]
    [InlineData("user --help", "passwd")]
    [InlineData("adopt --help", "--dry-run")]
    [InlineData("user add --help", "--config")]
    public async Task Each_command_explains_itself(string arguments, string expected) =>
        Assert.Contains(expected, await RunAsync(0, arguments.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public async Task It_says_its_version() =>
        Assert.Matches(@"^\d+\.\d+\.\d+", (await RunAsync(0, "--version")).Trim());

    [Fact]
    public async Task Check_accepts_a_good_configuration_and_tells_every_error_of_a_bad_one()
    {
        string folder = Directory.CreateTempSubdirectory("mailaccess-check-").FullName;
        string file = Path.Combine(folder, "mailaccess.json");
        await File.WriteAllTextAsync(Path.Combine(folder, "passwd"), "ann@example.org:{PLAIN}secret\n");
        await File.WriteAllTextAsync(file, "{ \"domains\": [\"example.org\"], \"listeners\": [ { \"protocol\": \"imap\", \"address\": \"127.0.0.1\", \"port\": 0 } ] }");
        Assert.Contains("good", await RunAsync(0, "check", "--config", file), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "{\n  \"domains\": [\"exa mple\"],\n  \"queeu\": {}\n}");
        string said = await RunAsync(78, "check", "--config", file);
        Assert.Contains("mailaccess.json:2: domains[0]", said, StringComparison.Ordinal);
        Assert.Contains("mailaccess.json:3: queeu", said, StringComparison.Ordinal);
        Assert.Contains("there is no such file", await RunAsync(78, "check", "--config", Path.Combine(folder, "none.json")), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Check_accepts_the_example() =>
        Assert.Contains("good", await RunAsync(0, "check", "--config", Path.Combine(Repository.Root, "docs", "mailaccess.example.json")), StringComparison.Ordinal);

    [Fact]
    public async Task Adopt_says_what_it_finds_and_refuses_what_it_cannot_do()
    {
        string folder = Directory.CreateTempSubdirectory("mailaccess-adopt-").FullName;
        string file = Path.Combine(folder, "mailaccess.json");
        string mail = Path.Combine(folder, "data", "mail", "ann@example.org", "Maildir");
        await File.WriteAllTextAsync(Path.Combine(folder, "passwd"), "ann@example.org:{PLAIN}secret\nbob@example.org:{PLAIN}secret\n");
        await File.WriteAllTextAsync(file, "{ \"domains\": [\"example.org\"] }");
        foreach (string part in new[] { "cur", "new", "tmp", "Lists/cur" })
        {
            Directory.CreateDirectory(Path.Combine(mail, part));
        }
        await File.WriteAllTextAsync(Path.Combine(mail, "cur", "1.a:2,Sq"), "Subject: x\n\ny\n");
        await File.WriteAllTextAsync(Path.Combine(mail, "courierimapuiddb"), "1 77 9\n8 1.a\n");
        foreach (string what in new[] { "ann@example.org", mail, mail + "/" })
        {
            string said = await RunAsync(0, "adopt", what, "--dry-run", "--config", file);
            Assert.Contains("INBOX: Courier, UIDVALIDITY 77, next UID 9: 1 messages, 1 with UIDs", said, StringComparison.Ordinal);
            Assert.Contains("LAYOUT=fs", said, StringComparison.Ordinal);
        }
        Assert.Contains("no such folder", await RunAsync(0, "adopt", "--dry-run", "--config", file), StringComparison.Ordinal); // Bob has none yet.
        Assert.Contains("no account", await RunAsync(67, "adopt", "carol", "--config", file), StringComparison.Ordinal);
        Assert.Contains("mail.path", await RunAsync(67, "adopt", folder, "--config", file), StringComparison.Ordinal);
        Assert.Equal(["Lists", "courierimapuiddb", "cur", "new", "tmp"], Directory.GetFileSystemEntries(mail).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal));
        using (FileStream running = new(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "data", "store")).FullName, "store.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Contains("another server is running", await RunAsync(69, "adopt", "--config", file), StringComparison.Ordinal);
        }
        Assert.Contains("taken over: 1 mailboxes of 1 accounts", await RunAsync(0, "adopt", "--config", file), StringComparison.Ordinal);
        Assert.Contains("INBOX: taken over already, UIDVALIDITY 77", await RunAsync(0, "adopt", "--dry-run", "--config", file), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Accounts_are_added_changed_listed_and_removed()
    {
        string folder = Directory.CreateTempSubdirectory("mailaccess-user-").FullName;
        string file = Path.Combine(folder, "mailaccess.json");
        await File.WriteAllTextAsync(file, "{ \"domains\": [\"example.org\"] }");
        await RunAsync(0, ["user", "add", "ann@example.org", "--password-stdin", "--config", file], "first password\n");
        Assert.Contains("already", await RunAsync(73, ["user", "add", "ann@example.org", "--password-stdin", "--config", file], "x\n"), StringComparison.Ordinal);
        Assert.Contains("ann@example.org", await RunAsync(0, "user", "list", "--config", file), StringComparison.Ordinal);
        string passwd = await File.ReadAllTextAsync(Path.Combine(folder, "passwd"));
        Assert.Contains("{SCRAM-SHA-256}", passwd, StringComparison.Ordinal);
        Assert.DoesNotContain("first password", passwd, StringComparison.Ordinal);
        await RunAsync(0, ["user", "passwd", "ann@example.org", "--password-stdin", "--config", file], "second\n");
        Assert.NotEqual(passwd, await File.ReadAllTextAsync(Path.Combine(folder, "passwd")));
        await RunAsync(0, "user", "remove", "ann@example.org", "--config", file);
        Assert.DoesNotContain("ann", await RunAsync(0, "user", "list", "--config", file), StringComparison.Ordinal);
        Assert.Contains("no account", await RunAsync(67, "user", "remove", "ann@example.org", "--config", file), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_index_is_checked_dumped_and_rebuilt_and_only_looked_at_while_the_server_runs()
    {
        string data = Directory.CreateTempSubdirectory("mailaccess-index-").FullName;
        string file = Path.Combine(data, "check.json");
        await File.WriteAllTextAsync(file, $$"""{ "data": "{{data}}", "domains": ["example.test"], "accounts": { "passwdFile": "{{data}}/passwd" } }""");
        await using (DemoServer server = await DemoServer.StartAsync(data))
        {
            await using (LineClient client = await SoakLoad.LoginAsync(server, "alice"))
            {
                await client.CommandAsync("b APPEND INBOX (\\Flagged key) {12+}\r\nSubject: x\r\n", "b OK");
                await client.CommandAsync("c LOGOUT", "c OK");
            }
            Assert.Contains("server is running", await RunAsync(0, "index", "dump", "alice@example.test", "INBOX", "--config", file), StringComparison.Ordinal);
            Assert.Contains("another server is running", await RunAsync(69, "index", "rebuild", "--config", file), StringComparison.Ordinal);
            Assert.Equal(0, await server.TerminateAsync());
        }
        Assert.Contains("alice@example.test INBOX: good, 1 messages", await RunAsync(0, "index", "check", "--config", file), StringComparison.Ordinal);
        string json = await RunAsync(0, "index", "dump", "alice@example.test", "INBOX", "--json", "--config", file);
        Assert.Contains("\"keywords\":[\"key\"]", json, StringComparison.Ordinal);
        string index = Path.Combine(data, "mail", "alice@example.test", "Maildir", "mailaccess.index");
        byte[] octets = await File.ReadAllBytesAsync(index);
        octets[^1] ^= 1;
        await File.WriteAllBytesAsync(index, octets);
        Assert.Contains("damaged", await RunAsync(65, "index", "check", "alice@example.test", "--config", file), StringComparison.Ordinal);
        Assert.Contains("INBOX: 1 messages", await RunAsync(0, "index", "rebuild", "alice@example.test", "INBOX", "--config", file), StringComparison.Ordinal);
        Assert.Contains("INBOX: good, 1 messages", await RunAsync(0, "index", "check", "alice@example.test", "INBOX", "--config", file), StringComparison.Ordinal);
        string rebuilt = await RunAsync(0, "index", "dump", "alice@example.test", "INBOX", "--json", "--config", file);
        Assert.Contains("\"flags\":[\"\\\\Flagged\"],\"keywords\":[\"key\"]", rebuilt, StringComparison.Ordinal);
        Assert.Contains("no account", await RunAsync(67, "index", "check", "nobody", "--config", file), StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task The_index_of_a_spool_is_made_checked_and_dumped()
    {
        string data = Directory.CreateTempSubdirectory("mailaccess-index-").FullName;
        string file = Path.Combine(data, "check.json");
        await File.WriteAllTextAsync(
            file,
            $$"""
            { "data": "{{data}}", "domains": ["example.test"], "accounts": { "passwdFile": "{{data}}/passwd" },
              "mail": { "format": "mbox", "path": "{{data}}/mail/{user}", "inbox": "{{data}}/spool/{user}" } }
            """);
        await File.WriteAllTextAsync(Path.Combine(data, "passwd"), "alice@example.test:{PLAIN}secret:::::\n");
        Directory.CreateDirectory(Path.Combine(data, "spool"));
        string spool = Path.Combine(data, "spool", "alice@example.test");
        await File.WriteAllTextAsync(spool, "From bob@example.org Mon Jan  5 09:08:07 2026\nSubject: one\nX-IMAPbase: 1700000000 7 key\nX-UID: 7\nX-Keywords: key\nStatus: RO\n\nbody\n\n");
        Assert.Contains("no index yet", await RunAsync(0, "index", "check", "--config", file), StringComparison.Ordinal);
        Assert.Contains("INBOX: 1 messages", await RunAsync(0, "index", "rebuild", "--config", file), StringComparison.Ordinal);
        Assert.Contains("alice@example.test INBOX: good, 1 messages", await RunAsync(0, "index", "check", "--config", file), StringComparison.Ordinal);
        string dump = await RunAsync(0, "index", "dump", "--json", "--config", file);
        Assert.Contains("\"uidvalidity\":1700000000", dump, StringComparison.Ordinal);
        Assert.Contains("\"uid\":7,", dump, StringComparison.Ordinal);
        Assert.Contains($"\"place\":\"0+{new FileInfo(spool).Length}\"", dump, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static Task<string> RunAsync(int expectedCode, params string[] arguments) => RunAsync(expectedCode, arguments, "");

    private static async Task<string> RunAsync(int expectedCode, string[] arguments, string input)
    {
        (int code, string said) = await Programs.TryRunAsync("dotnet", [Program, .. arguments], input);
        Assert.True(code == expectedCode, $"exit {code}, not {expectedCode}\n{said}");
        return said;
    }
}
