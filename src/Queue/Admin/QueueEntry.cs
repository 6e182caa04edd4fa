using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Where a message in the queue stands.</summary>
public enum QueueState
{
    /// <summary>Being delivered, or due and waiting for its turn.</summary>
    Active,
    /// <summary>Waiting for its next attempt.</summary>
    Deferred,
    /// <summary>Not tried until an administrator releases it.</summary>
    Hold,
    /// <summary>Its sender asked for a later release. RFC 4865.</summary>
    Future,
}

/// <summary>A message in the queue, for people to look at.</summary>
public sealed record QueueEntry
{
    /// <summary>The queue id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required QueueState State { get; init; }

    /// <summary>The sender, empty for the null reverse-path.</summary>
    public required string Sender { get; init; }

    /// <summary>Content octets.</summary>
    public required long Octets { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset Arrived { get; init; }

    /// <summary>When it will be tried.</summary>
    public required DateTimeOffset NextAttempt { get; init; }

    /// <summary>Attempts begun.</summary>
    public required int Attempts { get; init; }

    /// <summary>Why it is on hold.</summary>
    public string? HoldReason { get; init; }

    /// <summary>Not before then, because its sender said so.</summary>
    public DateTimeOffset? ReleaseAt { get; init; }

    /// <summary>Not after then. RFC 2852.</summary>
    public DateTimeOffset? DeliverBy { get; init; }

    /// <summary>From -9 to 9. RFC 6710.</summary>
    public int Priority { get; init; }

    /// <summary>REQUIRETLS. RFC 8689.</summary>
    public bool RequiresTls { get; init; }

    /// <summary>ENVID, still xtext.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>The field Message-ID.</summary>
    public string? MessageId { get; init; }

    /// <summary>How it came: submission, smtp, lmtp, local.</summary>
    public required string Protocol { get; init; }

    /// <summary>The client's address.</summary>
    public string? Client { get; init; }

    /// <summary>What the client called itself.</summary>
    public string? Hello { get; init; }

    /// <summary>Who submitted it.</summary>
    public string? Account { get; init; }

    /// <summary>All recipients, those done too.</summary>
    public required IReadOnlyList<QueueRecipient> Recipients { get; init; }

    /// <summary>What came of earlier attempts, as far as the history of deliveries goes; null where nobody asked it.</summary>
    public IReadOnlyList<DeliveryRecord>? History { get; init; }

    internal static QueueEntry Of(SpoolMessage message, DateTimeOffset now, bool isOwned) => new()
    {
        Id = message.Id.ToString(),
        State = message.OnHold is not null ? QueueState.Hold
            : isOwned ? QueueState.Active
            : message.Released > now ? QueueState.Future
            : message.NextAttempt > now ? QueueState.Deferred : QueueState.Active,
        Sender = message.ReversePath.ToString(),
        Octets = message.Octets,
        Arrived = message.Arrived,
        NextAttempt = message.NextAttempt,
        Attempts = message.Attempts,
        HoldReason = message.OnHold,
        ReleaseAt = message.Hold?.At,
        DeliverBy = message.DeliverBy?.At,
        Priority = message.Priority,
        RequiresTls = message.RequiresTls,
        EnvelopeId = message.EnvelopeId,
        MessageId = message.MessageId,
        Protocol = message.Origin.Protocol,
        Client = message.Origin.Remote?.ToString(),
        Hello = message.Origin.HelloName,
        Account = message.Origin.AccountName,
        Recipients = [.. message.Recipients.Select(QueueRecipient.Of)],
    };
}

/// <summary>A recipient in the queue.</summary>
public sealed record QueueRecipient
{
    /// <summary>The forward-path.</summary>
    public required string Address { get; init; }

    /// <summary>Its domain, empty where it has none.</summary>
    public required string Domain { get; init; }

    /// <summary>Still to be delivered.</summary>
    public required bool IsPending { get; init; }

    /// <summary>In the words of the log: <c>pending</c>, <c>deferred</c>, <c>sent</c>, <c>bounced</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What was said at the latest attempt, or null.</summary>
    public string? LastReply { get; init; }

    /// <summary>Who said so: a host's name, or null for ourselves.</summary>
    public string? RemoteHost { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? LastAttempt { get; init; }

    /// <summary>ORCPT as it was given.</summary>
    public string? OriginalRecipient { get; init; }

    /// <summary>The sender knows that it takes long.</summary>
    public bool DelayTold { get; init; }

    internal static QueueRecipient Of(SpoolRecipient recipient) => new()
    {
        Address = recipient.Recipient.Path.ToString(),
        Domain = recipient.Recipient.Path.Domain,
        IsPending = recipient.Status == RecipientStatus.Pending,
        Status = recipient is { Status: RecipientStatus.Pending, LastReply: null } ? "pending" : Replies.Word(recipient.Status),
        LastReply = recipient.LastReply?.ToString(),
        RemoteHost = recipient.RemoteHost,
        LastAttempt = recipient.LastAttempt,
        OriginalRecipient = recipient.Recipient.OriginalRecipient,
        DelayTold = recipient.DelayTold,
    };
}
