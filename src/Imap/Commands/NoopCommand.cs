using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>NOOP — RFC 3501 §6.1.2: the client asks what is new.</summary>
internal static class NoopCommand
{
    public static readonly ImapCommand Definition = new("NOOP", ImapStates.Any, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        if (session.Selected is { IsGone: false } selected)
        {
            // What other programs did to the mailbox is news too; where it cannot be had now, there is none.
            await selected.Mailbox.RefreshAsync(CancellationToken.None);
        }
        return ImapCompletion.Ok("nothing done");
    }
}
