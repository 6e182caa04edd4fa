using System.Text.Json.Serialization;

namespace MailAccess.Queue;

/// <summary>Which messages are meant. All that is said must be so; what is null or empty says nothing.</summary>
public sealed record QueueFilter
{
    /// <summary>Every message.</summary>
    public static readonly QueueFilter All = new();

    /// <summary>These queue ids.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>The sender, with <c>*</c> for any text; <c>&lt;&gt;</c> is the null reverse-path.</summary>
    public string? Sender { get; init; }

    /// <summary>One of the recipients that wait, with <c>*</c> for any text.</summary>
    public string? Recipient { get; init; }

    /// <summary>The domain of one of the recipients that wait, with <c>*</c> for any text.</summary>
    public string? Domain { get; init; }

    /// <summary>It came at least so long ago.</summary>
    public TimeSpan? Older { get; init; }

    /// <summary>It came less long ago.</summary>
    public TimeSpan? Younger { get; init; }

    /// <summary>The latest reply for a recipient that waits contains this text.</summary>
    public string? Error { get; init; }

    /// <summary>Where it stands.</summary>
    public QueueState? State { get; init; }

    /// <summary>Nothing is said: every message fits.</summary>
    [JsonIgnore]
    public bool IsAll => this with { Ids = All.Ids } == All && Ids.Count == 0;

    /// <summary>Nothing but ids is said.</summary>
    [JsonIgnore]
    public bool IsIdsAlone => Ids.Count > 0 && (this with { Ids = All.Ids }).IsAll;

    /// <summary>Whether the message is one of these.</summary>
    public bool Matches(QueueEntry entry, DateTimeOffset now)
    {
        IEnumerable<QueueRecipient> waiting = entry.Recipients.Where(r => r.IsPending);
        return (Ids.Count == 0 || Ids.Contains(entry.Id))
            && (State is null || entry.State == State)
            && (Older is not { } older || now - entry.Arrived >= older)
            && (Younger is not { } younger || now - entry.Arrived < younger)
            && (Sender is null || (Sender == "<>" ? entry.Sender.Length == 0 : Wildcard.Matches(Sender, entry.Sender)))
            && (Recipient is null || waiting.Any(r => Wildcard.Matches(Recipient, r.Address)))
            && (Domain is null || waiting.Any(r => Wildcard.Matches(Domain, r.Domain)))
            && (Error is null || waiting.Any(r => r.LastReply?.Contains(Error, StringComparison.OrdinalIgnoreCase) == true));
    }
}

/// <summary>Patterns of administrators: <c>*</c> is any text, everything else itself, whatever its case.</summary>
public static class Wildcard
{
    /// <summary>Whether the whole text fits.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int star = -1;
        int mark = 0;
        int p = 0;
        for (int t = 0; t < text.Length;)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && char.ToUpperInvariant(pattern[p]) == char.ToUpperInvariant(text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1; // The latest star takes one character more.
                t = ++mark;
            }
            else
            {
                return false;
            }
        }
        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
