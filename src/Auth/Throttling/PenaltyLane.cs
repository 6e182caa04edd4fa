namespace MailAccess.Auth.Throttling;

/// <summary>
/// The failures of one address, network or account, and who is being checked or waits for it. Not thread-safe: <see cref="LoginThrottle"/> locks.
/// </summary>
/// <remarks>
/// Invariant: <see cref="FailuresAt"/> plus the attempts being checked never exceeds <see cref="LaneLimits.RefuseAt"/>: who is let in has reserved
/// the failure that may come of it, so parallel connections guess no more than one does.
/// </remarks>
internal sealed class PenaltyLane(LaneLimits limits, TimeSpan longestPenalty)
{
    private const int FingerprintsMax = 16;
    private const int ParallelMax = 8;
    private readonly Queue<UInt128> _recent = new();
    private readonly List<LaneWaiter> _waiters = [];
    private int _checking;
    private int _failures;
    private DateTimeOffset _since;

    /// <summary>Distinct failures since the lane was made, forgotten ones too.</summary>
    public int FailuresEver { get; private set; }

    /// <summary>When the last distinct failure was.</summary>
    public DateTimeOffset LastFailure { get; private set; }

    /// <summary>Somebody is being checked, or waits for it.</summary>
    public bool IsBusy => _checking > 0 || _waiters.Count > 0;

    /// <summary>Distinct failures that are not forgotten.</summary>
    public int FailuresAt(DateTimeOffset now)
    {
        int forgotten = (int)Math.Clamp((now - _since) / limits.Decay, 0, _failures);
        _failures -= forgotten;
        _since = _failures == 0 ? now : _since + (forgotten * limits.Decay);
        return _failures;
    }

    /// <summary>How long who is let in now waits before he is checked.</summary>
    public TimeSpan DelayAt(DateTimeOffset now)
    {
        int beyond = FailuresAt(now) - limits.FreeFailures;
        TimeSpan doubled = beyond < 0 ? TimeSpan.Zero : limits.FirstPenalty * Math.Pow(2, Math.Min(beyond, 20));
        return doubled < longestPenalty ? doubled : longestPenalty;
    }

    /// <summary>Takes a place in line, and with it at once what that leads to.</summary>
    public void Enter(LaneWaiter waiter, DateTimeOffset now)
    {
        _waiters.Add(waiter);
        Pump(now);
        if (_waiters.Count > limits.WaitersMax)
        {
            // Who stands worst goes, of equals the last.
            LaneWaiter worst = _waiters.MaxBy(w => w.Rank)!;
            worst = _waiters.FindLast(w => w.Rank == worst.Rank)!;
            _waiters.Remove(worst);
            worst.End(LaneVerdict.Refused);
        }
    }

    /// <summary>Ends a check; the next in line has its turn.</summary>
    public void Leave(DateTimeOffset now)
    {
        _checking--;
        Pump(now);
    }

    /// <summary>Who does not want to wait any longer.</summary>
    public void Abandon(LaneWaiter waiter, DateTimeOffset now)
    {
        if (!_waiters.Remove(waiter) && waiter.Verdict == LaneVerdict.Entered)
        {
            Leave(now);
        }
    }

    /// <summary>Those from a place that has become known need not wait here.</summary>
    public void Release(AddressPrefix place)
    {
        foreach (LaneWaiter waiter in _waiters.Where(w => w.Place == place).ToList())
        {
            _waiters.Remove(waiter);
            waiter.End(LaneVerdict.Released);
        }
    }

    /// <summary>Counts a failure, unless the same has been tried a short while ago.</summary>
    public void AddFailure(UInt128 fingerprint, DateTimeOffset now)
    {
        int before = FailuresAt(now);
        if (_recent.Contains(fingerprint))
        {
            return; // And the time it takes to be forgotten goes on.
        }
        _recent.Enqueue(fingerprint);
        if (_recent.Count > FingerprintsMax)
        {
            _recent.Dequeue();
        }
        FailuresEver++;
        LastFailure = now;
        _failures = Math.Min(before + 1, limits.FailuresMax);
    }

    private void Pump(DateTimeOffset now)
    {
        while (_waiters.Count > 0)
        {
            LaneWaiter next = _waiters.MinBy(w => w.Rank)!; // Of equals the first.
            int failures = FailuresAt(now);
            if (failures >= limits.RefuseAt && !next.IsNeverRefused)
            {
                _waiters.Remove(next);
                next.End(LaneVerdict.Refused);
                continue;
            }
            int places = failures >= limits.FreeFailures ? 1 : Math.Min(ParallelMax, limits.RefuseAt - failures);
            if (_checking >= places)
            {
                return;
            }
            _waiters.Remove(next);
            _checking++;
            next.Delay = DelayAt(now);
            next.End(LaneVerdict.Entered);
        }
    }
}

/// <summary>What becomes of who waits in a lane.</summary>
internal enum LaneVerdict
{
    Waiting,
    Entered,
    Released,
    Refused,
}

/// <summary>An attempt in line. The least rank goes first.</summary>
internal sealed class LaneWaiter(int rank, AddressPrefix place, bool isNeverRefused)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Rank => rank;

    public AddressPrefix Place => place;

    public bool IsNeverRefused => isNeverRefused;

    public LaneVerdict Verdict { get; private set; }

    /// <summary>Where entered: how long to wait before the check.</summary>
    public TimeSpan Delay { get; set; }

    public Task Ended => _ended.Task;

    public void End(LaneVerdict verdict)
    {
        Verdict = verdict;
        _ended.SetResult();
    }
}
