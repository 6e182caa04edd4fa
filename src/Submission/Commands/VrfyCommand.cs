using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Submission.Commands;

/// <summary>VRFY — RFC 5321 §3.5, §4.1.1.6: tells who is here to nobody (§7.3), or, where the administrator says so, to those who logged in.</summary>
internal static class VrfyCommand
{
    public static readonly SubmissionCommand Definition = new("VRFY", CommandTraits.Junk | CommandTraits.Extended, Execute);

    private static ValueTask<CommandResult> Execute(SubmissionSession session, ReadOnlySpan<byte> arguments)
    {
        string text = Encoding.UTF8.GetString(arguments).Trim(' ');
        if (text.Length == 0)
        {
            return new CommandResult(SmtpReplies.MissingArgument);
        }
        if (!session.Options.AnswersVrfy || session.AuthenticatedAccount is null)
        {
            return new CommandResult(SmtpReplies.CannotVerify);
        }
        const string utf8 = " SMTPUTF8"; // RFC 6531 §3.7.4.2
        text = text.EndsWith(utf8, StringComparison.OrdinalIgnoreCase) ? text[..^utf8.Length].TrimEnd(' ') : text;
        List<MailPath> candidates = Candidates(text is ['<', .. string inner, '>'] ? inner : text, session.Options.Domains);
        return candidates.Count == 0 ? new CommandResult(SmtpReplies.RecipientSyntax(SmtpSyntaxError.BadLocalPart))
            : candidates.All(c => c.IsAscii) ? VerifyAsync(session, candidates)
            : new CommandResult(SmtpReplies.CannotVerify); // Our replies are ASCII.
    }

    // A mailbox, or a user name: then in each domain of ours. RFC 5321 §3.5.1
    private static List<MailPath> Candidates(string text, IReadOnlyList<string> domains)
    {
        if (MailPath.TryParse(text, out MailPath? whole))
        {
            return [whole];
        }
        List<MailPath> candidates = [];
        foreach (string domain in domains)
        {
            if (!text.Contains('@', StringComparison.Ordinal) && MailPath.TryParse($"{text}@{domain}", out MailPath? path))
            {
                candidates.Add(path);
            }
        }
        return candidates;
    }

    private static async ValueTask<CommandResult> VerifyAsync(SubmissionSession session, List<MailPath> candidates)
    {
        List<MailPath> found = [];
        SmtpReply otherwise = SmtpReplies.UnknownRecipient;
        foreach (MailPath path in candidates)
        {
            switch ((await RcptCommand.VerifyAsync(session, path)).Kind)
            {
                case RecipientKind.Local or RecipientKind.Full or RecipientKind.FullForGood:
                    found.Add(path);
                    break;
                case RecipientKind.Remote:
                    otherwise = SmtpReplies.CannotVerify;
                    break;
                case RecipientKind.Temporary:
                    return SmtpReplies.TryAgainLater;
            }
        }
        return found switch
        {
            [MailPath one] => SmtpReplies.Verified(one),
            [] => otherwise,
            _ => SmtpReplies.Ambiguous,
        };
    }
}
