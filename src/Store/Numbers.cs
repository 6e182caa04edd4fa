namespace MailAccess.Store;

/// <summary>Names a message in a mailbox for ever under one <see cref="UidValidity"/>; 1 or more. RFC 9051 §2.3.1.1.</summary>
public readonly record struct Uid(uint Value) : IComparable<Uid>
{
    /// <inheritdoc/>
    public int CompareTo(Uid other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Mailbox order.</summary>
    public static bool operator <(Uid left, Uid right) => left.Value < right.Value;

    /// <summary>Mailbox order.</summary>
    public static bool operator >(Uid left, Uid right) => left.Value > right.Value;

    /// <summary>Mailbox order.</summary>
    public static bool operator <=(Uid left, Uid right) => left.Value <= right.Value;

    /// <summary>Mailbox order.</summary>
    public static bool operator >=(Uid left, Uid right) => left.Value >= right.Value;
}

/// <summary>The epoch of a mailbox's UIDs; 1 or more. RFC 9051 §2.3.1.1.</summary>
public readonly record struct UidValidity(uint Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A mailbox's logical clock: grows with every change. 63 bits. RFC 7162 §3.1.</summary>
public readonly record struct ModSeq(ulong Value) : IComparable<ModSeq>
{
    /// <summary>To start from where they were lost under a UIDVALIDITY that clients know: above any that can have been given, at a million a second.</summary>
    internal static ModSeq AfterLoss(DateTimeOffset now) => new((ulong)now.ToUnixTimeSeconds() << 20);

    /// <inheritdoc/>
    public int CompareTo(ModSeq other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Order of change.</summary>
    public static bool operator <(ModSeq left, ModSeq right) => left.Value < right.Value;

    /// <summary>Order of change.</summary>
    public static bool operator >(ModSeq left, ModSeq right) => left.Value > right.Value;

    /// <summary>Order of change.</summary>
    public static bool operator <=(ModSeq left, ModSeq right) => left.Value <= right.Value;

    /// <summary>Order of change.</summary>
    public static bool operator >=(ModSeq left, ModSeq right) => left.Value >= right.Value;
}
