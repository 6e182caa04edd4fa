namespace MailAccess.Auth.Passwords;

/// <summary>
/// A bounded map whose entries end after a fixed time. Keys are keyed hashes of what they stand for, so a dump of the
/// process's memory without its secret tells nothing of passwords. Thread-safe.
/// </summary>
internal sealed class ExpiringCache<TValue>(TimeProvider clock, TimeSpan lifetime, int entriesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, (TValue Value, DateTimeOffset Ends)> _entries = [];
    private readonly Queue<(UInt128 Key, DateTimeOffset Ends)> _order = new();

    public bool TryGet(UInt128 key, out TValue? value)
    {
        value = default;
        if (lifetime <= TimeSpan.Zero)
        {
            return false;
        }
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out (TValue Value, DateTimeOffset Ends) entry) || entry.Ends <= now)
            {
                return false;
            }
            value = entry.Value;
            return true;
        }
    }

    public void Set(UInt128 key, TValue value)
    {
        if (lifetime <= TimeSpan.Zero)
        {
            return;
        }
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset ends = lifetime == TimeSpan.MaxValue ? DateTimeOffset.MaxValue : now + lifetime;
        lock (_gate)
        {
            _entries[key] = (value, ends);
            _order.Enqueue((key, ends));
            // All lifetimes are equal, so the oldest stand first; a renewed entry has an old place that no longer counts.
            while (_order.TryPeek(out (UInt128 Key, DateTimeOffset Ends) oldest) && (oldest.Ends <= now || _order.Count > entriesMax))
            {
                _order.Dequeue();
                if (_entries.TryGetValue(oldest.Key, out (TValue Value, DateTimeOffset Ends) entry) && entry.Ends == oldest.Ends)
                {
                    _entries.Remove(oldest.Key);
                }
            }
        }
    }
}
