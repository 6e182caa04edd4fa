using System.Text.Json;

namespace MailAccess.EndToEnd;

/// <summary>App passwords from the command line to the client and back.</summary>
public sealed class AppPasswordTests
{
    private const string Alice = "alice@example.test";
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mailaccess.dll");

    [Fact]
    public async Task An_app_password_opens_what_it_may_until_it_is_removed_and_its_use_is_shown()
    {
        string data = Directory.CreateTempSubdirectory("mailaccess-app-").FullName;
        string config = Path.Combine(data, "check.json");
        await File.WriteAllTextAsync(config, $$"""{ "data": "{{data}}", "domains": ["example.test"], "accounts": { "passwdFile": "{{data}}/passwd" } }""");
        await using (DemoServer server = await DemoServer.StartAsync(data))
        {
            string said = await RunAsync(0, config, "add", Alice, "Alice's phone", "--protocols", "imap,submission", "--expires", "90d");
            string password = said.Split('\n').First(l => l.Length == 23 && l.Count(c => c == '-') == 3);
            Assert.Contains("already", await RunAsync(73, config, "add", Alice, "alice's PHONE"), StringComparison.Ordinal);
            Assert.Contains("no account", await RunAsync(67, config, "add", "nobody", "x"), StringComparison.Ordinal);
            Assert.Contains("--expires", await RunAsync(64, config, "add", Alice, "x", "--expires", "soon"), StringComparison.Ordinal);
            Assert.Contains("ended already", await RunAsync(73, config, "add", Alice, "x", "--expires", "2020-01-01"), StringComparison.Ordinal);
            Assert.Contains("never used", await RunAsync(0, config, "list"), StringComparison.Ordinal);

            Assert.StartsWith("a OK", await ImapAsync(server, password), StringComparison.Ordinal);
            await using (LineClient pop3 = await LineClient.ConnectAsync(server.Port(995), tls: true))
            {
                await pop3.ExpectAsync("+OK");
                await pop3.CommandAsync($"USER {Alice}", "+OK");
                Assert.Contains("[AUTH]", await pop3.CommandAsync($"PASS {password}", "-ERR"), StringComparison.Ordinal);
            }
            await RunAsync(0, config, "remove", Alice, "Alice's phone");
            Assert.Contains("AUTHENTICATIONFAILED", await ImapAsync(server, password), StringComparison.Ordinal);
            Assert.StartsWith("a OK", await ImapAsync(server, "demo"), StringComparison.Ordinal);
            Assert.Contains("app=<Alice's phone>", server.Said, StringComparison.Ordinal);
            Assert.DoesNotContain(password, server.Said, StringComparison.Ordinal);

            await RunAsync(0, config, "add", "alice", "tablet"); // The name as it may be typed at login.
            string second = (await RunAsync(0, config, "add", Alice, "laptop")).Split('\n').First(l => l.Length == 23);
            Assert.StartsWith("a OK", await ImapAsync(server, second), StringComparison.Ordinal);
            Assert.Equal(0, await server.TerminateAsync());
        }
        string[] lines = (await RunAsync(0, config, "list", Alice, "--json")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using var laptop = JsonDocument.Parse(lines[1]);
        Assert.Equal("laptop", laptop.RootElement.GetProperty("name").GetString());
        Assert.Equal("imap", laptop.RootElement.GetProperty("lastProtocol").GetString());
        Assert.Equal("127.0.0.1", laptop.RootElement.GetProperty("lastAddress").GetString());
        await RunUserAsync(0, "remove", Alice, "--config", config);
        Assert.DoesNotContain("alice", await RunAsync(0, config, "list"), StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static async Task<string> ImapAsync(DemoServer server, string password)
    {
        await using LineClient client = await LineClient.ConnectAsync(server.Port(993), tls: true);
        return await client.CommandAsync($"a LOGIN {Alice} \"{password}\"", "a ");
    }

    private static Task<string> RunAsync(int expectedCode, string config, string verb, params string[] arguments) =>
        RunUserAsync(expectedCode, ["app-password", verb, .. arguments, "--config", config]);

    private static async Task<string> RunUserAsync(int expectedCode, params string[] arguments)
    {
        (int code, string said) = await Programs.TryRunAsync("dotnet", [Program, "user", .. arguments]);
        Assert.True(code == expectedCode, $"exit {code}, not {expectedCode}\n{said}");
        return said;
    }
}
