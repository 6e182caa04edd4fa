using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>RENAME — RFC 3501 §6.3.5, RFC 9051 §6.3.6.</summary>
internal static class RenameCommand
{
    public static readonly ImapCommand Definition = new("RENAME", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // rename = "RENAME" SP mailbox SP mailbox     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? from, out string suppliedFrom)
              && arguments.TrySpace() && arguments.TryMailbox(out MailboxName? to, out string suppliedTo) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (from is null || to is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> renamed = await session.Account!.RenameAsync(from, to, CancellationToken.None);
        if (!renamed.TryGet(out _))
        {
            return ImapErrors.ToCompletion(renamed.Error);
        }
        if (session.Selected is { IsGone: true } selected && (selected.Mailbox.Name == from || selected.Mailbox.Name.IsBelow(from)))
        {
            await session.SelectAsync(null); // Its own doing: the former name is left, and no reason to hang up.
        }
        if (session.IsRevision2 && (suppliedFrom != from.Value || suppliedTo != to.Value))
        {
            await ListCommand.WriteOneAsync(session, to, suppliedFrom);
        }
        return ImapCompletion.Ok("renamed");
    }
}
