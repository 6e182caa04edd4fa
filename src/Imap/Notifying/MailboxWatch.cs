using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Store;

namespace MailAccess.Imap.Notifying;

/// <summary>What STATUS told, or might have told, of a mailbox: a few numbers, and no snapshot is kept for them.</summary>
internal readonly record struct MailboxNumbers(UidValidity UidValidity, int Count, Uid UidNext, int Unseen, ModSeq HighestModSeq)
{
    /// <summary>Of a snapshot.</summary>
    public static MailboxNumbers Of(MailboxSnapshot snapshot) =>
        new(snapshot.UidValidity, snapshot.Count, snapshot.UidNext, snapshot.UnseenCount, snapshot.HighestModSeq);

    /// <summary>Of a mailbox that was just made.</summary>
    public static MailboxNumbers OfNew(UidValidity uidValidity) => new(uidValidity, 0, new Uid(1), 0, default);
}

/// <summary>A mailbox that is not selected and of whose messages the client wants to hear. The model behind it is shared by all sessions.</summary>
internal sealed class MailboxWatch : IAsyncDisposable
{
    private readonly Action _wake;
    private readonly IDisposable _subscription;
    private int _isDirty;

    /// <param name="mailbox">Open; the watch disposes of it.</param>
    /// <param name="events">What is wanted of it.</param>
    /// <param name="wake">Something has happened. Any thread.</param>
    public MailboxWatch(IMailbox mailbox, NotifyEvents events, Action wake)
    {
        Mailbox = mailbox;
        Events = events;
        _wake = wake;
        _subscription = mailbox.Subscribe(Touch);
    }

    /// <summary>The mailbox.</summary>
    public IMailbox Mailbox { get; }

    /// <summary>What is wanted.</summary>
    public NotifyEvents Events { get; set; }

    /// <summary>What the client knows.</summary>
    public MailboxNumbers Told { get; set; }

    /// <summary>It must be looked at.</summary>
    public void Touch()
    {
        Volatile.Write(ref _isDirty, 1);
        _wake();
    }

    /// <summary>True at most once for any number of changes.</summary>
    public bool TakeDirty() => Interlocked.Exchange(ref _isDirty, 0) != 0; // A fence as well: the mailbox is looked at behind it.

    /// <summary>Whether the client wants to hear of what lies between what it knows and what is. RFC 5465 §5.1 to §5.3.</summary>
    public bool HasNews(in MailboxNumbers now, ImapExtensions enabled)
    {
        bool hasArrivals = Told.UidValidity != now.UidValidity || Told.Count != now.Count || Told.UidNext != now.UidNext;
        bool hasFlags = (enabled & ImapExtensions.CondStore) != 0 ? Told.HighestModSeq != now.HighestModSeq : Told.Unseen != now.Unseen;
        return hasArrivals || (hasFlags && (Events & NotifyEvents.FlagChange) != 0);
    }

    public ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        return Mailbox.DisposeAsync();
    }
}
