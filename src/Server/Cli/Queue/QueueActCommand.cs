using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using MailAccess.Queue;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue hold, release, requeue, retry, delete, bounce: the same to each message that is meant.</summary>
internal static class QueueActCommand
{
    public static Command Create(QueueAction action, string description, TextWriter output, TextWriter errors, TextReader input, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        QueueSelection selection = new();
        Option<bool> all = new("--all") { Description = "Every message in the queue." };
        Option<bool> yes = new("--yes", "-y") { Description = "Without asking." };
        Option<string> wait = new("--wait") { Description = "How long to wait for a message that is being delivered.", HelpName = "TIME", DefaultValueFactory = _ => "10s" };
        Option<string?> text = new("--text") { HelpName = "TEXT", Description = action == QueueAction.Bounce ? "What the sender is told." : "Why, for whoever looks at the queue." };
        Option<bool> json = new("--json") { Description = "As JSON, one object a line." };
        Command command = new(action.ToString().ToLowerInvariant(), description) { config, all, yes, wait, json };
        if (action is QueueAction.Hold or QueueAction.Bounce)
        {
            command.Add(text);
        }
        Option<string?> rule = new("--rule") { HelpName = "RULE", Description = "Instead: mail that comes from now on, \"sender=*@example.org\"; also recipient=, domain=, account=, client=." };
        if (action == QueueAction.Hold)
        {
            command.Add(rule);
        }
        selection.AddTo(command);
        command.Validators.Add(given =>
        {
            if (action == QueueAction.Hold && given.GetResult(rule) is not null && (given.GetValue(all) || selection.IsGiven(given)))
            {
                given.AddError("--rule is about mail to come, and goes with no messages that are in the queue");
            }
        });
        command.SetAction((arguments, cancellationToken) => action == QueueAction.Hold && arguments.GetValue(rule) is { } future
            ? Task.FromResult(QueueRulesCommand.Add(arguments.GetValue(config)!, future, arguments.GetValue(json) ? output : null, errors)) : QueueRun.RunAsync(arguments.GetValue(config)!, clock, errors, async view =>
        {
            if (selection.Read(arguments, errors) is not { } filter)
            {
                return ExitCodes.Usage;
            }
            if (!ScalarTypes.Duration.TryRead(arguments.GetValue(wait)!, JsonTokenType.String, out TimeSpan patience))
            {
                return Refuse(errors, $"--wait {arguments.GetValue(wait)} is no duration such as 10s");
            }
            if (filter.IsAll != arguments.GetValue(all))
            {
                return Refuse(errors, filter.IsAll ? "which messages? Name queue ids, a filter, or --all" : "--all and a filter contradict each other");
            }
            if (!view.IsServed)
            {
                await errors.WriteLineAsync($"mailaccess: {QueueView.NotRunning}");
                return ExitCodes.Unavailable;
            }
            if (filter.IsAll && !arguments.GetValue(yes) && !await IsSureAsync(view, filter, action, errors, input, cancellationToken))
            {
                return ExitCodes.Usage;
            }
            IAsyncEnumerable<QueueActionOutcome> outcomes = view.ActAsync(filter, action, arguments.GetValue(text), patience, cancellationToken);
            return await WriteAsync(outcomes, arguments.GetValue(json), output);
        }));
        return command;
    }

    /// <summary>Each outcome on a line, then a sum; the code is 0 where all was done.</summary>
    internal static async Task<int> WriteAsync(IAsyncEnumerable<QueueActionOutcome> outcomes, bool asJson, TextWriter output)
    {
        Dictionary<QueueActionResult, long> counts = [];
        await foreach (QueueActionOutcome outcome in outcomes)
        {
            counts[outcome.Result] = counts.GetValueOrDefault(outcome.Result) + 1;
            await output.WriteAsync(asJson ? QueueJson.Line(outcome) + "\n" : $"{QueueText.Clean(outcome.Id)}: {QueueText.Clean(outcome.Text)}\n");
        }
        if (!asJson)
        {
            await output.WriteLineAsync(counts.Count == 0 ? "No message."
                : string.Join(", ", counts.OrderBy(c => c.Key).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Value} {Word(c.Key)}"))) + ".");
        }
        return counts.Keys.All(r => r is QueueActionResult.Done or QueueActionResult.Unchanged) ? ExitCodes.Ok : ExitCodes.Unavailable;
    }

    private static string Word(QueueActionResult result) => result switch
    {
        QueueActionResult.Done => "done",
        QueueActionResult.Unchanged => "as before",
        QueueActionResult.NotFound => "not found",
        QueueActionResult.Busy => "being delivered",
        _ => "refused",
    };

    private static int Refuse(TextWriter errors, string problem)
    {
        errors.WriteLine($"mailaccess: {problem}");
        return ExitCodes.Usage;
    }

    private static async Task<bool> IsSureAsync(
        QueueView view, QueueFilter filter, QueueAction action, TextWriter errors, TextReader input, CancellationToken cancellationToken)
    {
        long count = await view.ListAsync(filter, null, cancellationToken).LongCountAsync(cancellationToken);
        await errors.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{action} {count} message{(count == 1 ? "" : "s")}? [y/N] "));
        string? answer = await input.ReadLineAsync(cancellationToken);
        if (answer?.Trim() is "y" or "Y" or "yes")
        {
            return true;
        }
        await errors.WriteLineAsync("mailaccess: nothing was done (--yes does it without asking)");
        return false;
    }
}
