namespace MailAccess.Dns;

/// <summary>What a question came to, with the records on the way already applied (CNAMEs).</summary>
internal sealed record DnsResult(DnsOutcome Outcome, IReadOnlyList<DnsRecord> Records, bool IsAuthentic, TimeSpan Ttl)
{
    /// <summary>Where CNAMEs led; null: nowhere else.</summary>
    public string? CanonicalName { get; init; }

    public DnsAnswer<T> To<T>(Func<DnsRecord, T> select) => new(Outcome, [.. Records.Select(select)], IsAuthentic) { CanonicalName = CanonicalName };
}

/// <summary>Answers and absences for as long as their TTL says; the least recently used goes first where there are too many.</summary>
internal sealed class DnsCache(int entriesMax, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DnsQuestion, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    public bool TryGet(DnsQuestion question, out DnsResult? result)
    {
        result = null;
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_entries.TryGetValue(question, out LinkedListNode<Entry>? node))
            {
                return false;
            }
            _byUse.Remove(node);
            if (node.Value.Expires <= now)
            {
                _entries.Remove(question);
                return false;
            }
            _byUse.AddFirst(node);
            result = node.Value.Result;
            return true;
        }
    }

    public void Add(DnsQuestion question, DnsResult result)
    {
        if (result.Ttl <= TimeSpan.Zero || entriesMax <= 0)
        {
            return; // TTL 0 is for the question at hand only: RFC 1035 §3.2.1.
        }
        Entry entry = new(question, result, clock.GetUtcNow() + result.Ttl);
        lock (_gate)
        {
            if (_entries.Remove(question, out LinkedListNode<Entry>? old))
            {
                _byUse.Remove(old);
            }
            while (_entries.Count >= entriesMax)
            {
                _entries.Remove(_byUse.Last!.Value.Question);
                _byUse.RemoveLast();
            }
            _entries[question] = _byUse.AddFirst(entry);
        }
    }

    private sealed record Entry(DnsQuestion Question, DnsResult Result, DateTimeOffset Expires);
}
