using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>SUBSCRIBE and UNSUBSCRIBE — RFC 3501 §6.3.6, §6.3.7.</summary>
internal static class SubscribeCommand
{
    public static readonly ImapCommand Definition =
        new("SUBSCRIBE", ImapStates.LoggedIn, ImapCommand.AllChanges,
            (session, arguments) => ExecuteAsync(session, arguments, subscribed: true));

    public static readonly ImapCommand UnsubscribeDefinition =
        new("UNSUBSCRIBE", ImapStates.LoggedIn, ImapCommand.AllChanges,
            (session, arguments) => ExecuteAsync(session, arguments, subscribed: false));

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments, bool subscribed)
    {
        // subscribe = "SUBSCRIBE" SP mailbox     RFC 3501 §9
        if (!(arguments.TrySpace() && arguments.TryMailbox(out MailboxName? name) && arguments.AtEnd))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (name is null)
        {
            return ImapErrors.InvalidName;
        }
        StoreResult<Done> done = await session.Account!.SetSubscribedAsync(name, subscribed, CancellationToken.None);
        return done.TryGet(out _) ? ImapCompletion.Ok(subscribed ? "subscribed" : "unsubscribed") : ImapErrors.ToCompletion(done.Error);
    }
}
