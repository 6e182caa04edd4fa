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
        arguments.AtEnd ? ExpungeAsync(session, UidSet.All) : new(ImapErrors.Syntax(arguments));

    private static ValueTask<ImapCompletion> ExecuteUidAsync(ImapSession session, ImapArguments arguments)
    {
        // uid-expunge = "UID" SP "EXPUNGE" SP sequence-set     RFC 4315 §4
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set) && arguments.AtEnd))
        {
            return new(ImapErrors.Syntax(arguments));
        }
        SelectedMailbox selected = session.Selected!;
        return selected.TryResolve(set, Numbering.Uid, out IndexRanges indices)
            ? ExpungeLimitedAsync(session, indices)
            : new(ImapErrors.BadSequence);
    }

    /// <summary>Deleted messages count, the others cost nothing. EXPUNGE and CLOSE have no limit: RFC 9738 §3.1.</summary>
    private static async ValueTask<ImapCompletion> ExpungeLimitedAsync(ImapSession session, IndexRanges named)
    {
        SelectedMailbox selected = session.Selected!;
        if (named.Count <= session.Services.MessagesMax)
        {
            return await ExpungeAsync(session, named.ToUids(selected.View));
        }
        MailboxSnapshot latest = selected.Mailbox.Snapshot;
        IndexRanges deleted = IndexRanges.FromRanges([.. latest.IndicesOf(named.ToUids(selected.View))
            .Where(i => (latest[i].Flags & SystemFlags.Deleted) != 0).Select(i => (i, i))]);
        (deleted, Uid? lowest) = MessageLimit.Cut(session.Services, latest, deleted);
        ImapCompletion completion = await ExpungeAsync(session, deleted.ToUids(latest));
        return MessageLimit.Complete(session, completion, completion.Status == ImapStatus.Ok ? lowest : null);
    }

    /// <summary>The loop tells the numbers that went, from the difference of the snapshots.</summary>
    private static async ValueTask<ImapCompletion> ExpungeAsync(ImapSession session, UidSet uids)
    {
        SelectedMailbox selected = session.Selected!;
        if (selected.IsReadOnly)
        {
            return ImapErrors.ReadOnly;
        }
        StoreResult<UidSet> expunged = await session.Progress.WatchAsync(
            selected.Mailbox.ExpungeAsync(uids, ExpungeScope.OnlyDeleted, CancellationToken.None));
        return expunged.TryGet(out _) ? ImapCompletion.Ok("expunged") : ImapErrors.ToCompletion(expunged.Error);
    }
}
