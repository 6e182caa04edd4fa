using System.CommandLine;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue explain: one message's life, from the log.</summary>
internal static class QueueExplainCommand
{
    public static Command Create(TextWriter output, TextWriter errors, TextReader input, TimeProvider clock)
    {
        Option<string> config = CommonOptions.Config();
        Argument<string> message = new("message") { Description = "A queue id, or a Message-ID in angle brackets." };
        Option<string?> log = new("--log") { Description = "The log to read (default: where log.file says, else standard input).", HelpName = "FILE" };
        Command command = new("explain", "Tells one message's life from the log: who brought it, what was tried, what became of it and of the reports about it.") { message, config, log };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            string? file = arguments.GetValue(log);
            if (file is null)
            {
                if (CommonOptions.Load(arguments.GetValue(config)!, errors) is not { } configuration)
                {
                    return ExitCodes.Configuration;
                }
                file = configuration.Log.File;
            }
            return await RunAsync(arguments.GetValue(message)!, file, output, errors, input, clock, cancellationToken);
        });
        return command;
    }

    /// <summary>From the file, or from the input where there is none.</summary>
    internal static async Task<int> RunAsync(
        string message, string? file, TextWriter output, TextWriter errors, TextReader input, TimeProvider clock, CancellationToken cancellationToken)
    {
        ExplainMessage life = new(message, clock.GetUtcNow());
        try
        {
            using TextReader lines = file is null ? input : new StreamReader(file);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                life.Read(line);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: {problem.Message}");
            return ExitCodes.Unavailable;
        }
        if (life.Tell() is not { } told)
        {
            await errors.WriteLineAsync($"mailaccess: the log does not know {QueueText.Clean(message)} (see also: mailaccess queue history)");
            return ExitCodes.DataError;
        }
        await output.WriteAsync(told);
        return ExitCodes.Ok;
    }
}
