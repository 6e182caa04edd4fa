using System.Net;
using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>RCPT — RFC 5321 §4.1.1.3; recipient limits §4.5.3.1.8 and §4.5.3.1.10.</summary>
internal static class RcptCommand
{
    public static readonly SubmissionCommand Definition =
        new("RCPT", CommandTraits.NeedsHello | CommandTraits.Extended | CommandTraits.Recipient, Execute) { IsOffered = SubmissionCommand.MaySend };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Transaction is not { } transaction)
        {
            return new CommandResult(SmtpReplies.NeedMail);
        }
        if (transaction.Chunks is not null)
        {
            return new CommandResult(SmtpReplies.ChunksUnderWay);
        }
        SmtpExtensions extensions = transaction.Mail.SmtpUtf8 ? OfferedExtensions.Of(session) : OfferedExtensions.Of(session) & ~SmtpExtensions.SmtpUtf8;
        SmtpSyntaxError error = SmtpParser.ParseRcpt(arguments, extensions, out EnvelopeRecipient? recipient);
        if (error != SmtpSyntaxError.None)
        {
            transaction.HasRefused = true;
            return new CommandResult(SmtpReplies.RecipientSyntax(error));
        }
        if (transaction.Accepted.Count >= session.Limits.RecipientsMax)
        {
            transaction.HasRefused = true;
            return new CommandResult(SmtpReplies.TooManyRecipients);
        }
        if (session.Policy.Recipient(session.Connection.Id, session.Client.Address, session.Account) is { } overTime)
        {
            transaction.HasRefused = true;
            return new CommandResult(overTime);
        }
        return AddAsync(session, transaction, recipient!);
    }

    private static async ValueTask<CommandResult> AddAsync(SubmissionSession session, MailTransaction transaction, EnvelopeRecipient recipient)
    {
        RecipientVerdict verdict = await VerifyAsync(session, recipient.Path);
        SmtpReply reply = Judge(session.Role, verdict);
        if (reply.IsPositive)
        {
            transaction.Add(recipient);
        }
        else
        {
            transaction.HasRefused = true; // The transaction stays open: other recipients may be fine.
            LogRejection(session, recipient, verdict, reply);
        }
        return reply;
    }

    /// <summary>What the sink says of a path; a sink that fails cannot tell now.</summary>
    internal static async ValueTask<RecipientVerdict> VerifyAsync(SubmissionSession session, MailPath path)
    {
        try
        {
            return await session.Sink.VerifyRecipientAsync(path, CancellationToken.None);
        }
        catch (IOException failure)
        {
            session.Log.SinkFailed(session.Connection.Id, failure);
            return new RecipientVerdict(RecipientKind.Temporary);
        }
    }

    /// <summary>Strangers who try out addresses, or look for an open relay: their administrator wants to know. Our own users' typing errors are nobody's business.</summary>
    private static void LogRejection(SubmissionSession session, EnvelopeRecipient recipient, RecipientVerdict verdict, SmtpReply reply)
    {
        string? reason = verdict.Kind switch
        {
            RecipientKind.Unknown when verdict.Reply is { } own && own != SmtpReplies.UnknownRecipient => $"Recipient address rejected: {LogName.ShowText(own.Text)}",
            RecipientKind.Unknown => "Recipient address rejected: User unknown",
            RecipientKind.Remote => "Relay access denied",
            _ => null,
        };
        if (reason is not null && session.Role == SubmissionRole.Exchange)
        {
            session.Log.RecipientRejected(
                session.Client.Address, reply.Code, $"{reply.Enhanced}", LogName.Show(recipient.Path.ToString()), reason,
                LogName.Show($"{session.Transaction?.Mail.ReversePath}"), session.Hello?.Kind == HelloKind.Plain ? "SMTP" : "ESMTP", LogName.Show(session.Hello?.Name ?? ""),
                session.Connection.Id);
        }
    }

    /// <summary>The sink's verdict in this role. Pure and total.</summary>
    internal static SmtpReply Judge(SubmissionRole role, RecipientVerdict verdict) => verdict.Kind switch
    {
        RecipientKind.Local => SmtpReplies.RecipientOk,
        RecipientKind.Remote => role.TakesRemoteRecipients ? SmtpReplies.RecipientOk : SmtpReplies.RelayDenied,
        RecipientKind.Unknown => verdict.Reply ?? SmtpReplies.UnknownRecipient,
        RecipientKind.Full => SmtpReplies.MailboxFull,
        RecipientKind.FullForGood => SmtpReplies.MailboxFullForGood,
        RecipientKind.Temporary => verdict.Reply ?? SmtpReplies.TryAgainLater,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
