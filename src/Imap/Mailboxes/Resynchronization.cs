using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>What a client has missed since it last knew the mailbox, told when it selects it. RFC 7162 §3.2.5.</summary>
internal static class Resynchronization
{
    public static async ValueTask RunAsync(ImapWriter writer, SelectedMailbox selected, QResyncRequest request, ImapExtensions enabled)
    {
        MailboxSnapshot view = selected.View;
        if (request.UidValidity != view.UidValidity)
        {
            return; // As if nothing had changed: the client sees that all has, RFC 7162 §3.2.5.
        }
        // A mod-sequence that was never given is of a time that was lost, as with an old copy of the mail put back: nothing is known to be as then.
        ModSeq since = request.Since <= view.HighestModSeq ? request.Since : default;
        UidSet known = request.KnownUids?.ToUids(view) ?? UidSet.All;
        UidSet vanished = await ChangedMessages.VanishedSinceAsync(selected.Mailbox, view, since, known, request.KnownUpTo(view));
        await VanishedResponse.WriteAsync(writer, VanishedKind.Earlier, vanished);
        foreach (int index in view.IndicesOf(known))
        {
            if (view[index].ModSeq > since)
            {
                selected.WriteChange(writer, index, view[index], view.Keywords, ChangeItems.Flags | enabled.ItemsBesideFlags());
                if (writer.IsFull)
                {
                    await writer.FlushAsync();
                }
            }
        }
    }
}
