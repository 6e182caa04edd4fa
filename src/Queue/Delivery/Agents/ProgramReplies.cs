using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Runs of programs as replies.</summary>
internal static class ProgramReplies
{
    private static readonly SmtpReply NotStarted = new(451, new(4, 3, 0), "the command cannot be started now");
    private static readonly SmtpReply NoContent = new(451, new(4, 3, 0), "the message cannot be read now");

    /// <summary>What the sender learns; what only the administrator may know is logged.</summary>
    public static SmtpReply Of(ProgramResult result, string delivered, string program, SpoolId id, ILogger logger)
    {
        switch (result.Ending)
        {
            case ProgramEnding.Exited:
                return ExitStatus.ToReply(result.Status, result.Output, delivered);
            case ProgramEnding.TimedOut:
                return ExitStatus.Temporary(new(4, 3, 0), "the command took too long and was ended", ExitStatus.Printable(result.Output));
            case ProgramEnding.NotStarted:
                Log.AgentNotStarted(logger, id, program, result.Fault?.Message);
                return NotStarted;
            default:
                Log.AgentContentFailed(logger, id, program, result.Fault);
                return NoContent;
        }
    }
}
