namespace MailAccess.Store.Expiry;

/// <summary>Which messages go by themselves.</summary>
public sealed record ExpiryRule
{
    /// <summary>From these mailboxes.</summary>
    public required MailboxSelector Mailbox { get; init; }

    /// <summary>Those that came into the mailbox longer ago (RFC 8514 §2: the saved date); null: no matter when.</summary>
    public TimeSpan? AgeMax { get; init; }

    /// <summary>Of more than so many, those that came first; null: no matter how many.</summary>
    public int? MessagesMax { get; init; }

    /// <summary>What goes now, of this state of a mailbox that the rule names. Pure.</summary>
    public UidSet Decide(MailboxSnapshot mailbox, DateTimeOffset now)
    {
        long oldest = AgeMax is { } age ? now.ToUnixTimeSeconds() - (long)age.TotalSeconds : long.MinValue;
        int tooMany = MessagesMax is { } most ? Math.Max(0, mailbox.Count - most) : 0; // UIDs follow the order of arrival.
        List<Uid> expired = [];
        for (int i = 0; i < mailbox.Count; i++)
        {
            ref readonly MessageRecord record = ref mailbox[i];
            // A message that was there before anybody noted when it came: its internal date is the best guess.
            long came = record.SavedDateSeconds > 0 ? record.SavedDateSeconds : record.InternalDateSeconds;
            if (i < tooMany || came < oldest)
            {
                expired.Add(record.Uid);
            }
        }
        return UidSet.FromUids(expired);
    }
}
