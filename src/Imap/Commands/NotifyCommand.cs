using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>NOTIFY — RFC 5465 §3.1: what the client is told from now on, between commands too.</summary>
internal static class NotifyCommand
{
    public static readonly ImapCommand Definition =
        new("NOTIFY", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = "NOTIFY" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!NotifyRequest.TryParse(arguments, session.Services, out NotifyRequest request))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (request.HasUnknownEvents)
        {
            return ImapCompletion.No(NotifyEventNames.BadEvent(session.Services), "not all of these events are known here");
        }
        if (request.IsSet && session.Selected is { IsGone: false } selected)
        {
            await selected.Mailbox.RefreshAsync(CancellationToken.None); // As NOOP does.
        }
        Notifications notifications = new(session, request);
        StoreError error = await notifications.StartAsync();
        if (error != StoreError.None)
        {
            await notifications.DisposeAsync(); // What was in force stays so.
            return error == StoreError.LimitReached
                ? ImapCompletion.No(Notifications.Overflow, "too many mailboxes to be watched") : ImapErrors.ToCompletion(error);
        }
        // Until here the former registration holds, and what has happened is told in its way: §3.1, "accumulated changes".
        if (request.IsSet && session.Notifications is not { FollowsSelected: false } && session.Selected is { IsGone: false } current)
        {
            await SessionNews.ReportAsync(session, current, mayExpunge: true);
        }
        await session.NotifyAsync(notifications);
        return ImapCompletion.Ok(request.IsSet ? "you will be told" : "you will not be told");
    }
}
