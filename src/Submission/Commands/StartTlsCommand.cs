using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>STARTTLS — RFC 3207 §4. The loop does the handshake and forgets all it learned before it.</summary>
internal static class StartTlsCommand
{
    public static readonly SubmissionCommand Definition = new("STARTTLS", CommandTraits.NoArgument, Execute) { IsOffered = static session => session.Connection.CanUpgradeToTls };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Connection.Tls is not null)
        {
            return new CommandResult(SmtpReplies.AlreadyEncrypted);
        }
        if (!session.Connection.CanUpgradeToTls)
        {
            return new CommandResult(SmtpReplies.NotImplemented);
        }
        return new CommandResult(SmtpReplies.ReadyForTls, FollowUp.Handshake);
    }
}
