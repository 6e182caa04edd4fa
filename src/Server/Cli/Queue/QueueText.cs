using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MailAccess.Queue;
using MailAccess.Server.Control;

namespace MailAccess.Server.Cli;

/// <summary>The queue in lines for people. Columns have fixed widths, so that a long list can be written while it is read.</summary>
internal static class QueueText
{
    /// <summary>Of the table below.</summary>
    public const string Heading = "ID           STATE      SIZE   AGE  TRIES   NEXT  SENDER, RECIPIENTS";

    private const int RecipientIndent = 4;

    /// <summary>A message, and each recipient that waits with what was said last.</summary>
    public static string Row(QueueEntry entry, DateTimeOffset now)
    {
        StringBuilder text = new();
        string next = entry.State == QueueState.Hold ? "-" : entry.NextAttempt <= now ? "now" : Age(entry.NextAttempt - now);
        text.Append(CultureInfo.InvariantCulture,
            $"{entry.Id,-11}  {Word(entry.State),-8}  {Size(entry.Octets),5}  {Age(now - entry.Arrived),4}  {entry.Attempts,5}  {next,5}  {Sender(entry)}");
        if (entry.HoldReason is { } reason)
        {
            text.Append("  (").Append(Clean(reason)).Append(')');
        }
        text.Append('\n');
        foreach (QueueRecipient recipient in entry.Recipients.Where(r => r.IsPending))
        {
            text.Append(' ', RecipientIndent).Append(Clean(recipient.Address));
            if (recipient.LastReply is { } reply)
            {
                text.Append(": ").Append(Clean(reply)).Append(recipient.RemoteHost is { } host ? $" [{Clean(host)}]" : "");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>All that is known of one message but its header.</summary>
    public static string Details(QueueEntry entry, DateTimeOffset now)
    {
        StringBuilder text = new();
        Line("id", entry.Id);
        Line("state", Word(entry.State) + (entry.HoldReason is { } reason ? $" ({reason})" : ""));
        Line("from", entry.Sender.Length == 0 ? "<>" : entry.Sender);
        Line("size", string.Create(CultureInfo.InvariantCulture, $"{entry.Octets} octets"));
        Line("arrived", $"{Time(entry.Arrived)}, {Age(now - entry.Arrived)} ago, by {entry.Protocol}");
        Line("client", string.Join(' ', new[] { entry.Hello, entry.Client is { } client ? $"[{client}]" : null }.OfType<string>()));
        Line("account", entry.Account);
        Line("message-id", entry.MessageId);
        Line("attempts", entry.Attempts.ToString(CultureInfo.InvariantCulture));
        Line("next", entry.State == QueueState.Hold ? "when it is released" : entry.NextAttempt <= now ? "now" : $"{Time(entry.NextAttempt)}, in {Age(entry.NextAttempt - now)}");
        Line("release", entry.ReleaseAt is { } release ? $"not before {Time(release)}, as its sender asked" : null);
        Line("deliver by", entry.DeliverBy is { } by ? Time(by) : null);
        Line("priority", entry.Priority == 0 ? null : entry.Priority.ToString(CultureInfo.InvariantCulture));
        Line("TLS", entry.RequiresTls ? "required by its sender" : null);
        Line("envid", entry.EnvelopeId);
        foreach (QueueRecipient recipient in entry.Recipients)
        {
            Line("to", $"{recipient.Address}: {recipient.Status}{(recipient.LastAttempt is { } at ? $" at {Time(at)}" : "")}"
                + $"{(recipient.RemoteHost is { } host ? $", {host}" : "")}{(recipient.LastReply is { } reply ? $": {reply}" : "")}"
                + $"{(recipient.DelayTold ? "; its sender was told of the delay" : "")}");
            Line("  orcpt", recipient.OriginalRecipient);
        }
        foreach (DeliveryRecord past in entry.History ?? [])
        {
            Line("attempt", $"{Time(past.Time)}  to=<{past.To}> relay={past.Relay} delays={past.Delays} {past.Status} ({past.Reply})");
        }
        return text.ToString();

        void Line(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append(CultureInfo.InvariantCulture, $"{name + ":",-12}{Clean(value)}\n");
            }
        }
    }

    /// <summary>Two digits or three, and a unit.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "0s",
        { TotalSeconds: < 100 } => Text((long)age.TotalSeconds, "s"),
        { TotalMinutes: < 100 } => Text((long)age.TotalMinutes, "m"),
        { TotalHours: < 72 } => Text((long)age.TotalHours, "h"),
        _ => Text((long)age.TotalDays, "d"),
    };

    /// <summary>Octets, by 1024.</summary>
    public static string Size(long octets) => octets switch
    {
        < 10_000 => octets.ToString(CultureInfo.InvariantCulture),
        < 10_000L << 10 => Text(octets >> 10, "K"),
        < 10_000L << 20 => Text(octets >> 20, "M"),
        _ => Text(octets >> 30, "G"),
    };

    public static string Word(QueueState state) => state.ToString().ToLowerInvariant();

    /// <summary>What strangers wrote must not command the terminal.</summary>
    public static string Clean(string text) => text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !text.Any(char.IsControl)
        ? text : string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static string Sender(QueueEntry entry) => entry.Sender.Length == 0 ? "<>" : Clean(entry.Sender);

    private static string Text(long number, string unit) => number.ToString(CultureInfo.InvariantCulture) + unit;

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The same for programs: an object a line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(WordConverter<QueueState>), typeof(WordConverter<QueueActionResult>)])]
[JsonSerializable(typeof(QueueEntry))]
[JsonSerializable(typeof(QueueActionOutcome))]
[JsonSerializable(typeof(DeliveryRecord))]
[JsonSerializable(typeof(QueueCount))]
[JsonSerializable(typeof(DomainCount))]
[JsonSerializable(typeof(QueueDue))]
[JsonSerializable(typeof(QueueRule))]
internal sealed partial class QueueJson : JsonSerializerContext
{
    public static string Line(QueueEntry entry) => JsonSerializer.Serialize(entry, Default.QueueEntry);

    public static string Line(QueueActionOutcome outcome) => JsonSerializer.Serialize(outcome, Default.QueueActionOutcome);

    public static string Line(DeliveryRecord delivery) => JsonSerializer.Serialize(delivery, Default.DeliveryRecord);

    public static string Line(QueueCount count) => JsonSerializer.Serialize(count, Default.QueueCount);

    public static string Line(DomainCount count) => JsonSerializer.Serialize(count, Default.DomainCount);

    public static string Line(QueueDue due) => JsonSerializer.Serialize(due, Default.QueueDue);

    public static string Line(QueueRule rule) => JsonSerializer.Serialize(rule, Default.QueueRule);
}

/// <summary>What <c>queue list --count</c> says.</summary>
internal sealed record QueueCount(long Messages);

/// <summary>A row of <c>queue list --by-domain</c>: recipients in all, and by their age in minutes, each below the bound that is its name; <c>more</c> has no bound.</summary>
internal sealed record DomainCount(string Domain, int Recipients, IReadOnlyDictionary<string, int> ByMinutes);

/// <summary>What <c>queue flush</c> says: how many messages are due now.</summary>
internal sealed record QueueDue(long Due);

/// <summary>A rule of <c>queue rules</c>, and what came of it where something was done with it.</summary>
internal sealed record QueueRule(string Rule, QueueActionResult? Result = null);
