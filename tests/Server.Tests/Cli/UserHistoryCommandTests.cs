using System.Text.Json;
using MailAccess.Server.Cli;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Cli;

public sealed class UserHistoryCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-history-").FullName;
    private readonly ManualTimeProvider _clock = new();

    public UserHistoryCommandTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "data", "logins"));
        File.WriteAllText(Path.Combine(_folder, "mailaccess.json"), "{ \"domains\": [\"example.test\"] }");
        File.WriteAllLines(Path.Combine(_folder, "data", "logins", "alice@example.test.jsonl"),
        [
            Line("2026-03-01T10:00:00.000Z", "2026-03-01T22:00:00.000Z", 720, "ok", "192.0.2.1", true),
            "{\"first\":\"torn",
            Line("2026-03-14T08:00:00.000Z", "2026-03-14T08:00:00.000Z", 1, "InvalidCredentials", "2001:db8::7", false),
            Line("2026-03-14T08:00:00.000Z", "2026-03-14T08:00:09.000Z", 3, "InvalidCredentials", "2001:db8::7", false),
        ]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_table_tells_when_from_where_and_how_often() => Assert.Equal(
        """
        FIRST                 LAST                  COUNT  OUTCOME             PROTOCOL  MECHANISM  TLS  ADDRESS
        2026-03-01 10:00:00Z  2026-03-01 22:00:00Z  720    ok                  imap      PLAIN      yes  192.0.2.1  new place
        2026-03-14 08:00:00Z  2026-03-14 08:00:09Z  3      InvalidCredentials  imap      PLAIN      yes  2001:db8::7

        """, await RunAsync(0, "Alice@example.test"));

    [Theory]
    [InlineData("--failures", 1)]
    [InlineData("--since 2026-03-01", 2)]
    [InlineData("--since 2026-03-02", 1)]
    [InlineData("--since 2h", 1)]
    [InlineData("--since 1h", 0)]
    [InlineData("--since 30d --failures", 1)]
    public async Task What_is_not_wanted_is_left_out(string options, int events)
    {
        string[] lines = (await RunAsync(0, ["alice@example.test", "--json", .. options.Split(' ')])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(events, lines.Length);
        foreach (string line in lines)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            Assert.True(json.RootElement.GetProperty("count").GetInt32() is 3 or 720);
        }
    }

    [Fact]
    public async Task Who_has_no_history_has_an_empty_one_and_a_senseless_time_is_said()
    {
        Assert.Equal("", await RunAsync(0, "nobody@example.test", "--json"));
        Assert.Contains("neither a date", await RunAsync(ExitCodes.Usage, "alice@example.test", "--since", "soon"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.0/24", "10d", "0s", true)]
    [InlineData("webmail", "10d", "0s", false)]
    public async Task Throttling_is_configured_beside_the_accounts(string network, string known, string history, bool isGood)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "mailaccess.json"),
            $$"""{ "domains": ["example.test"], "accounts": { "throttle": { "enabled": false, "trustedNetworks": ["{{network}}"], "knownPlaceTime": "{{known}}" }, "loginHistory": "{{history}}" } }""",
            TestContext.Current.CancellationToken);
        Assert.Contains(isGood ? "nothing is written" : "trustedNetworks[0]", await RunAsync(isGood ? 0 : ExitCodes.Configuration, "alice@example.test", "--failures"), StringComparison.Ordinal);
    }

    private static string Line(string first, string last, int count, string outcome, string address, bool isNew) =>
        $$"""{"first":"{{first}}","last":"{{last}}","count":{{count}},"outcome":"{{outcome}}","protocol":"imap","mechanism":"PLAIN","address":"{{address}}","tls":true,"newPlace":{{(isNew ? "true" : "false")}}}""";

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        await using StringWriter said = new();
        Assert.Equal(code, await UserHistoryCommand.Create(said, said, _clock)
            .Parse([.. arguments, "--config", Path.Combine(_folder, "mailaccess.json")]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken));
        return said.ToString();
    }
}
