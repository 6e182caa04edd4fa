using System.CommandLine;
using System.Globalization;
using MailAccess.Queue;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue flush</summary>
internal static class QueueFlushCommand
{
    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        Option<string?> domain = new("--domain") { Description = "Only mail for this domain; * is any text.", HelpName = "PATTERN" };
        Option<bool> json = new("--json") { Description = "As JSON, one object a line." };
        Command command = new("flush", "Tries everything that is deferred now.") { config, domain, json };
        command.SetAction((arguments, cancellationToken) => QueueRun.RunAsync(arguments.GetValue(config)!, clock, errors, async view =>
        {
            if (arguments.GetValue(domain) is { } pattern)
            {
                QueueFilter filter = new() { Domain = pattern, State = QueueState.Deferred };
                return await QueueActCommand.WriteAsync(view.ActAsync(filter, QueueAction.Retry, null, TimeSpan.Zero, cancellationToken), arguments.GetValue(json), output);
            }
            long count = await view.FlushAsync(cancellationToken);
            await output.WriteLineAsync(arguments.GetValue(json) ? QueueJson.Line(new QueueDue(count))
                : string.Create(CultureInfo.InvariantCulture, $"{count} message{(count == 1 ? " is" : "s are")} due now."));
            return ExitCodes.Ok;
        }));
        return command;
    }
}
