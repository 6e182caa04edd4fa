namespace MailAccess.Queue;

/// <summary>Who is next. New and retried mail take turns, so that neither a burst nor a backlog starves the other; among each, priority counts (<see cref="AgingQueue{T}"/>).</summary>
/// <remarks>An entry is one id, one time and a priority: 100,000 deferred messages are a few megabytes.</remarks>
internal sealed class Schedule(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly AgingQueue<SpoolId> _incoming = new();
    private readonly AgingQueue<SpoolId> _due = new();
    private readonly PriorityQueue<(SpoolId Id, int Priority), DateTimeOffset> _deferred = new();
    private bool _deferredIsNext;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _incoming.Count + _due.Count + _deferred.Count;
            }
        }
    }

    /// <summary>Mail that was not tried yet.</summary>
    public void AddNew(SpoolId id, int priority = 0)
    {
        lock (_gate)
        {
            _incoming.Enqueue(id, priority, clock.GetUtcNow());
        }
    }

    public void AddDeferred(SpoolId id, DateTimeOffset due, int priority = 0)
    {
        lock (_gate)
        {
            _deferred.Enqueue((id, priority), due);
        }
    }

    /// <summary>Takes the next that is due; or says when one will be (null: none).</summary>
    public bool TryTake(out SpoolId id, out DateTimeOffset? next)
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            (SpoolId Id, int Priority) first;
            DateTimeOffset due;
            while (_deferred.TryPeek(out first, out due) && due <= now)
            {
                _deferred.Dequeue();
                _due.Enqueue(first.Id, first.Priority, due);
            }
            next = null;
            if ((_deferredIsNext || _incoming.Count == 0) && _due.TryDequeue(out id))
            {
                _deferredIsNext = false;
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
            ((SpoolId Id, int Priority) Message, DateTimeOffset Due)[] all = [.. _deferred.UnorderedItems];
            _deferred.Clear();
            foreach (((SpoolId Id, int Priority) message, DateTimeOffset due) in all)
            {
                _deferred.Enqueue(message, due < now ? due : now);
            }
        }
    }
}
