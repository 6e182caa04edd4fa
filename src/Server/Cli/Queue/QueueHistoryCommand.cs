using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using MailAccess.Queue;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue history: what became of mail that has left the queue. Reads what the server has written; it may run meanwhile.</summary>
internal static class QueueHistoryCommand
{
    private static readonly string[] Statuses = ["sent", "bounced", "expired", "deleted", "deferred"];

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        Argument<string[]> ids = new("id") { Description = "Queue ids, or Message-IDs in angle brackets.", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> sender = new("--sender") { Description = "From this sender; * is any text, \"<>\" the null sender.", HelpName = "PATTERN" };
        Option<string?> recipient = new("--recipient") { Description = "To this recipient; * is any text.", HelpName = "PATTERN" };
        Option<string?> status = new("--status") { Description = "What became of it: sent, bounced, expired or deleted; or deferred: attempts after which it had to wait on.", HelpName = "STATUS" };
        Option<string?> error = new("--error") { Description = "With this text in the reply.", HelpName = "TEXT" };
        Option<string?> younger = new("--younger") { Description = "Only what ended less long ago: 90m, 12h, 3d.", HelpName = "AGE" };
        Option<bool> json = new("--json") { Description = "As JSON, one object a line." };
        Command command = new("history", "Shows what became of mail that has left the queue, oldest first.") { config, ids, sender, recipient, status, error, younger, json };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            TimeSpan age = TimeSpan.Zero;
            if (arguments.GetValue(younger) is { } text && !ScalarTypes.Duration.TryRead(text, JsonTokenType.String, out age))
            {
                await errors.WriteLineAsync($"mailaccess: --younger {text} is no duration such as 90m, 12h or 3d");
                return ExitCodes.Usage;
            }
            if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
            {
                return ExitCodes.Configuration;
            }
            if (configuration.Queue.HistoryDays == 0)
            {
                await errors.WriteLineAsync("mailaccess: note: queue.historyDays is 0, so nothing is written");
            }
            if (arguments.GetValue(status) is { } word && !Statuses.Contains(word, StringComparer.OrdinalIgnoreCase))
            {
                await errors.WriteLineAsync($"mailaccess: --status {word} is none of {string.Join(", ", Statuses)}");
                return ExitCodes.Usage;
            }
            HistoryFilter filter = new(arguments.GetValue(ids) ?? [], arguments.GetValue(sender), arguments.GetValue(recipient), arguments.GetValue(status), arguments.GetValue(error));
            DateTimeOffset since = age > TimeSpan.Zero ? clock.GetUtcNow() - age : DateTimeOffset.MinValue;
            try
            {
                await foreach (DeliveryRecord delivery in DeliveryHistory.ReadAsync(QueueSetup.HistoryFolder(configuration), filter.Kind, since, null, cancellationToken))
                {
                    if (filter.Matches(delivery))
                    {
                        await output.WriteAsync(arguments.GetValue(json) ? QueueJson.Line(delivery) + "\n" : Row(delivery));
                    }
                }
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

    /// <summary>One line, whose fields have the names that they have in the log.</summary>
    internal static string Row(DeliveryRecord delivery) => QueueText.Clean(string.Create(CultureInfo.InvariantCulture,
        $"{delivery.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}  {delivery.Id}  {delivery.Status,-7}  from=<{delivery.From}> to=<{delivery.To}> relay={delivery.Relay} delay={delivery.Delay}{(delivery.Dsn is { } dsn ? $" dsn={dsn}" : "")} ({delivery.Reply})")) + "\n";

    private sealed record HistoryFilter(string[] Ids, string? Sender, string? Recipient, string? Status, string? Error)
    {
        public HistoryKind Kind => string.Equals(Status, "deferred", StringComparison.OrdinalIgnoreCase) ? HistoryKind.Attempts : HistoryKind.Finished;

        public bool Matches(DeliveryRecord delivery) =>
            (Ids.Length == 0 || Ids.Contains(delivery.Id, StringComparer.Ordinal) || Ids.Contains(delivery.MessageId, StringComparer.Ordinal))
            && (Sender is null || (Sender == "<>" ? delivery.From.Length == 0 : Wildcard.Matches(Sender, delivery.From)))
            && (Recipient is null || Wildcard.Matches(Recipient, delivery.To))
            && (Status is null || string.Equals(Status, delivery.Status, StringComparison.OrdinalIgnoreCase))
            && (Error is null || delivery.Reply?.Contains(Error, StringComparison.OrdinalIgnoreCase) == true);
    }
}
