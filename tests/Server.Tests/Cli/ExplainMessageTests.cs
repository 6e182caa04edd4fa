using System.Text.Json;
using MailAccess.Queue;
using MailAccess.Server.Cli;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Cli;

/// <summary>A message's life, from logs of each form.</summary>
public sealed class ExplainMessageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-explain-");

    public void Dispose() => _folder.Delete(recursive: true);

    private const string Id = "01hqabcdef0";
    private const string ReportId = "01hqabcdef1";

    private static readonly (int Seconds, string Text)[] Lines =
    [
        (0, $"{Id}: client=unknown[192.0.2.7], proto=submission, session=c1"),
        (0, $"{Id}: message-id=<one@example.test>"),
        (1, "01hqabcdefz: message-id=<other@example.test>"),
        (2, $"{Id}: to=<x@far.test>, relay=none, delay=2, dsn=5.1.2, status=bounced (550 5.1.2 no such domain)"),
        (2, $"{ReportId}: message-id=<{ReportId}@mail.example.test>"),
        (2, $"{Id}: sender non-delivery notification: {ReportId}"),
        (2, $"{Id}: removed"),
        (150, $"{ReportId}: to=<alice@example.test>, relay=local, delay=148, dsn=2.0.0, status=sent (250 2.0.0 delivered)"),
    ];

    [Theory]
    [InlineData("{1:yyyy-MM-ddTHH:mm:ss.fffZ} queue: {0}", Id)]
    [InlineData("{1:yyyy-MM-ddTHH:mm:ss.fffZ} queue: {0}", "<one@example.test>")]
    [InlineData("{1:MMM dd HH:mm:ss} host mailaccess/qmgr[17]: {0}", Id)]
    [InlineData("{1:MMM dd HH:mm:ss} host mailaccess/qmgr[17]: warning: {0}", Id)]
    public async Task A_life_is_told_in_order_with_what_became_of_its_report(string form, string name)
    {
        ManualTimeProvider clock = new();
        DateTimeOffset start = clock.GetUtcNow();
        string log = string.Join('\n', Lines.Select(l => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, l.Text, start.AddSeconds(l.Seconds))));
        string told = await RunAsync(0, name, "rubbish\n" + log, clock);
        string[] lines = told.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(start.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), lines[0]);
        Assert.DoesNotContain("other@", told, StringComparison.Ordinal);
        Assert.Contains($"   +2s  {Id}: removed", lines);
        Assert.Contains($"   +0s  {Id}: client=unknown[192.0.2.7], proto=submission, session=c1", lines);
        Assert.Contains($"   +2s    {ReportId}: message-id=<{ReportId}@mail.example.test>", lines);
        Assert.EndsWith("status=sent (250 2.0.0 delivered)", lines[^1], StringComparison.Ordinal);
        Assert.StartsWith($"   +2m    {ReportId}: to=<alice", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stamps_without_a_year_pass_new_year()
    {
        ManualTimeProvider clock = new();
        DateTimeOffset newYear = new(clock.GetUtcNow().Year + 1, 1, 1, 0, 0, 10, TimeSpan.Zero);
        clock.Advance(newYear - clock.GetUtcNow());
        string log = $"Dec 31 23:59:50 host mailaccess/smtpd[17]: {Id}: client=a\nJan  1 00:00:05 host mailaccess/qmgr[17]: {Id}: removed\n";

        Assert.Equal($"{newYear.Year - 1}-12-31 23:59:50\n   +0s  {Id}: client=a\n  +15s  {Id}: removed\n", await RunAsync(0, Id, log, clock));
    }

    [Fact]
    public async Task Who_is_not_in_the_log_is_said()
    {
        Assert.Contains("knows 01hq0000000", await RunAsync(ExitCodes.DataError, "01hq0000000", "", new ManualTimeProvider()), StringComparison.Ordinal);
        string log = Write("log", "rubbish\n");
        Assert.Equal($"mailaccess: {log} does not know 01hq0000000\n", await RunAsync(ExitCodes.DataError, new(), "", "--message", "01hq0000000", "--log", log));
    }

    [Fact]
    public async Task A_log_that_is_named_needs_no_configuration_and_one_that_is_configured_is_found()
    {
        string log = Write("log", $"2026-11-22T04:00:00.000Z queue: {Id}: removed\n");
        string expected = $"2026-11-22 04:00:00\n   +0s  {Id}: removed\n";
        Assert.Equal(expected, await RunAsync(0, new(), "", "--message", Id, "--log", log, "--config", "/nowhere"));
        Assert.Equal(expected, await RunAsync(0, new(), "", "--message", Id, "--config", Configure($"\"log\": {{ \"file\": \"{log}\" }},")));
    }

    [Theory]
    [InlineData(Id)]
    [InlineData("<one@example.test>")]
    public async Task Where_no_log_is_at_hand_the_history_tells(string name)
    {
        ManualTimeProvider clock = new();
        string folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, "data", "history")).FullName;
        DeliveryRecord delivery = new()
        {
            Time = clock.GetUtcNow(),
            Id = Id,
            MessageId = "<one@example.test>",
            From = "a@example.test",
            To = "x@far.test",
            Relay = "none",
            Delay = "2",
            Delays = "2/0/0/0",
            Dsn = "5.1.2",
            Status = "bounced",
            Reply = "550 5.1.2 no such domain",
        };
        File.WriteAllText(
            Path.Combine(folder, clock.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) + ".deliveries"),
            JsonSerializer.Serialize(delivery, JsonSerializerOptions.Web) + "\n");
        string told = await RunAsync(0, clock, null, "--message", name, "--config", Configure(""));
        Assert.Contains($"journalctl -u mailaccess | mailaccess explain --message '{name}'\n", told, StringComparison.Ordinal);
        Assert.EndsWith($"  {Id}  bounced  from=<a@example.test> to=<x@far.test> relay=none delay=2 dsn=5.1.2 (550 5.1.2 no such domain)\n", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a@example.test", "--message", Id)]
    [InlineData("--message", Id, "--json")]
    [InlineData("a@example.test", "--log", "x")]
    [InlineData("--json")]
    public async Task What_does_not_go_together_is_an_error_of_usage(params string[] arguments) =>
        Assert.NotEqual(0, await ExplainCommand.Create(null, TextWriter.Null, TextWriter.Null, new ManualTimeProvider()).Parse(arguments)
            .InvokeAsync(new System.CommandLine.InvocationConfiguration { Output = TextWriter.Null, Error = TextWriter.Null }, TestContext.Current.CancellationToken));

    private Task<string> RunAsync(int code, string name, string log, ManualTimeProvider clock) => RunAsync(code, clock, log, "--message", name, "--config", Configure(""));

    private static async Task<string> RunAsync(int code, ManualTimeProvider clock, string? log, params string[] arguments)
    {
        await using StringWriter said = new();
        using StringReader? input = log is null ? null : new(log);
        Assert.Equal(code, await ExplainCommand.Create(input, said, said, clock).Parse(arguments).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken));
        return said.ToString();
    }

    private string Configure(string sections) =>
        Write("m.json", $$"""{ {{sections}} "hostname": "mail.example.test", "domains": ["example.test"], "accounts": { "passwdFile": "passwd" }, "data": "data" }""");

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
