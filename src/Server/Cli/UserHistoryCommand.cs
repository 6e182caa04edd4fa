using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MailAccess.Auth;
using MailAccess.Auth.History;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess user history: who logged in from where, or failed to. Reads what the server has written; it may run meanwhile.</summary>
internal static class UserHistoryCommand
{
    private static readonly string[] Headings = ["FIRST", "LAST", "COUNT", "OUTCOME", "PROTOCOL", "MECHANISM", "TLS", "ADDRESS"];

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Argument<string> user = new("name") { Description = "The account, as it is called in the passwd file" };
        Option<string> config = CommonOptions.Config();
        Option<bool> json = new("--json") { Description = "As JSON, one object a line" };
        Option<bool> failures = new("--failures") { Description = "Only what failed" };
        Option<string?> since = new("--since") { Description = "Only what happened since then: 2026-03-01, or so long ago: 12h, 7d", HelpName = "WHEN" };
        Command command = new("history", "Shows an account's logins: when, from where, by what means, and what failed.") { user, config, json, failures, since };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            DateTimeOffset from = DateTimeOffset.MinValue;
            if (arguments.GetValue(since) is { } when && !TryReadSince(when, clock.GetUtcNow(), out from))
            {
                await errors.WriteLineAsync($"mailaccess: --since {when} is neither a date such as 2026-03-01 nor a duration such as 12h or 7d");
                return ExitCodes.Usage;
            }
            if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
            {
                return ExitCodes.Configuration;
            }
            if (configuration.Accounts.HistoryTime == TimeSpan.Zero)
            {
                await errors.WriteLineAsync("mailaccess: note: accounts.loginHistory is \"0s\", so nothing is written");
            }
            string account = arguments.GetValue(user)!;
            string folder = AccountSource.HistoryFolder(configuration);
            string path = new[] { account, account.ToLowerInvariant() }.Select(a => LoginHistoryFile.PathOf(folder, a)).FirstOrDefault(File.Exists)
                ?? LoginHistoryFile.PathOf(folder, account);
            try
            {
                List<LoginEvent> shown = [.. (await LoginHistoryFile.ReadAsync(path, cancellationToken))
                    .Where(e => e.Last >= from && (e.Failure != AuthenticationFailure.None || !arguments.GetValue(failures)))];
                await output.WriteAsync(arguments.GetValue(json) ? string.Concat(shown.Select(e => e.Format() + "\n")) : Table(shown));
                return ExitCodes.Ok;
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                await errors.WriteLineAsync($"mailaccess: {problem.Message}");
                return ExitCodes.Unavailable;
            }
        });
        return command;
    }

    /// <summary>Columns as wide as what stands in them.</summary>
    internal static string Table(IReadOnlyList<LoginEvent> events)
    {
        List<string[]> rows = [Headings, .. events.Select(e => new[]
        {
            Time(e.First), Time(e.Last), e.Count.ToString(CultureInfo.InvariantCulture), e.Failure == AuthenticationFailure.None ? "ok" : e.Failure.ToString(),
            e.Protocol, e.Mechanism, e.IsEncrypted ? "yes" : "no", e.Remote + (e.IsNewPlace ? "  new place" : ""),
        })];
        int[] widths = [.. Enumerable.Range(0, Headings.Length).Select(c => rows.Max(r => r[c].Length))];
        StringBuilder text = new();
        foreach (string[] row in rows)
        {
            text.Append(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static bool TryReadSince(string text, DateTimeOffset now, out DateTimeOffset from)
    {
        if (ScalarTypes.Duration.TryRead(text, JsonTokenType.String, out TimeSpan ago))
        {
            from = now - ago;
            return true;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out from);
    }
}
