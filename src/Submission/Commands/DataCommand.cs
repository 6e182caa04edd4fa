using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>DATA — RFC 5321 §4.1.1.4. What follows the 354 is <see cref="MessageReceiver"/>'s.</summary>
internal static class DataCommand
{
    public static readonly SubmissionCommand Definition = new("DATA", CommandTraits.NeedsHello | CommandTraits.NoArgument, Execute);

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Transaction is not { } transaction)
        {
            return new CommandResult(SmtpReplies.NeedMail);
        }
        if (transaction.Accepted.Count == 0)
        {
            // RFC 2033 §4.2 wants 503 of LMTP; RFC 5321 §3.3 leaves 503 or 554.
            return new CommandResult(transaction.HasRefused && !session.Role.IsLmtp ? SmtpReplies.NoValidRecipients : SmtpReplies.NeedRecipient);
        }
        return BeginAsync(session, transaction);
    }

    private static async ValueTask<CommandResult> BeginAsync(SubmissionSession session, MailTransaction transaction)
    {
        IntakeStart start;
        try
        {
            start = await session.Sink.BeginAsync(transaction.ToEnvelope(), session.Origin(), CancellationToken.None);
        }
        catch (IOException failure)
        {
            session.Log.SinkFailed(session.Connection.Id, failure);
            return SmtpReplies.TryAgainLater;
        }
        if (start.Intake is not { } intake)
        {
            return start.Refusal ?? SmtpReplies.TryAgainLater;
        }
        session.Intake = intake;
        return new CommandResult(SmtpReplies.StartInput, FollowUp.Message);
    }
}
