using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Recipients who can share a transaction.</summary>
/// <param name="Destination">Where to.</param>
/// <param name="Owner">Who is told of failures in place of the sender; null: the sender.</param>
/// <param name="Alias">The address of ours that they came out of, for Delivered-To; null: none.</param>
internal sealed record RelayGroup(Destination Destination, MailPath? Owner, MailPath? Alias);

/// <summary>Recipients who can share a program.</summary>
internal sealed record AgentGroup(Target Target, MailPath? Owner);

/// <summary>What one attempt is to do: the step that replaces recipients by others, and where each goes then.</summary>
internal sealed class Plan
{
    private int _crowded;

    /// <summary>The message with its expansions, which are not in the spool yet.</summary>
    public required SpoolMessage Message { get; init; }

    /// <summary>The expansions: durable together with the note of the attempt, before anything is delivered.</summary>
    public required SpoolUpdate Expansion { get; init; }

    /// <summary>Has the message wait, by its id and priority, for the first that was crowded; false: there is room meanwhile. Null: nothing was.</summary>
    public Func<SpoolId, int, bool>? TryPark { get; private set; }

    public List<RecipientOutcome> Settled { get; } = [];

    public List<RecipientOutcome> Discarded { get; } = [];

    public List<(int Index, string AccountName)> Mailboxes { get; } = [];

    public Dictionary<AgentGroup, List<int>> Agents { get; } = [];

    public Dictionary<RelayGroup, List<int>> Relays { get; } = [];

    /// <summary>Nothing can be done now, but nothing failed either.</summary>
    public bool IsOnlyCrowded =>
        _crowded > 0 && _crowded == Settled.Count && Discarded.Count == 0 && Mailboxes.Count == 0 && Agents.Count == 0 && Relays.Count == 0;

    /// <summary>The message as a group of its recipients gets it: a list's copies are its owner's mail, RFC 3461 §5.2.7.1 (b).</summary>
    public static SpoolMessage ViewFor(SpoolMessage message, MailPath? owner) => owner is null ? message : message with
    {
        ReversePath = owner,
        EnvelopeId = null,
        Return = DsnReturn.Unspecified,
        DeliverBy = null,
    };

    public void Crowd(int index, SmtpReply reply, Func<SpoolId, int, bool> tryPark)
    {
        _crowded++;
        TryPark ??= tryPark;
        Settled.Add(new RecipientOutcome(index, RecipientStatus.Pending, reply));
    }

    public static void Add<TGroup>(Dictionary<TGroup, List<int>> groups, TGroup group, int index)
        where TGroup : notnull
    {
        if (!groups.TryGetValue(group, out List<int>? recipients))
        {
            groups[group] = recipients = [];
        }
        recipients.Add(index);
    }
}
