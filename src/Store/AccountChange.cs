namespace MailAccess.Store;

/// <summary>What became of an account's mailboxes, beside their messages. RFC 5465 §5.4 to §5.9.</summary>
public abstract record AccountChange
{
    private AccountChange()
    {
    }

    /// <summary>A mailbox is there that was not, or that the user did not see.</summary>
    public sealed record Created(MailboxName Name) : AccountChange
    {
        /// <summary>Nobody asked for it by its name: one below it was to be made.</summary>
        public bool IsImplied { get; init; }
    }

    /// <summary>A mailbox is gone; one with others below it may still be a name above them.</summary>
    public sealed record Deleted(MailboxName Name) : AccountChange;

    /// <summary>A mailbox has another name, and so have those below it. INBOX: its messages are there now, itself stays.</summary>
    public sealed record Renamed(MailboxName From, MailboxName To) : AccountChange;

    /// <summary>A name was subscribed or is so no more.</summary>
    public sealed record SubscriptionChanged(MailboxName Name) : AccountChange;

    /// <summary>The user does not see the mailbox any more.</summary>
    public sealed record Hidden(MailboxName Name) : AccountChange;

    /// <summary>The user still sees the mailbox, and may do more with it, or less.</summary>
    public sealed record RightsChanged(MailboxName Name) : AccountChange;

    /// <summary>Annotations were set or removed.</summary>
    /// <param name="Name">The mailbox's, or (null) the server's.</param>
    /// <param name="Entries">Their names.</param>
    /// <param name="User">Whose those are that are private.</param>
    public sealed record AnnotationsChanged(MailboxName? Name, IReadOnlyList<string> Entries, string User) : AccountChange;

    /// <summary>The list of who may do what changed. For those who know whose rights it concerns.</summary>
    internal sealed record ListChanged(MailboxName Name, Access.AccessList Before, Access.AccessList After) : AccountChange;
}
