using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>What DATA and BDAT have in common before the first octet of a message.</summary>
internal static class MessageStart
{
    /// <summary>Why there can be no message now; null: there can. RFC 5321 §3.3, §4.1.4.</summary>
    public static SmtpReply? Check(SubmissionSession session)
    {
        if (session.Hello is null)
        {
            return SmtpReplies.NeedHello;
        }
        if (session.Transaction is not { } transaction)
        {
            return SmtpReplies.NeedMail;
        }
        if (transaction.Accepted.Count == 0)
        {
            // RFC 2033 §4.2 wants 503 of LMTP; RFC 5321 §3.3 leaves 503 or 554.
            return transaction.HasRefused && !session.Role.IsLmtp ? SmtpReplies.NoValidRecipients : SmtpReplies.NeedRecipient;
        }
        return null;
    }

    /// <summary>Asks the sink for an intake. Exactly one of the two is set.</summary>
    public static async ValueTask<IntakeStart> BeginAsync(SubmissionSession session, MailTransaction transaction)
    {
        try
        {
            IntakeStart start = await session.Sink.BeginAsync(transaction.ToEnvelope(), await session.OriginAsync(), CancellationToken.None);
            return start.Intake is null && start.Refusal is null ? new IntakeStart(null, SmtpReplies.TryAgainLater) : start;
        }
        catch (IOException failure)
        {
            session.Log.SinkFailed(session.Connection.Id, failure);
            return new IntakeStart(null, SmtpReplies.TryAgainLater);
        }
    }
}
