using MailAccess.Server.Cli;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Cli;

/// <summary>A message's life, from logs of each form.</summary>
public sealed class ExplainMessageTests
{
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
    public async Task Who_is_not_in_the_log_is_said() =>
        Assert.Contains("does not know", await RunAsync(ExitCodes.DataError, "01hq0000000", "", new ManualTimeProvider()), StringComparison.Ordinal);

    private static async Task<string> RunAsync(int code, string name, string log, ManualTimeProvider clock)
    {
        await using StringWriter said = new();
        using StringReader input = new(log);
        Assert.Equal(code, await QueueExplainCommand.RunAsync(name, null, said, said, input, clock, TestContext.Current.CancellationToken));
        return said.ToString();
    }
}
