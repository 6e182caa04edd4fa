using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// What stands before the messages of a command that takes some: append = "APPEND" SP mailbox 1*append-message — RFC 4466 §3;
/// replace = "REPLACE" SP seq-number SP mailbox append-message — RFC 8508 §5.
/// </summary>
/// <param name="Replaced">Of REPLACE: the message that goes, 0 for the last one (<c>*</c>).</param>
/// <param name="Mailbox">Where messages go; null: grammatical, but no possible name.</param>
/// <param name="Supplied">Its name as the client wrote it.</param>
internal readonly record struct AppendHead(uint Replaced, MailboxName? Mailbox, string Supplied)
{
    /// <summary>From the space behind the verb.</summary>
    /// <param name="arguments">The command up to its end, or up to a literal's brace.</param>
    /// <param name="kind">Which of the two.</param>
    /// <param name="endsInLiteral">The latter: then the mailbox may be that literal.</param>
    /// <param name="head">What was read, with <see cref="AppendPiece.Complete"/>.</param>
    public static AppendPiece Parse(ImapArguments arguments, MessageIntakeKind kind, bool endsInLiteral, out AppendHead head)
    {
        head = default;
        uint replaced = 0;
        if (!arguments.TrySpace())
        {
            return AppendPiece.Syntax;
        }
        if (kind == MessageIntakeKind.Replace
            && !((arguments.TryWord("*"u8) || arguments.TryNzNumber(out replaced)) && arguments.TrySpace()))
        {
            return AppendPiece.Syntax;
        }
        if (endsInLiteral && !arguments.HasMore)
        {
            return AppendPiece.String;
        }
        if (!arguments.TryMailbox(out MailboxName? mailbox, out string supplied))
        {
            return AppendPiece.Syntax;
        }
        head = new AppendHead(replaced, mailbox, supplied);
        return AppendPiece.Complete;
    }
}
