namespace MailAccess.Queue;

/// <summary>Steps of a message's life that the spool does not have yet: the next write takes them along. And what the log says of them, once they are there.</summary>
internal sealed class Unwritten
{
    private readonly List<RecipientChange> _changes = [];
    private readonly List<SpoolRecipient> _members = [];
    private readonly List<DeliveryFacts> _unsaid = [];
    private int _firstMember;

    public bool IsEmpty => _changes.Count == 0 && _members.Count == 0;

    /// <summary>For the log, in its order.</summary>
    public IReadOnlyList<DeliveryFacts> Unsaid => _unsaid;

    /// <summary>Everything, after the spool had failed: nobody knows which of it is there.</summary>
    public static Unwritten All(SpoolMessage message, IEnumerable<DeliveryFacts> unsaid)
    {
        Unwritten all = new();
        all.Say(unsaid);
        all.Add(new SpoolUpdate { Members = [.. message.Recipients.Skip(message.FirstMember)], FirstMember = message.FirstMember });
        all.Add(new SpoolUpdate
        {
            Recipients = [.. message.Recipients.Select((r, i) => new RecipientChange(i)
            {
                Status = r.Status,
                Reply = r.LastReply,
                RemoteHost = r.RemoteHost,
                At = r.LastAttempt,
                Told = r.Told,
                DelayTold = r.DelayTold,
                Notify = r.Recipient.Notify,
                OriginalRecipient = r.Recipient.OriginalRecipient,
            })],
        });
        return all;
    }

    public void Add(SpoolUpdate step)
    {
        if (step.Members.Count > 0)
        {
            _firstMember = _members.Count == 0 ? step.FirstMember : _firstMember; // The others follow: members are only ever appended.
            _members.AddRange(step.Members);
        }
        _changes.AddRange(step.Recipients);
    }

    public void Say(IEnumerable<DeliveryFacts> facts) => _unsaid.AddRange(facts);

    /// <summary>The step with all that came before it.</summary>
    public SpoolUpdate With(SpoolUpdate step)
    {
        Unwritten all = new();
        all.Add(new SpoolUpdate { Members = _members, FirstMember = _firstMember, Recipients = _changes });
        all.Add(step);
        return step with { Members = all._members, FirstMember = all._firstMember, Recipients = all._changes };
    }

    public void Clear()
    {
        _changes.Clear();
        _members.Clear();
        _unsaid.Clear();
    }
}
