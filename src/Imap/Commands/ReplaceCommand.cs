using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>REPLACE and UID REPLACE — RFC 8508 §3: a message comes, by whatever means APPEND has, and one of the selected mailbox goes for it.</summary>
internal static class ReplaceCommand
{
    public static readonly ImapCommand Definition = new("REPLACE", ImapStates.Selected, ImapCommand.OwnChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { Capability = "REPLACE", Takes = MessageIntakeKind.Replace, TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID REPLACE", ImapStates.Selected, ImapCommand.OwnChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid))
    { Capability = "REPLACE", Takes = MessageIntakeKind.Replace };

    /// <summary>Not passed over in silence as in other UID commands: nothing would be replaced.</summary>
    private static readonly ImapCompletion NoSuchUid = ImapCompletion.No("NONEXISTENT", "no message has that UID");

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        if (AppendHead.Parse(arguments, MessageIntakeKind.Replace, endsInLiteral: false, out AppendHead head) != AppendPiece.Complete)
        {
            return ImapErrors.Syntax(arguments);
        }
        await using AppendRun run = new(session, head, Find(session.Selected!, head.Replaced, numbering));
        return await run.RunAsync(arguments);
    }

    /// <summary>The message that goes; known before the client sends the one that comes.</summary>
    private static MessageToReplace Find(SelectedMailbox selected, uint number, Numbering numbering)
    {
        MailboxSnapshot view = selected.View;
        Uid uid;
        if (numbering == Numbering.Uid && number != 0)
        {
            uid = new Uid(number);
        }
        else if (number <= (uint)view.Count && view.Count > 0)
        {
            uid = view[number == 0 ? view.Count - 1 : (int)number - 1].Uid;
        }
        else
        {
            return new MessageToReplace(default, numbering == Numbering.Uid ? NoSuchUid : ImapErrors.BadSequence);
        }
        bool isThere = selected.Mailbox.Snapshot.IndexOf(uid) >= 0;
        return new MessageToReplace(uid, selected.IsReadOnly ? ImapErrors.ReadOnly
            : isThere ? default : view.IndexOf(uid) >= 0 ? ImapErrors.ToCompletion(StoreError.Expunged) : NoSuchUid);
    }
}
