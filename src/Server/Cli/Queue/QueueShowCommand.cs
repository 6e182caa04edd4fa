using System.CommandLine;
using System.Text;
using MailAccess.Queue;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue show</summary>
internal static class QueueShowCommand
{
    public static Command Create(TextWriter output, TextWriter errors, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        Argument<string> id = new("id") { Description = "The queue id." };
        Option<bool> content = new("--content") { Description = "The whole message instead of its header." };
        Option<bool> json = new("--json") { Description = "What is known of it as a JSON object; no header." };
        Command command = new("show", "Shows one message: envelope, state, what came of each recipient, and its header.") { id, config, content, json };
        command.SetAction((arguments, cancellationToken) => QueueRun.RunAsync(arguments.GetValue(config)!, clock, errors, async view =>
        {
            string wanted = arguments.GetValue(id)!;
            QueueEntry? entry = await view.ListAsync(new QueueFilter { Ids = [wanted] }, null, cancellationToken).FirstOrDefaultAsync(cancellationToken);
            if (entry is null)
            {
                await errors.WriteLineAsync($"mailaccess: {QueueText.Clean(wanted)}: no such message in the queue (see: mailaccess queue history {QueueText.Clean(wanted)})");
                return ExitCodes.DataError;
            }
            await output.WriteAsync(arguments.GetValue(json) ? QueueJson.Line(entry) + "\n" : QueueText.Details(entry, clock.GetUtcNow()));
            if (arguments.GetValue(json) && !arguments.GetValue(content))
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
