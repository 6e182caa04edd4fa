using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>What somebody is to be told about recipients.</summary>
/// <param name="Kind">What became of them.</param>
/// <param name="Recipients">Their indices.</param>
/// <param name="Owner">Who is told in place of the message's sender; null: the sender.</param>
internal sealed record Notification(NotificationKind Kind, IReadOnlyList<int> Recipients, MailPath? Owner = null);

/// <summary>One report tells of one kind. RFC 3461 §5.2.</summary>
internal enum NotificationKind
{
    /// <summary>It will not be delivered.</summary>
    Failure,
    /// <summary>It takes long.</summary>
    Delay,
    /// <summary>It was delivered, sent on by an alias, or relayed to where nobody tells.</summary>
    Success,
}

/// <summary>Decides after an attempt what becomes of a message. Pure.</summary>
internal static class Aftermath
{
    /// <summary>RFC 3463 X.4.7.</summary>
    public static readonly EnhancedCode DeliveryTimeExpired = new(5, 4, 7);

    /// <summary>Recipients that failed for now: again later, or never.</summary>
    public static SpoolUpdate DecideRetry(SpoolMessage message, QueueOptions options, DateTimeOffset now)
    {
        if (!message.HasPending)
        {
            return new SpoolUpdate();
        }
        NextStep step = message.IsReturned(now)
            ? new NextStep.Bounce(Expired: true)
            : options.Retry.Decide(DeliveryStatus.TemporaryFailure, message.Attempts, message.Released, now, message.ReversePath.IsNull);
        if (step is NextStep.RetryAt retry)
        {
            return new SpoolUpdate { NextAttempt = message.WakeBefore(retry.Due, now) };
        }
        return new SpoolUpdate
        {
            Recipients = [.. Indices(message, r => r.Status == RecipientStatus.Pending).Select(i => new RecipientChange(i)
            {
                Status = RecipientStatus.Failed,
                Reply = Expired(message.Recipients[i].LastReply),
                RemoteHost = message.Recipients[i].RemoteHost,
            })],
        };
    }

    /// <summary>What is to be told now, and to whom: a report for each of those, and for each kind. A message without sender is answered by nothing (RFC 5321 §4.5.5).</summary>
    public static IReadOnlyList<Notification> DecideNotifications(SpoolMessage message, QueueOptions options, DateTimeOffset now)
    {
        if (message.ReversePath.IsNull)
        {
            return [];
        }
        List<Notification> all = [];
        Add(NotificationKind.Failure, r => r is { Status: RecipientStatus.Failed, Told: false } && WantsFailure(r.Recipient.Notify));
        Add(NotificationKind.Success, r => r is { Status: RecipientStatus.Delivered or RecipientStatus.RelayedBlind or RecipientStatus.Expanded or RecipientStatus.Distributed, Told: false }
            && (r.Recipient.Notify & DsnNotify.Success) != 0
            || r is { Status: RecipientStatus.RelayedTraced, Told: false } && r.Recipient.Notify != DsnNotify.Never);
        Add(NotificationKind.Delay, r => r is { Status: RecipientStatus.Pending, DelayTold: false } && IsLate(r.Recipient.Notify));
        return all;

        void Add(NotificationKind kind, Predicate<SpoolRecipient> concerned)
        {
            all.AddRange(Indices(message, concerned)
                .GroupBy(i => message.OwnerOf(message.Recipients[i]))
                .Select(told => new Notification(kind, [.. told], told.Key)));
        }

        // RFC 2852 §4.1.3: who gave a time is told when that has passed, not at a time of our own.
        bool IsLate(DsnNotify notify) => (message.DeliverBy is { Mode: DeliverByMode.Notify } by
                ? now >= by.At
                : options.DelayWarningAfter is { } late && now - message.Released >= late)
            && (notify == DsnNotify.Unspecified || (notify & DsnNotify.Delay) != 0);
    }

    /// <summary>Failures of a message that itself has no sender: a double bounce.</summary>
    public static IReadOnlyList<int> DoubleBounces(SpoolMessage message) => message.ReversePath.IsNull
        ? [.. Indices(message, r => r is { Status: RecipientStatus.Failed, Told: false })]
        : [];

    /// <summary>Recipients of whom it is now known that they were told, or that there is nobody to tell.</summary>
    public static SpoolUpdate Told(Notification notification) => new()
    {
        Recipients = [.. notification.Recipients.Select(i => notification.Kind == NotificationKind.Delay
            ? new RecipientChange(i) { DelayTold = true }
            : new RecipientChange(i) { Told = true })],
    };

    // RFC 3461 §4.1: without NOTIFY, failures are told.
    private static bool WantsFailure(DsnNotify notify) => notify == DsnNotify.Unspecified || (notify & DsnNotify.Failure) != 0;

    private static SmtpReply Expired(SmtpReply? last) =>
        new(554, DeliveryTimeExpired, last is null ? "could not be delivered in time" : $"could not be delivered in time; last: {last}");

    private static IEnumerable<int> Indices(SpoolMessage message, Predicate<SpoolRecipient> which) =>
        Enumerable.Range(0, message.Recipients.Count).Where(i => which(message.Recipients[i]));
}
