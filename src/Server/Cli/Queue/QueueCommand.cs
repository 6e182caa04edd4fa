using System.CommandLine;
using MailAccess.Queue;

namespace MailAccess.Server.Cli;

/// <summary>mailaccess queue: what waits, why, and what is done about it.</summary>
internal static class QueueCommand
{
    public static Command Create(TextWriter output, TextWriter errors, TextReader input, TimeProvider clock)
    {
        return new Command("queue", "Shows and changes the mail that waits.")
        {
            QueueListCommand.Create(output, errors, clock),
            QueueShowCommand.Create(output, errors, clock),
            Act(QueueAction.Hold, "Keeps messages from being tried until they are released."),
            Act(QueueAction.Release, "Ends the hold of messages; they are tried now."),
            Act(QueueAction.Requeue, "Treats messages as if they had just come: no attempts yet, on hold no longer, tried now."),
            Act(QueueAction.Retry, "Tries messages now."),
            Act(QueueAction.Delete, "Throws messages away; nobody is told."),
            Act(QueueAction.Bounce, "Returns messages to their senders now."),
            QueueRulesCommand.Create(output, errors),
            QueueFlushCommand.Create(output, errors, clock),
            QueueHistoryCommand.Create(output, errors, clock),
        };

        Command Act(QueueAction action, string description) => QueueActCommand.Create(action, description, output, errors, input, clock);
    }
}
