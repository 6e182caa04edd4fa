using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>What stands before the messages of a command that takes some: append = "APPEND" SP mailbox 1*append-message — RFC 4466 §3.</summary>
/// <param name="Mailbox">Where they go; null: grammatical, but no possible name.</param>
internal readonly record struct AppendHead(MailboxName? Mailbox)
{
    /// <summary>From the space behind the verb.</summary>
    /// <param name="arguments">The command up to its end, or up to a literal's brace.</param>
    /// <param name="endsInLiteral">The latter: then the mailbox may be that literal.</param>
    /// <param name="head">What was read, with <see cref="AppendPiece.Complete"/>.</param>
    public static AppendPiece Parse(ImapArguments arguments, bool endsInLiteral, out AppendHead head)
    {
        head = default;
        if (!arguments.TrySpace())
        {
            return AppendPiece.Syntax;
        }
        if (endsInLiteral && !arguments.HasMore)
        {
            return AppendPiece.String;
        }
        if (!arguments.TryMailbox(out MailboxName? mailbox))
        {
            return AppendPiece.Syntax;
        }
        head = new AppendHead(mailbox);
        return AppendPiece.Complete;
    }
}
