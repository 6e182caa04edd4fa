using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>The mailbox that a search looks at, as it is seen there: indices and sequence numbers count in the view.</summary>
internal sealed record SearchTarget(IMailbox Mailbox, MailboxSnapshot View)
{
    /// <summary><c>\Recent</c>.</summary>
    public required Func<Uid, bool> IsRecent { get; init; }

    /// <summary>What <c>$</c> means.</summary>
    public UidSet Saved { get; init; } = UidSet.Empty;

    /// <summary>The record of a message of the view as it is in a later snapshot; of one that is gone, as it was.</summary>
    public ref readonly MessageRecord Current(MailboxSnapshot latest, int index)
    {
        ref readonly MessageRecord known = ref View[index];
        if (ReferenceEquals(View, latest))
        {
            return ref known;
        }
        int now = latest.IndexOf(known.Uid);
        return ref now < 0 ? ref known : ref latest[now];
    }

    /// <summary>As the session has been told of it.</summary>
    public static SearchTarget Of(SelectedMailbox selected) =>
        new(selected.Mailbox, selected.View) { IsRecent = selected.IsRecent, Saved = selected.Saved };
}
