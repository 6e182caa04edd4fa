namespace MailAccess.Queue;

/// <summary>
/// First come, first served, but that each level of priority (RFC 6710) counts as an hour of waiting. So urgent mail overtakes a backlog,
/// and nothing waits for ever: after 18 hours the lowest goes before the highest that comes. Not thread-safe.
/// </summary>
internal sealed class AgingQueue<T>
{
    /// <summary>Room for so many is kept when the last one has gone; what a backlog needed beyond is given back.</summary>
    private const int KeptMax = 4_096;

    private static readonly long LevelTicks = TimeSpan.FromHours(1).Ticks;

    private readonly PriorityQueue<T, (long Key, long Order)> _items = new();
    private long _order;

    public int Count => _items.Count;

    /// <summary>It waits since then.</summary>
    public void Enqueue(T item, int priority, DateTimeOffset since) => _items.Enqueue(item, (since.UtcTicks - priority * LevelTicks, _order++));

    public bool TryPeek([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item) => _items.TryPeek(out item, out _);

    public bool TryDequeue([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item)
    {
        bool any = _items.TryDequeue(out item, out _);
        if (_items.Count == 0 && _items.Capacity > KeptMax)
        {
            _items.TrimExcess();
        }
        return any;
    }
}
