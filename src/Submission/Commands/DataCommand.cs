using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>DATA — RFC 5321 §4.1.1.4. What follows the 354 is <see cref="MessageReceiver"/>'s.</summary>
internal static class DataCommand
{
    public static readonly SubmissionCommand Definition = new("DATA", CommandTraits.NeedsHello | CommandTraits.NoArgument | CommandTraits.Message, Execute) { IsOffered = SubmissionCommand.MaySend };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Transaction?.Chunks is not null)
        {
            return new CommandResult(SmtpReplies.ChunksUnderWay); // RFC 3030 §2
        }
        if (session.Transaction?.Mail.Body == BodyType.BinaryMime)
        {
            return new CommandResult(SmtpReplies.BinaryNeedsChunks); // RFC 3030 §3
        }
        return MessageStart.Check(session) is { } refusal ? new CommandResult(refusal) : BeginAsync(session, session.Transaction!);
    }

    private static async ValueTask<CommandResult> BeginAsync(SubmissionSession session, MailTransaction transaction)
    {
        IntakeStart start = await MessageStart.BeginAsync(session, transaction);
        if (start.Intake is not { } intake)
        {
            return start.Refusal!;
        }
        session.Intake = intake;
        return new CommandResult(SmtpReplies.StartInput, FollowUp.Message);
    }
}
