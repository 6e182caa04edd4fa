using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>CHECK — RFC 3501 §6.4.1: every answer of ours is a checkpoint already; what remains is to look at the files.</summary>
internal static class CheckCommand
{
    public static readonly ImapCommand Definition = new("CHECK", ImapStates.Selected, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        StoreResult<Done> refreshed = await session.Selected!.Mailbox.RefreshAsync(CancellationToken.None);
        return refreshed.TryGet(out _) ? ImapCompletion.Ok("checked") : ImapErrors.ToCompletion(refreshed.Error);
    }
}
