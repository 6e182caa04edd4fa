using System.CommandLine;
using System.Text;
using MailAccess.Queue;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue show</summary>
internal static class QueueShowCommand
{
    /// <summary>The latest are shown.</summary>
    private const int AttemptsMax = 100;

    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        Argument<string> id = new("id") { Description = "The queue id." };
        Option<bool> content = new("--content") { Description = "The whole message instead of its header." };
        Option<bool> json = new("--json") { Description = "What is known of it as a JSON object; no header." };
        Command command = new("show", "Shows one message: envelope, state, what came of each recipient at each attempt, and its header.") { id, config, content, json };
        command.SetAction((arguments, cancellationToken) => QueueRun.RunAsync(arguments.GetValue(config)!, clock, errors, async (configuration, view) =>
        {
            string wanted = arguments.GetValue(id)!;
            if (arguments.GetValue(json) && arguments.GetValue(content))
            {
                await errors.WriteLineAsync("mailaccess: --json and --content contradict each other");
                return ExitCodes.Usage;
            }
            QueueEntry? entry = await view.ListAsync(new QueueFilter { Ids = [wanted] }, null, cancellationToken).FirstOrDefaultAsync(cancellationToken);
            if (entry is null)
            {
                await errors.WriteLineAsync($"mailaccess: {QueueText.Clean(wanted)}: no such message in the queue (see: mailaccess queue history {QueueText.Clean(wanted)})");
                return ExitCodes.DataError;
            }
            entry = entry with { History = await HistoryOfAsync(entry, configuration, errors, cancellationToken) };
            await output.WriteAsync(arguments.GetValue(json) ? QueueJson.Line(entry) + "\n" : QueueText.Details(entry, clock.GetUtcNow()));
            if (arguments.GetValue(json))
            {
                return ExitCodes.Ok;
            }
            await output.WriteAsync("\n");
            Decoder decoder = Encoding.UTF8.GetDecoder();
            await foreach (byte[] chunk in view.ReadContentAsync(wanted, !arguments.GetValue(content), cancellationToken))
            {
                char[] characters = new char[Encoding.UTF8.GetMaxCharCount(chunk.Length)];
                int length = decoder.GetChars(chunk, characters, flush: false);
                await output.WriteAsync(Printable(characters.AsSpan(0, length)));
            }
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static async Task<IReadOnlyList<DeliveryRecord>?> HistoryOfAsync(
        QueueEntry entry, ServerConfiguration configuration, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            return await DeliveryHistory.ReadOneAsync(QueueSetup.HistoryFolder(configuration), entry.Id, entry.Arrived, AttemptsMax, cancellationToken);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: note: the attempts of the past cannot be shown: {problem.Message}");
            return null;
        }
    }

    /// <summary>Lines end as they do here, and nothing in them commands the terminal.</summary>
    private static string Printable(ReadOnlySpan<char> text)
    {
        StringBuilder printable = new(text.Length);
        foreach (char c in text)
        {
            if (c != '\r')
            {
                printable.Append(c is '\n' or '\t' || !char.IsControl(c) ? c : '?');
            }
        }
        return printable.ToString();
    }
}
