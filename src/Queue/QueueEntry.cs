namespace MailAccess.Queue;

/// <summary>A message in the queue, for people to look at.</summary>
public sealed record QueueEntry
{
    /// <summary>The queue id.</summary>
    public required string Id { get; init; }

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

    /// <summary>All recipients, those done too.</summary>
    public required IReadOnlyList<QueueRecipient> Recipients { get; init; }

    internal static QueueEntry Of(SpoolMessage message) => new()
    {
        Id = message.Id.ToString(),
        Sender = message.ReversePath.ToString(),
        Octets = message.Octets,
        Arrived = message.Arrived,
        NextAttempt = message.NextAttempt,
        Attempts = message.Attempts,
        Recipients = [.. message.Recipients.Select(r => new QueueRecipient(r.Recipient.Path.ToString(), r.Status == RecipientStatus.Pending, r.LastReply?.ToString()))],
    };
}

/// <summary>A recipient in the queue.</summary>
/// <param name="Address">The forward-path.</param>
/// <param name="IsPending">Still to be delivered.</param>
/// <param name="LastReply">What was said at the latest attempt, or null.</param>
public sealed record QueueRecipient(string Address, bool IsPending, string? LastReply);
