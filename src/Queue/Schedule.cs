namespace MailAccess.Queue;

/// <summary>
/// Who is next, and who has whom. New and retried mail take turns, so that neither a burst nor a backlog starves the other; among each, priority counts
/// (<see cref="AgingQueue{T}"/>).
/// </summary>
/// <remarks>
/// A message has one owner at a time: whoever took it by <see cref="TryTake"/> or <see cref="TryClaim"/>, until <see cref="Return"/>. It waits at most once; adding
/// it again moves it. What is added while it is owned waits for its return. An entry is one id, one time and a priority: 100,000 deferred messages are some megabytes.
/// </remarks>
internal sealed class Schedule(TimeProvider clock)
{
    /// <summary>Entries that count no more are swept out when there are so many more of them than of others.</summary>
    private const int StaleMax = 1_000;

    private const int BarredMax = 10_000;
    private const int KeptMax = 4_096;

    private readonly Lock _gate = new();
    private readonly AgingQueue<Entry> _incoming = new();
    private readonly AgingQueue<Entry> _due = new();
    private readonly PriorityQueue<Entry, DateTimeOffset> _deferred = new();
    private readonly Dictionary<SpoolId, long> _waiting = []; // Which of its entries counts.
    private readonly Dictionary<SpoolId, TaskCompletionSource?> _owned = [];
    private readonly Dictionary<SpoolId, Entry> _again = []; // Due, but owned.
    private readonly HashSet<SpoolId> _barred = [];
    private readonly Queue<SpoolId> _barredInOrder = [];
    private long _entries;
    private bool _deferredIsNext;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Messages that somebody owns.</summary>
    public int OwnedCount
    {
        get
        {
            lock (_gate)
            {
                return _owned.Count;
            }
        }
    }

    /// <summary>Mail that was not tried yet, or is to be tried as if it were not.</summary>
    public void AddNew(SpoolId id, int priority = 0)
    {
        lock (_gate)
        {
            if (TryNumber(id, priority, out Entry entry))
            {
                _incoming.Enqueue(entry, priority, clock.GetUtcNow());
            }
        }
    }

    public void AddDeferred(SpoolId id, DateTimeOffset due, int priority = 0)
    {
        lock (_gate)
        {
            if (TryNumber(id, priority, out Entry entry))
            {
                _deferred.Enqueue(entry, due);
                SweepStale();
            }
        }
    }

    /// <summary>Takes the next that is due, which is the caller's then; or says when one will be (null: none).</summary>
    public bool TryTake(out SpoolId id, out DateTimeOffset? next)
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            Entry first;
            DateTimeOffset due;
            while (_deferred.TryPeek(out first, out due) && (due <= now || !Counts(first)))
            {
                _deferred.Dequeue();
                if (Counts(first))
                {
                    _due.Enqueue(first, first.Priority, due);
                }
            }
            next = null;
            if ((_deferredIsNext || !HasNext(_incoming)) && TryTakeFrom(_due, out id))
            {
                _deferredIsNext = false;
                return true;
            }
            if (TryTakeFrom(_incoming, out id))
            {
                _deferredIsNext = true;
                return true;
            }
            next = _deferred.Count > 0 ? due : null;
            return false;
        }
    }

    /// <summary>Makes the message the caller's, whether it waits or not. It keeps its place among those that wait. False: somebody has it.</summary>
    public bool TryClaim(SpoolId id)
    {
        lock (_gate)
        {
            return _owned.TryAdd(id, null);
        }
    }

    /// <summary>Completes when whoever has it now has given it back; at once where nobody has it.</summary>
    public Task WhenFreeAsync(SpoolId id)
    {
        lock (_gate)
        {
            if (!_owned.TryGetValue(id, out TaskCompletionSource? free))
            {
                return Task.CompletedTask;
            }
            return (_owned[id] = free ?? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))!.Task;
        }
    }

    /// <summary>The owner is done with it. What became due meanwhile may be taken from now on.</summary>
    public void Return(SpoolId id)
    {
        TaskCompletionSource? free;
        lock (_gate)
        {
            _owned.Remove(id, out free);
            if (_again.Remove(id, out Entry entry) && Counts(entry))
            {
                _incoming.Enqueue(entry, entry.Priority, clock.GetUtcNow());
            }
        }
        free?.SetResult();
    }

    /// <summary>Somebody works on it now.</summary>
    public bool IsOwned(SpoolId id)
    {
        lock (_gate)
        {
            return _owned.ContainsKey(id);
        }
    }

    /// <summary>It does not wait any more.</summary>
    public void Remove(SpoolId id)
    {
        lock (_gate)
        {
            _waiting.Remove(id);
            SweepStale();
        }
    }

    /// <summary>It is gone for good: whoever still means to add it, such as a destination where it waited, is not heard.</summary>
    public void Forget(SpoolId id)
    {
        lock (_gate)
        {
            _waiting.Remove(id);
            SweepStale();
            if (_barred.Add(id))
            {
                _barredInOrder.Enqueue(id);
            }
            if (_barredInOrder.Count > BarredMax)
            {
                _barred.Remove(_barredInOrder.Dequeue());
            }
        }
    }

    /// <summary>It is gone for good, as far as that is remembered.</summary>
    public bool IsForgotten(SpoolId id)
    {
        lock (_gate)
        {
            return _barred.Contains(id);
        }
    }

    /// <summary>Everything is due now.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            (Entry Message, DateTimeOffset Due)[] all = [.. _deferred.UnorderedItems];
            _deferred.Clear();
            foreach ((Entry message, DateTimeOffset due) in all.Where(e => Counts(e.Message)))
            {
                _deferred.Enqueue(message, due < now ? due : now);
            }
        }
    }

    private bool TryNumber(SpoolId id, int priority, out Entry entry)
    {
        entry = new Entry(id, priority, ++_entries);
        if (_barred.Contains(id))
        {
            return false;
        }
        _waiting[id] = entry.Number;
        return true;
    }

    private bool Counts(Entry entry) => _waiting.TryGetValue(entry.Id, out long number) && number == entry.Number;

    private bool HasNext(AgingQueue<Entry> queue)
    {
        while (queue.TryPeek(out Entry entry) && !Counts(entry))
        {
            queue.TryDequeue(out _);
        }
        return queue.Count > 0;
    }

    private bool TryTakeFrom(AgingQueue<Entry> queue, out SpoolId id)
    {
        while (queue.TryDequeue(out Entry entry))
        {
            id = entry.Id;
            if (!Counts(entry))
            {
                continue;
            }
            if (_owned.TryAdd(id, null))
            {
                _waiting.Remove(id);
                GiveBackRoom();
                return true;
            }
            _again[id] = entry;
        }
        id = default;
        return false;
    }

    // What a backlog needed is not kept for ever.
    private void GiveBackRoom()
    {
        if (_waiting.Count == 0 && _waiting.Capacity > KeptMax)
        {
            _waiting.TrimExcess();
        }
        if (_deferred.Count == 0 && _deferred.Capacity > KeptMax)
        {
            _deferred.TrimExcess();
        }
    }

    private void SweepStale()
    {
        if (_deferred.Count <= 2 * _waiting.Count + StaleMax)
        {
            return;
        }
        (Entry, DateTimeOffset)[] live = [.. _deferred.UnorderedItems.Where(e => Counts(e.Element))];
        _deferred.Clear();
        _deferred.EnqueueRange(live);
    }

    private readonly record struct Entry(SpoolId Id, int Priority, long Number);
}
