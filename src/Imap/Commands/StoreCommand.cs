using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>STORE and UID STORE — RFC 3501 §6.4.6, §6.4.8; UNCHANGEDSINCE of RFC 7162 §3.1.3.</summary>
internal static class StoreCommand
{
    public static readonly ImapCommand Definition = new("STORE", ImapStates.Selected, ImapEffects.ReportsChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID STORE", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        if (!(arguments.TrySpace() && arguments.TrySequenceSet(out SequenceSet set)
              && StoreRequest.TryParse(arguments, session.Services, out StoreRequest request) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        SelectedMailbox selected = session.Selected!;
        if (!selected.TryResolve(set, numbering, out IndexRanges targets))
        {
            return ImapErrors.BadSequence;
        }
        if (request.UnchangedSince is not null)
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (selected.IsReadOnly)
        {
            return ImapErrors.ReadOnly;
        }
        if (targets.Count == 0)
        {
            return ImapCompletion.Ok("no such messages");
        }
        (targets, Uid? lowest) = MessageLimit.Cut(session.Services, selected.View, targets);
        MailboxSnapshot before = selected.Mailbox.Snapshot;
        StoreResult<FlagsOutcome> stored = await session.Progress.WatchAsync(
            ConditionalStore.RunAsync(selected, targets.ToUids(selected.View), request));
        if (!stored.TryGet(out FlagsOutcome? outcome))
        {
            return ImapErrors.ToCompletion(stored.Error);
        }
        StoreAnswer answer = new(session, selected, request, before, outcome.Modified, numbering) { IsDescending = lowest is not null };
        await answer.WriteAsync(targets);
        ImapCompletion completion = !outcome.Modified.IsEmpty
            ? ImapCompletion.Ok($"MODIFIED {answer.Modified}", "some messages were changed by others") // RFC 7162 §3.1.3.
            : answer.AnyGone && numbering == Numbering.Sequence
            ? ImapCompletion.Ok("EXPUNGEISSUED", "some messages were gone") // RFC 2180 §4.2.1: the others were changed, and EXPUNGE will tell what went.
            : ImapCompletion.Ok("stored");
        return MessageLimit.Complete(session, completion, lowest);
    }
}
