using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What has become of a recipient.</summary>
internal enum RecipientStatus
{
    /// <summary>Still to be delivered.</summary>
    Pending,
    /// <summary>Where it ends: in a mailbox, a file or a program here.</summary>
    Delivered,
    /// <summary>Taken over by another server that honours DSN parameters, so that telling is its task.</summary>
    Relayed,
    /// <summary>Taken over by a server that will tell nothing (RFC 3461 §5.2.2).</summary>
    RelayedBlind,
    /// <summary>Taken over by another server, and the sender is told so unless it forbade that (RFC 2852 §4.1.4).</summary>
    RelayedTraced,
    /// <summary>Will never be delivered.</summary>
    Failed,
    /// <summary>An alias with one address, which stands in its place with all that the sender asked for. RFC 3461 §5.2.7.2.</summary>
    Redirected,
    /// <summary>An alias whose members stand in its place; that much is told to who asked for SUCCESS. RFC 3461 §5.2.7.3 (c).</summary>
    Expanded,
    /// <summary>A mailing list: delivered as far as the sender is concerned; its members are its owner's. RFC 3461 §5.2.7.1.</summary>
    Distributed,
}

/// <summary>A recipient in the spool. Immutable; changes come by <see cref="SpoolUpdate"/>.</summary>
internal sealed record SpoolRecipient
{
    public required EnvelopeRecipient Recipient { get; init; }

    public RecipientStatus Status { get; init; }

    /// <summary>The latest reply, ours or the remote server's.</summary>
    public SmtpReply? LastReply { get; init; }

    /// <summary>Who gave it: a host name, or null for ourselves.</summary>
    public string? RemoteHost { get; init; }

    public DateTimeOffset? LastAttempt { get; init; }

    /// <summary>The sender has been told what came of it, or does not want to know.</summary>
    public bool Told { get; init; }

    /// <summary>The sender has been told that it takes long.</summary>
    public bool DelayTold { get; init; }

    /// <summary>The index of the recipient whose expansion it came out of; null: it came with the message.</summary>
    public int? Parent { get; init; }

    /// <summary>Who is told of its failure in place of the message's sender; null: that sender. Ask <see cref="SpoolMessage.OwnerOf"/>.</summary>
    public MailPath? Owner { get; init; }

    /// <summary>A member's target as it was at the expansion; null for relays, whose next hop is asked for at each attempt, and for what came with the message.</summary>
    public Target? Target { get; init; }

    /// <summary>Others stand in its place.</summary>
    public bool IsReplaced => Status is RecipientStatus.Redirected or RecipientStatus.Expanded or RecipientStatus.Distributed;
}
