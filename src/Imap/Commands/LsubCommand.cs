using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>LSUB — RFC 3501 §6.3.9.</summary>
internal static class LsubCommand
{
    public static readonly ImapCommand Definition = new("LSUB", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!ListRequest.TryParsePlain(arguments, out ListRequest request))
        {
            return ImapErrors.Syntax(arguments);
        }
        if (request.AsksForSeparator)
        {
            session.Writer.Write("* LSUB (\\Noselect) \"/\" \"\"\r\n"u8);
            return ImapCompletion.Ok("listed");
        }
        StoreResult<IReadOnlyList<MailboxName>> all = await session.Account!.ListSubscriptionsAsync(CancellationToken.None);
        if (!all.TryGet(out IReadOnlyList<MailboxName>? names))
        {
            return ImapErrors.ToCompletion(all.Error);
        }
        HashSet<MailboxName> subscribed = [.. names];
        SortedDictionary<string, (MailboxName Name, bool IsSubscribed)> found = new(StringComparer.Ordinal);
        foreach (MailboxName name in names)
        {
            // Where the pattern stops at a level, a subscribed name below is shown by its parent, \Noselect unless
            // that is subscribed itself (§6.3.9).
            for (MailboxName? shown = name; shown is not null; shown = shown.Parent)
            {
                if (request.Matches(shown.Value))
                {
                    found[shown.Value] = (shown, subscribed.Contains(shown));
                    break;
                }
            }
        }
        foreach ((MailboxName name, bool isSubscribed) in found.Values)
        {
            ListCommand.WriteName(session.Writer, "LSUB"u8, isSubscribed ? "" : "\\Noselect", name);
            session.Writer.Write("\r\n"u8);
            if (session.Writer.IsFull)
            {
                await session.Writer.FlushAsync();
            }
        }
        return ImapCompletion.Ok("listed");
    }
}
