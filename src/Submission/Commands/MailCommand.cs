using MailAccess.Auth;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>MAIL — RFC 5321 §4.1.1.2; who may send as whom, RFC 6409 §6.1.</summary>
internal static class MailCommand
{
    public static readonly SubmissionCommand Definition =
        new("MAIL", CommandTraits.NeedsHello | CommandTraits.Extended, Execute) { IsOffered = SubmissionCommand.MaySend };

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        if (session.Transaction is not null)
        {
            return new CommandResult(SmtpReplies.NestedMail);
        }
        if (session.Role.OffersAuthentication && session.Account is null)
        {
            return new CommandResult(SmtpReplies.AuthenticationRequired); // RFC 6409 §4.3
        }
        SmtpSyntaxError error = SmtpParser.ParseMail(arguments, OfferedExtensions.Of(session), out MailRequest? request);
        if (error != SmtpSyntaxError.None)
        {
            return new CommandResult(SmtpReplies.SenderSyntax(error));
        }
        if (request!.Size is { } size && size.Octets > session.Sink.MessageOctetsMax)
        {
            return new CommandResult(SmtpReplies.MessageTooBig); // RFC 1870 §6.1
        }
        if (session.Account is { } account && !MaySendAs(account, request.ReversePath, session.Options.DetailDelimiter))
        {
            return new CommandResult(SmtpReplies.SenderNotOwned);
        }
        if (DeliveryTerms.Decide(session, request, out SmtpReply? refusal) is not { } terms)
        {
            return new CommandResult(refusal);
        }
        if (session.Policy.Mail(session.Connection.Id, session.Client.Address, session.Account) is { } tooMany)
        {
            return new CommandResult(tooMany);
        }
        session.Transaction = new MailTransaction(request, terms);
        return new CommandResult(terms.Priority < request.Priority ? SmtpReplies.SenderOkWithPriority(terms.Priority) : SmtpReplies.SenderOk);
    }

    // The null path names nobody, and receipts must be sent from it: RFC 8098 §3, RFC 3464 §2.
    private static bool MaySendAs(Account account, MailPath path, char? detailDelimiter) =>
        path.IsNull || account.Owns(path.LocalPart, path.Domain, detailDelimiter);
}
