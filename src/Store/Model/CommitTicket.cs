using MailAccess.Store.Quota;

namespace MailAccess.Store.Model;

/// <summary>What one commit does to one mailbox.</summary>
internal sealed class MailboxChange(MailboxModel mailbox, MailboxSnapshot before, MailboxSnapshot after)
{
    public MailboxModel Mailbox => mailbox;

    public MailboxSnapshot Before => before;

    public MailboxSnapshot After => after;

    /// <summary>New and changed records, as they are afterwards.</summary>
    public IReadOnlyList<MessageRecord> Upserts { get; init; } = [];

    /// <summary>Of the upserts, the last ones that are new messages.</summary>
    public int AppendedCount { get; init; }

    /// <summary>Records of messages that go.</summary>
    public IReadOnlyList<MessageRecord> Expunged { get; init; } = [];

    /// <summary>The messages of <see cref="Expunged"/> were taken away by another program: should their files come back, they are not ours to remove.</summary>
    public bool HaveVanished { get; init; }

    /// <summary>What the format prepared for the new messages.</summary>
    public PreparedMessages? Prepared { get; init; }

    /// <summary>Names of the new messages' files; as many as <see cref="AppendedCount"/> where the format has files.</summary>
    public IReadOnlyList<Index.FrameArrival> Arrivals { get; set; } = [];

    /// <summary>The change as the format writes it.</summary>
    public byte[] Frame { get; set; } = [];

    /// <summary>Nothing that a session could see: nobody is told.</summary>
    public bool IsSilent { get; init; }

    /// <summary>Room that the quota has promised to the new messages.</summary>
    public QuotaHold? Hold { get; set; }

    /// <summary>What goes from here goes to where this was promised.</summary>
    public QuotaHold? Departure { get; init; }

    /// <summary>The mailbox's generation on which this was computed.</summary>
    public int Generation { get; set; }
}

/// <summary>One commit, of one or two mailboxes: all of it or nothing.</summary>
internal sealed class CommitTicket(params MailboxChange[] changes)
{
    private readonly TaskCompletionSource<StoreError> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<MailboxChange> Changes => changes;

    /// <summary>Submits what comes, and, in the same commit, what goes for it elsewhere. Under the gates of the mailboxes.</summary>
    public static CommitTicket Submit(MailboxChange arrival, MailboxChange? departure)
    {
        CommitTicket ticket = departure is null ? new(arrival) : new(arrival, departure);
        foreach (MailboxChange change in ticket.Changes)
        {
            change.Mailbox.Advance(change, ticket);
        }
        arrival.Mailbox.Submit(ticket);
        return ticket;
    }

    /// <summary>Completes after it was published, or undone.</summary>
    public Task<StoreError> Settled => _settled.Task;

    /// <summary>A commit on which it builds has failed, or a mailbox went away: it must not be written.</summary>
    public bool IsStale => Array.Exists(changes, c => c.Mailbox.IsStale(c));

    /// <summary>It failed while it was written: after a restart it may turn out to have happened. What it needs must stay.</summary>
    public bool MayBeDurable { get; private set; }

    /// <summary>Undoes it, although nobody knows what the disk holds.</summary>
    public void CompleteUnknown()
    {
        MayBeDurable = true;
        Complete(StoreError.Unavailable);
    }

    /// <summary>Publishes or undoes it; called once, in the order of submission.</summary>
    public void Complete(StoreError error)
    {
        foreach (MailboxChange change in changes)
        {
            change.Mailbox.Settle(change, this, error);
        }
        _settled.SetResult(error);
    }
}

/// <summary>
/// Messages that lie ready for a commit, in order. What the commit does not take is discarded.
/// </summary>
internal abstract class PreparedMessages
{
    public abstract int Count { get; }

    /// <summary>What the new message's record must say, as far as the format and the content decide it. Asked once for each, under the gate.</summary>
    public abstract PreparedMessage this[int index] { get; }

    /// <summary>The commit took them and is durable; the messages get their final place.</summary>
    public abstract ValueTask PlaceAsync();

    /// <summary>The commit did not happen, or does not want these.</summary>
    public abstract ValueTask DiscardAsync();
}

/// <summary>One of <see cref="PreparedMessages"/>.</summary>
internal readonly record struct PreparedMessage(long Octets, long Locator, long CacheLocator);
