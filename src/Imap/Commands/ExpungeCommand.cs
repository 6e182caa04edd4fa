using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>EXPUNGE — RFC 3501 §6.4.3; UID EXPUNGE — RFC 4315 §2.1.</summary>
internal static class ExpungeCommand
{
    public static readonly ImapCommand Definition = new("EXPUNGE", ImapStates.Selected, ImapCommand.OwnChanges, ExecuteAsync);

    public static readonly ImapCommand UidDefinition =
        new("UID EXPUNGE", ImapStates.Selected, ImapCommand.OwnChanges, ExecuteUidAsync) { Capability = "UIDPLUS" };

    private static ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments) =>
        arguments.AtEnd ? ExpungeAsync(session.Selected!, UidSet.All) : new(ImapErrors.Syntax(arguments));

    private static ValueTask<ImapCompletion> ExecuteUidAsync(ImapSession session, ImapArguments arguments)
    {
        // uid-expunge = "UID" SP "EXPUNGE" SP sequence-set     RFC 4315 §4
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set) && arguments.AtEnd))
        {
            return new(ImapErrors.Syntax(arguments));
        }
        SelectedMailbox selected = session.Selected!;
        return selected.TryResolve(set, Numbering.Uid, out IndexRanges indices)
            ? ExpungeAsync(selected, indices.ToUids(selected.View))
            : new(ImapErrors.BadSequence);
    }

    /// <summary>The loop tells the numbers that went, from the difference of the snapshots.</summary>
    private static async ValueTask<ImapCompletion> ExpungeAsync(SelectedMailbox selected, UidSet uids)
    {
        if (selected.IsReadOnly)
        {
            return ImapErrors.ReadOnly;
        }
        StoreResult<UidSet> expunged = await selected.Mailbox.ExpungeAsync(uids, ExpungeScope.OnlyDeleted, CancellationToken.None);
        return expunged.TryGet(out _) ? ImapCompletion.Ok("expunged") : ImapErrors.ToCompletion(expunged.Error);
    }
}
