using MailAccess.Imap.Commands;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Imap.Notifying;

/// <summary>What a session tells unasked: of the selected mailbox at the end of commands, and what NOTIFY asked for at any time.</summary>
internal static class SessionNews
{
    /// <summary>Tells what NOTIFY asked for. Not null: the selected mailbox is gone, and the session ends.</summary>
    public static async ValueTask<SessionEnd?> TellAsync(ImapSession session, bool mayExpunge)
    {
        if (session.Notifications is not { HasNews: true } notifications)
        {
            return null;
        }
        bool isDirty = notifications.TakeDirty();
        if (notifications.FollowsSelected && session.Selected is { HasNews: true } selected)
        {
            if (selected.IsGone)
            {
                return await session.SayByeAsync("the selected mailbox is gone", SessionEnd.ProtocolViolation);
            }
            await ReportAsync(session, selected, mayExpunge);
        }
        if (isDirty && await notifications.TellAsync() != StoreError.None)
        {
            session.Writer.WriteUntagged($"OK [{Notifications.Overflow}] you will not be told any more"); // RFC 5465 §5.8.
            await session.NotifyAsync(new Notifications(session, NotifyRequest.Nothing));
        }
        return null;
    }

    /// <summary>Tells what has changed in the selected mailbox, while no command has ended.</summary>
    public static async ValueTask ReportAsync(ImapSession session, SelectedMailbox selected, bool mayExpunge)
    {
        await selected.ReportAsync(session.Writer, session.Enabled, mayExpunge, ScopeOf(session, selected));
        if (selected.SettleModSeqs(session.Enabled) is { } highest)
        {
            session.WriteHighestModSeq(highest);
        }
    }

    /// <summary>Another session of this user has renewed the access key to the selected mailbox: RFC 4467 §7, RESETKEY.</summary>
    public static void TellKeyReset(ImapSession session)
    {
        if (session.Selected is { OwesUrlMechanisms: true } selected)
        {
            selected.OwesUrlMechanisms = false;
            session.Writer.WriteUntagged($"OK [{UrlCommands.Mechanisms}] the access key is a new one");
        }
    }

    /// <summary>
    /// At the end of a command: what is new, and where the client would reckon wrongly the mod-sequence up to which it has heard everything.
    /// RFC 7162 §3.2, §3.2.7.
    /// </summary>
    public static async ValueTask<ImapCompletion> CompleteAsync(ImapSession session, SelectedMailbox selected, ImapEffects effects, ImapCompletion completion)
    {
        TellKeyReset(session);
        bool isWanted = session.Notifications is not { FollowsSelected: false } || (effects & ImapEffects.ChangesMessages) != 0;
        if ((effects & ImapEffects.ReportsChanges) != 0 && isWanted)
        {
            bool mayExpunge = (effects & ImapEffects.MayExpunge) != 0 && !completion.KeepsNumbers;
            await selected.ReportAsync(session.Writer, session.Enabled, mayExpunge, ScopeOf(session, selected));
        }
        if (selected.SettleModSeqs(session.Enabled) is not { } highest)
        {
            return completion;
        }
        if (completion is { Status: ImapStatus.Ok, Code: null })
        {
            return completion with { Code = ImapSession.HighestModSeq(highest) };
        }
        session.WriteHighestModSeq(highest);
        return completion;
    }

    /// <summary>This session has brought these messages into a mailbox, perhaps the selected one.</summary>
    public static void NoteOwn(ImapSession session, IMailbox destination, IEnumerable<Uid> uids)
    {
        if (session.Selected is { } selected && selected.Mailbox.MailboxId == destination.MailboxId && ScopeOf(session, selected).Arrivals is not null)
        {
            selected.NoteOwn(uids);
        }
    }

    private static SelectedScope ScopeOf(ImapSession session, SelectedMailbox selected) =>
        session.Notifications is { FollowsSelected: true } notifications ? notifications.ScopeOf(selected)
        : selected.Contexts is { AskArrivals: true } ? new SelectedScope(new ArrivalReport(session, selected, items: null)) : SelectedScope.Everything;
}
