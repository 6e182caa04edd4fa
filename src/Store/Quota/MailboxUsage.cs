namespace MailAccess.Store.Quota;

/// <summary>What one mailbox takes of its account's quota. Changed by the model's commits alone, under its gate.</summary>
/// <remarks>Stays the same object when the mailbox is renamed; of a deleted one, changes count nowhere.</remarks>
internal sealed class MailboxUsage(AccountQuota account, MailboxName name, SpecialUse use)
{
    public AccountQuota Account => account;

    /// <summary>Under the account's gate, as everything below.</summary>
    public MailboxName Name { get; set; } = name;

    public SpecialUse Use { get; set; } = use;

    /// <summary>With what was submitted to be added, and without nothing that is not durably gone: what the limit is compared with.</summary>
    public QuotaAmount Held { get; set; }

    /// <summary>What is durable.</summary>
    public QuotaAmount Settled { get; set; }

    /// <summary>Somebody has counted.</summary>
    public bool IsKnown { get; set; }

    /// <summary>How the format recognizes that nobody else has changed the mailbox since; 0: it cannot.</summary>
    public CountStamp Stamp { get; set; }
}

/// <summary>What a mailbox's files looked like when it was counted; the default: they say nothing.</summary>
/// <param name="First">Of a Maildir the time of <c>new</c>; of an mbox file its time.</param>
/// <param name="Second">Of a Maildir the time of <c>cur</c>; of an mbox file its octets.</param>
internal readonly record struct CountStamp(long First, long Second);

/// <summary>What goes with the commit that something comes with: as much as that is needs no room of its own.</summary>
/// <param name="From">Where it goes.</param>
/// <param name="Amount">How much.</param>
internal sealed record QuotaDeparture(MailboxUsage From, QuotaAmount Amount);

/// <summary>Room that was promised to a commit.</summary>
/// <param name="Usage">Where.</param>
/// <param name="Amount">What comes.</param>
internal sealed record QuotaHold(MailboxUsage Usage, QuotaAmount Amount)
{
    /// <summary>Of that, what the same commit takes away elsewhere in the account: it counts once there.</summary>
    public QuotaAmount Transferred { get; init; }

    /// <summary>Of that, what the same commit takes away here: it is not held at all.</summary>
    public QuotaAmount Exchanged { get; init; }
}
