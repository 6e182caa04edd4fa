namespace MailAccess.Store.Model;

/// <summary>Which flags an operation may touch; it leaves the others as they are, and copies go without them. RFC 4314 §4.</summary>
internal readonly record struct FlagScope(SystemFlags Flags, bool HasKeywords)
{
    public static readonly FlagScope All = new((SystemFlags)0xFF, true);

    /// <summary>Flags without right are left out, and the message comes in all the same.</summary>
    public MessageToAppend Restrict(MessageToAppend message) =>
        message with { Flags = message.Flags & Flags, Keywords = HasKeywords ? message.Keywords : [] };
}

/// <summary>A mailbox as somebody may use it who has not every right: what it stands for, and the flags that may be set there.</summary>
internal interface IMailboxView
{
    IMailbox Inner { get; }

    FlagScope Scope { get; }

    /// <summary>Why no message may be copied to it, or none.</summary>
    StoreError InsertRefusal { get; }
}
