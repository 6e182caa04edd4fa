namespace MailAccess.Queue;

/// <summary>Who is next. New and retried mail take turns, so that neither a burst nor a backlog starves the other.</summary>
/// <remarks>An entry is one id and one time: 100,000 deferred messages are a few megabytes.</remarks>
internal sealed class Schedule(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Queue<SpoolId> _incoming = [];
    private readonly PriorityQueue<SpoolId, DateTimeOffset> _deferred = new();
    private bool _deferredIsNext;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _incoming.Count + _deferred.Count;
            }
        }
    }

    /// <summary>Mail that was not tried yet.</summary>
    public void AddNew(SpoolId id)
    {
        lock (_gate)
        {
            _incoming.Enqueue(id);
        }
    }

    public void AddDeferred(SpoolId id, DateTimeOffset due)
    {
        lock (_gate)
        {
            _deferred.Enqueue(id, due);
        }
    }

    /// <summary>Takes the next that is due; or says when one will be (null: none).</summary>
    public bool TryTake(out SpoolId id, out DateTimeOffset? next)
    {
        lock (_gate)
        {
            next = null;
            bool anyDue = _deferred.TryPeek(out id, out DateTimeOffset due) && due <= clock.GetUtcNow();
            if (anyDue && (_deferredIsNext || _incoming.Count == 0))
            {
                _deferredIsNext = false;
                id = _deferred.Dequeue();
                return true;
            }
            if (_incoming.TryDequeue(out id))
            {
                _deferredIsNext = true;
                return true;
            }
            next = _deferred.Count > 0 ? due : null;
            return false;
        }
    }

    /// <summary>Everything is due now.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            (SpoolId Id, DateTimeOffset Due)[] all = [.. _deferred.UnorderedItems];
            _deferred.Clear();
            foreach ((SpoolId id, DateTimeOffset due) in all)
            {
                _deferred.Enqueue(id, due < now ? due : now);
            }
        }
    }
}
