using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>COPY and UID COPY — RFC 3501 §6.4.7, §6.4.8; COPYUID of RFC 4315 §3.</summary>
internal static class CopyCommand
{
    public static readonly ImapCommand Definition = new("COPY", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Sequence))
    { TakesNumbers = true };

    public static readonly ImapCommand UidDefinition = new("UID COPY", ImapStates.Selected, ImapCommand.AllChanges,
        (session, arguments) => ExecuteAsync(session, arguments, Numbering.Uid));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, Numbering numbering)
    {
        if (!CopyRequest.TryParse(session, arguments, numbering, CopyKind.Copy, out CopyRequest? request, out ImapCompletion refusal))
        {
            return refusal;
        }
        StoreResult<IMailbox> opened = await session.Account!.OpenAsync(request.Destination, CancellationToken.None);
        if (!opened.TryGet(out IMailbox? destination))
        {
            return ImapErrors.ToDestinationCompletion(opened.Error);
        }
        await using (destination)
        {
            StoreResult<CopyOutcome> copied = await session.Progress.WatchAsync(
                session.Selected!.Mailbox.CopyAsync(request.Uids, destination, CancellationToken.None));
            if (!copied.TryGet(out CopyOutcome? outcome))
            {
                return ImapErrors.ToDestinationCompletion(copied.Error);
            }
            if (outcome.Sources.Count == 0)
            {
                return request.Nothing("copy");
            }
            SessionNews.NoteOwn(session, destination, outcome.Destinations);
            string? code = session.Services.IsDisabled("UIDPLUS") ? null : CopyRequest.CopyUid(outcome);
            return ImapCompletion.Ok(code, "copied");
        }
    }
}
