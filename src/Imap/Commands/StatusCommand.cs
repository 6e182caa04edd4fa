using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>STATUS — RFC 3501 §6.3.10; DELETED and DELETED-STORAGE of RFC 9208 §4.1.4.</summary>
internal static class StatusCommand
{
    public static readonly ImapCommand Definition = new("STATUS", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.TrySpace()
              && StatusItems.TryParse(arguments, session.Services, out StatusItems items) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (items.AsksModSeq)
        {
            session.Enable(ImapExtensions.CondStore);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<IMailbox> opened = await session.Progress.WatchAsync(items.OpenAsync(session.Account!, name));
        if (!opened.TryGet(out IMailbox? mailbox))
        {
            return ImapErrors.ToCompletion(opened.Error);
        }
        await using (mailbox)
        {
            items.Write(session.Writer, session.Services, mailbox);
        }
        return ImapCompletion.Ok("that is its status");
    }
}
