using System.Collections.Concurrent;
using MailAccess.Imap.Mailboxes;

namespace MailAccess.Imap.Urls;

/// <summary>Tells the other sessions of a user that an access key to their mailbox is a new one. RFC 4467 §7, RESETKEY.</summary>
internal sealed class KeyResets
{
    private readonly ConcurrentDictionary<ImapSession, SelectedMailbox> _sessions = new();

    /// <summary>The session has selected this mailbox, or none.</summary>
    public void Follow(ImapSession session, SelectedMailbox? selected)
    {
        if (selected is null)
        {
            _sessions.TryRemove(session, out _);
        }
        else
        {
            _sessions[session] = selected;
        }
    }

    /// <summary>The key to this mailbox, or (null) to every one, is a new one: the user's sessions that have it selected tell so as soon as they may speak.</summary>
    public void Tell(ImapSession by, Guid? mailbox)
    {
        foreach ((ImapSession session, SelectedMailbox selected) in _sessions)
        {
            if (session != by && session.Account?.Name == by.Account!.Name && (mailbox is null || selected.Mailbox.MailboxId == mailbox))
            {
                selected.OwesUrlMechanisms = true;
                session.Connection.Wake();
            }
        }
    }
}
