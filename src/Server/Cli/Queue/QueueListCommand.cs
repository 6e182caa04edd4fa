using System.CommandLine;
using System.Globalization;
using MailAccess.Queue;
using MailAccess.Server.Configuration;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue list</summary>
internal static class QueueListCommand
{
    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        QueueSelection selection = new();
        Option<long?> limit = new("--limit") { Description = "Only the first so many.", HelpName = "NUMBER" };
        Option<bool> count = new("--count") { Description = "Only how many there are." };
        Option<bool> byDomain = new("--by-domain") { Description = "How many recipients wait for each domain, by minutes of age." };
        Option<bool> json = new("--json") { Description = "As JSON, one object a line." };
        Command command = new("list", "Lists the messages in the queue, oldest first, with what was said last to each recipient that waits.") { config, limit, count, byDomain, json };
        selection.AddTo(command);
        command.SetAction((arguments, cancellationToken) => QueueRun.RunAsync(arguments.GetValue(config)!, clock, errors, async view =>
        {
            if (selection.Read(arguments, errors) is not { } filter)
            {
                return ExitCodes.Usage;
            }
            if (arguments.GetValue(limit) < 1)
            {
                return Refuse(errors, "--limit must be 1 or more");
            }
            if (arguments.GetValue(count) && arguments.GetValue(byDomain))
            {
                return Refuse(errors, "--count and --by-domain contradict each other");
            }
            IAsyncEnumerable<QueueEntry> entries = view.ListAsync(filter, arguments.GetValue(limit), cancellationToken);
            if (arguments.GetValue(count))
            {
                long messages = await entries.LongCountAsync(cancellationToken);
                await output.WriteLineAsync(arguments.GetValue(json) ? QueueJson.Line(new QueueCount(messages)) : messages.ToString(CultureInfo.InvariantCulture));
                return ExitCodes.Ok;
            }
            if (arguments.GetValue(byDomain))
            {
                DomainSummary summary = new(clock.GetUtcNow());
                await foreach (QueueEntry entry in entries)
                {
                    summary.Add(entry);
                }
                await summary.WriteAsync(output, arguments.GetValue(json));
                return ExitCodes.Ok;
            }
            await WriteAsync(entries, arguments.GetValue(json), output, clock.GetUtcNow());
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static int Refuse(TextWriter errors, string problem)
    {
        errors.WriteLine($"mailaccess: {problem}");
        return ExitCodes.Usage;
    }

    private static async Task WriteAsync(IAsyncEnumerable<QueueEntry> entries, bool asJson, TextWriter output, DateTimeOffset now)
    {
        long messages = 0;
        long octets = 0;
        await foreach (QueueEntry entry in entries)
        {
            if (asJson)
            {
                await output.WriteAsync(QueueJson.Line(entry) + "\n");
                continue;
            }
            await output.WriteAsync(messages == 0 ? QueueText.Heading + "\n" + QueueText.Row(entry, now) : QueueText.Row(entry, now));
            messages++;
            octets += entry.Octets;
        }
        if (!asJson)
        {
            await output.WriteLineAsync(messages == 0 ? "No message." : string.Create(CultureInfo.InvariantCulture, $"{messages} message{(messages == 1 ? "" : "s")}, {QueueText.Size(octets)} octets."));
        }
    }
}

/// <summary>What the commands of the queue have in common.</summary>
internal static class QueueRun
{
    /// <summary>Opens the queue of the configuration, runs, and turns what fails into a sentence and an exit code.</summary>
    public static Task<int> RunAsync(string file, TimeProvider clock, TextWriter errors, Func<QueueView, Task<int>> run) =>
        RunAsync(file, clock, errors, (_, view) => run(view));

    /// <summary>The same for who also asks the configuration.</summary>
    public static async Task<int> RunAsync(string file, TimeProvider clock, TextWriter errors, Func<ServerConfiguration, QueueView, Task<int>> run)
    {
        if (CommonOptions.Load(file, errors) is not { } configuration)
        {
            return ExitCodes.Configuration;
        }
        if (QueueView.Open(configuration, clock, errors) is not { } view)
        {
            return ExitCodes.Unavailable;
        }
        await using (view)
        {
            try
            {
                return await run(configuration, view);
            }
            catch (IOException problem)
            {
                await errors.WriteLineAsync($"mailaccess: {problem.Message}");
                return ExitCodes.Unavailable;
            }
        }
    }
}
