using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>DELETE — RFC 3501 §6.3.4, RFC 9051 §6.3.5.</summary>
internal static class DeleteCommand
{
    public static readonly ImapCommand Definition = new("DELETE", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // delete = "DELETE" SP mailbox     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name, out string supplied) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> deleted = await session.Account!.DeleteAsync(name, CancellationToken.None);
        if (!deleted.TryGet(out _))
        {
            return ImapErrors.ToCompletion(deleted.Error);
        }
        if (session.Selected is { } selected && selected.Mailbox.Name == name)
        {
            await session.SelectAsync(null); // Its own doing: nothing is selected any more, and no reason to hang up.
        }
        await ListCommand.WriteNormalizedAsync(session, name, supplied, isDeleted: true);
        return ImapCompletion.Ok("deleted");
    }
}
