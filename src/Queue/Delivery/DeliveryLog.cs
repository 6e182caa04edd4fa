using System.Globalization;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Where the time of a delivery went, as far as it began.</summary>
/// <param name="Waited">For its turn: a connection, a slot.</param>
/// <param name="Connecting">Until mail could be sent: names looked up, connected, greeted, encrypted, logged in. Zero on a connection that was there.</param>
/// <param name="Sending">The transaction itself.</param>
internal readonly record struct DeliveryTiming(TimeSpan Waited, TimeSpan Connecting, TimeSpan Sending);

/// <summary>What the log and the history tell of one recipient after an attempt.</summary>
internal sealed record DeliveryFacts
{
    /// <summary>When it came about; it may be told a little later, once it is written down.</summary>
    public required DateTimeOffset Time { get; init; }

    public required SpoolId Id { get; init; }

    public string? MessageId { get; init; }

    public required MailPath From { get; init; }

    public required MailPath To { get; init; }

    /// <summary>The recipient that the message came with, where it has become another one.</summary>
    public string? OriginalTo { get; init; }

    public required DateTimeOffset Arrived { get; init; }

    /// <summary>The recipient that the message came with, where that is another one.</summary>
    public static string? Unless(MailPath final, MailPath original) => original.Equals(final) ? null : original.ToString();

    public required string Relay { get; init; }

    public DeliveryTiming Timing { get; init; }

    public required EnhancedCode Dsn { get; init; }

    /// <summary>sent, deferred, bounced, expired.</summary>
    public required string Status { get; init; }

    public required SmtpReply? Reply { get; init; }
}

/// <summary>Tells of deliveries in the words that readers of maillog know.</summary>
internal sealed class DeliveryLog(DeliveryHistory? history, ILogger logger)
{
    public void Write(DeliveryFacts facts)
    {
        TimeSpan total = facts.Time - facts.Arrived;
        DeliveryTiming timing = facts.Timing;
        TimeSpan before = total - timing.Waited - timing.Connecting - timing.Sending;
        string delay = Seconds(total);
        string delays = $"{Seconds(before)}/{Seconds(timing.Waited)}/{Seconds(timing.Connecting)}/{Seconds(timing.Sending)}";
        string original = facts.OriginalTo is { } to ? $", orig_to=<{to}>" : "";
        Log.Recipient(logger, facts.Id, facts.To, original, facts.Relay, delay, delays, facts.Dsn, facts.Status, facts.Reply);
        history?.Add(new DeliveryRecord
        {
            Time = facts.Time,
            Id = facts.Id.ToString(),
            MessageId = facts.MessageId,
            From = facts.From.ToString(),
            To = facts.To.ToString(),
            OriginalTo = facts.OriginalTo,
            Relay = facts.Relay,
            Delay = delay,
            Delays = delays,
            Dsn = facts.Dsn.ToString(),
            Status = facts.Status,
            Reply = facts.Reply?.ToString(),
        });
    }

    /// <summary>An administrator threw the message away.</summary>
    public void Deleted(SpoolMessage message, DateTimeOffset now)
    {
        Log.Deleted(logger, message.Id, message.ReversePath);
        string delay = Seconds(now - message.Arrived);
        for (int i = 0; i < message.Recipients.Count; i++)
        {
            if (message.Recipients[i].Status == RecipientStatus.Pending)
            {
                MailPath to = message.Recipients[i].Recipient.Path;
                history?.Add(new DeliveryRecord
                {
                    Time = now,
                    Id = message.Id.ToString(),
                    MessageId = message.MessageId,
                    From = message.ReversePath.ToString(),
                    To = to.ToString(),
                    OriginalTo = DeliveryFacts.Unless(to, message.FirstOf(i).Recipient.Path),
                    Relay = "none",
                    Delay = delay,
                    Delays = $"{delay}/0/0/0",
                    Status = "deleted",
                    Reply = "deleted by the administrator",
                });
            }
        }
    }

    /// <summary>Two digits that count, and no more than two behind the point: 0.03, 1.2, 12, 345.</summary>
    internal static string Seconds(TimeSpan time)
    {
        double seconds = Math.Max(0, time.TotalSeconds);
        int digits = seconds < 1 ? 2 : seconds < 10 ? 1 : 0;
        return Math.Round(seconds, digits).ToString("0.##", CultureInfo.InvariantCulture);
    }
}
