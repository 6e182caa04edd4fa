using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>MOVE and UID MOVE — RFC 6851 §3.</summary>
internal static class MoveCommand
{
    public static readonly ImapCommand Definition = new("MOVE", ImapStates.Selected, ImapCommand.OwnChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { Capability = "MOVE", TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID MOVE", ImapStates.Selected, ImapCommand.OwnChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid))
    { Capability = "MOVE" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        if (!CopyRequest.TryParse(session, arguments, numbering, CopyKind.Move, out CopyRequest? request, out ImapCompletion refusal))
        {
            return refusal;
        }
        SelectedMailbox selected = session.Selected!;
        if (selected.IsReadOnly)
        {
            return ImapErrors.ReadOnly;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(request.Destination, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? destination))
        {
            return ImapErrors.ToDestinationCompletion(opened.Error);
        }
        await using (destination)
        {
            StoreResult<CopyOutcome> moved = await session.Progress.WatchAsync(
                selected.Mailbox.MoveAsync(request.Uids, destination, CancellationToken.None));
            if (!moved.TryGet(out CopyOutcome? outcome))
            {
                return ImapErrors.ToDestinationCompletion(moved.Error);
            }
            if (outcome.Sources.Count == 0)
            {
                return MessageLimit.Complete(session, request.Nothing("move"), request.Lowest);
            }
            SessionNews.NoteOwn(session, destination, outcome.Destinations);
            if (!session.Services.IsDisabled("UIDPLUS"))
            {
                // Untagged and before the EXPUNGEs, so that the client can still tell which message is which: RFC 6851 §4.3.
                session.Writer.WriteUntagged($"OK [{CopyRequest.CopyUid(outcome)}] moved");
            }
            return MessageLimit.Complete(session, ImapCompletion.Ok("done"), request.Lowest);
        }
    }
}
