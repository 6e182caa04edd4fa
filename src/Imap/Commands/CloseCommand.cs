using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Commands;

/// <summary>CLOSE — RFC 3501 §6.4.2: expunges without a word; UNSELECT — RFC 3691 §2: does not.</summary>
internal static class CloseCommand
{
    public static readonly ImapCommand Definition =
        new("CLOSE", ImapStates.Selected, ImapEffects.None, (session, arguments) => ExecuteAsync(session, arguments, expunges: true));

    public static readonly ImapCommand UnselectDefinition =
        new("UNSELECT", ImapStates.Selected, ImapEffects.None, (session, arguments) => ExecuteAsync(session, arguments, expunges: false))
        {
            Capability = "UNSELECT",
        };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, bool expunges)
    {
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        SelectedMailbox selected = session.Selected!;
        StoreResult<UidSet> expunged = UidSet.Empty;
        // RFC 4314 §4: without the right to expunge, CLOSE only closes.
        if (expunges && !selected.IsReadOnly && !selected.IsGone && selected.Rights.Has(Rights.Expunge))
        {
            expunged = await selected.Mailbox.ExpungeAsync(UidSet.All, ExpungeScope.OnlyDeleted, CancellationToken.None);
        }
        await session.SelectAsync(null);
        return expunged.TryGet(out _) ? ImapCompletion.Ok("closed") : ImapErrors.ToCompletion(expunged.Error);
    }
}
