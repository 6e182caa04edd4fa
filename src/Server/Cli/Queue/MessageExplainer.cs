using MailAccess.Queue;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess explain --message: one message's life from the log; where that does not tell it, what the history and the queue know.</summary>
/// <param name="message">A queue id, or a Message-ID in angle brackets.</param>
/// <param name="output">For answers.</param>
/// <param name="errors">For what is wrong.</param>
/// <param name="clock">For ages.</param>
internal sealed class MessageExplainer(string message, TextWriter output, TextWriter errors, TimeProvider clock)
{
    /// <summary>Of the history: the latest.</summary>
    private const int RecordsMax = 10_000;

    /// <summary>From this log alone; the exit code.</summary>
    public async Task<int> FromLogAsync(string file, CancellationToken cancellationToken)
    {
        if (await TellFromFileAsync(file, cancellationToken) is not { } isTold)
        {
            return ExitCodes.Unavailable;
        }
        if (!isTold)
        {
            await errors.WriteLineAsync($"mailaccess: {file} does not know {QueueText.Clean(message)}");
        }
        return isTold ? ExitCodes.Ok : ExitCodes.DataError;
    }

    /// <summary>From the log of the configuration, or from the input where it names none; then from history and queue; the exit code.</summary>
    /// <param name="configuration">The server's.</param>
    /// <param name="input">A log; null: there is none, only a person at a terminal.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> FromConfigurationAsync(ServerConfiguration configuration, TextReader? input, CancellationToken cancellationToken)
    {
        string name = QueueText.Clean(message);
        if (configuration.Log.File is { } file)
        {
            if (await TellFromFileAsync(file, cancellationToken) is { } isTold && isTold)
            {
                return ExitCodes.Ok;
            }
        }
        else if (input is null)
        {
            await errors.WriteLineAsync($"mailaccess: the server logs to its standard error output; if that is the journal: journalctl -u mailaccess | mailaccess explain --message '{name}'");
        }
        else if (await TellAsync(input, cancellationToken))
        {
            return ExitCodes.Ok;
        }
        bool isKnown = await TellFromHistoryAsync(configuration, cancellationToken);
        if (await TellFromQueueAsync(configuration, cancellationToken) is not { } waits)
        {
            return isKnown ? ExitCodes.Ok : ExitCodes.Unavailable;
        }
        if (!isKnown && !waits)
        {
            await errors.WriteLineAsync($"mailaccess: neither a log nor the history nor the queue knows {name}");
        }
        return isKnown || waits ? ExitCodes.Ok : ExitCodes.DataError;
    }

    /// <returns>Null: the file cannot be read; that was written.</returns>
    private async Task<bool?> TellFromFileAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            using StreamReader lines = new(file);
            return await TellAsync(lines, cancellationToken);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: {problem.Message}");
            return null;
        }
    }

    private async Task<bool> TellAsync(TextReader lines, CancellationToken cancellationToken)
    {
        ExplainMessage life = new(message, clock.GetUtcNow());
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            life.Read(line);
        }
        string? told = life.Tell();
        await output.WriteAsync(told);
        return told is not null;
    }

    private async Task<bool> TellFromHistoryAsync(ServerConfiguration configuration, CancellationToken cancellationToken)
    {
        bool isKnown = false;
        try
        {
            foreach (DeliveryRecord delivery in await DeliveryHistory.ReadOneAsync(
                QueueSetup.HistoryFolder(configuration), message, DateTimeOffset.MinValue, RecordsMax, cancellationToken))
            {
                await output.WriteAsync(QueueHistoryCommand.Row(delivery));
                isKnown = true;
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync($"mailaccess: {problem.Message}");
        }
        return isKnown;
    }

    /// <returns>Null: the queue cannot be asked; that was written.</returns>
    private async Task<bool?> TellFromQueueAsync(ServerConfiguration configuration, CancellationToken cancellationToken)
    {
        if (QueueView.Open(configuration, clock, errors) is not { } view)
        {
            return null;
        }
        await using (view)
        {
            bool isKnown = false;
            try
            {
                QueueFilter filter = message.StartsWith('<') ? QueueFilter.All : new QueueFilter { Ids = [message] };
                await foreach (QueueEntry entry in view.ListAsync(filter, null, cancellationToken))
                {
                    if (entry.Id == message || entry.MessageId == message)
                    {
                        await output.WriteAsync(QueueText.Details(entry, clock.GetUtcNow()));
                        isKnown = true;
                    }
                }
                return isKnown;
            }
            catch (IOException problem)
            {
                await errors.WriteLineAsync($"mailaccess: {problem.Message}");
                return isKnown ? true : null;
            }
        }
    }
}
