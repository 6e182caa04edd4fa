namespace MailAccess.Store.Quota;

/// <summary>Octets and messages together: what is used, what is added, what goes.</summary>
public readonly record struct QuotaAmount(long Octets, long Messages)
{
    /// <summary>Both sums.</summary>
    public static QuotaAmount operator +(QuotaAmount left, QuotaAmount right) => new(left.Octets + right.Octets, left.Messages + right.Messages);

    /// <summary>Both differences.</summary>
    public static QuotaAmount operator -(QuotaAmount left, QuotaAmount right) => new(left.Octets - right.Octets, left.Messages - right.Messages);

    /// <summary>The lesser octets and the lesser messages of the two.</summary>
    internal static QuotaAmount Least(QuotaAmount left, QuotaAmount right) =>
        new(Math.Min(left.Octets, right.Octets), Math.Min(left.Messages, right.Messages));

    /// <summary>What these messages take.</summary>
    internal static QuotaAmount Of(IEnumerable<MessageRecord> records)
    {
        long octets = 0;
        long messages = 0;
        foreach (MessageRecord record in records)
        {
            octets += record.Octets;
            messages++;
        }
        return new QuotaAmount(octets, messages);
    }
}

/// <summary>The most that may be there; null: as much as there is room for.</summary>
public readonly record struct QuotaLimit(long? Octets, long? Messages)
{
    /// <summary>Nothing is limited.</summary>
    public bool IsNone => Octets is null && Messages is null;

    /// <summary>True where so much can be added. What does not grow is within it, also where there is too much already.</summary>
    public bool Allows(QuotaAmount used, QuotaAmount growth) =>
        !(growth.Octets > 0 && used.Octets + growth.Octets > Octets) && !(growth.Messages > 0 && used.Messages + growth.Messages > Messages);
}

/// <summary>One thing that is limited, with its use now. RFC 9208 §3.2.</summary>
/// <param name="Name">Names it for ever; opaque to clients.</param>
/// <param name="Used">Committed and durable.</param>
/// <param name="Limit">Without what a single mailbox may have beyond it.</param>
public sealed record QuotaRoot(string Name, QuotaAmount Used, QuotaLimit Limit)
{
    /// <summary>Not one octet, or not one message, can be added.</summary>
    public bool IsFull => Used.Octets >= Limit.Octets || Used.Messages >= Limit.Messages;
}
