namespace MailAccess.Queue;

/// <summary>What waits for one and the same: a destination, a mailbox, a program. Guarded by the lock of whoever keeps the lanes.</summary>
internal abstract class Lane
{
    /// <summary>Messages that wait in the spool until there is room.</summary>
    public AgingQueue<(SpoolId Id, int Priority)> Parked { get; } = new();

    /// <summary>What waits, is under way, or is meant to come: each has a place among the active messages.</summary>
    public int Held { get; set; }

    /// <summary>As much as goes on at once.</summary>
    public abstract int Window { get; }
}

/// <summary>
/// How many places among the active messages each lane may hold: by what it gets done at once, and few where half of them are taken. What is more
/// waits in the spool, and costs no more than being read again. Not thread-safe.
/// </summary>
/// <param name="limits">Bounds.</param>
/// <param name="isGone">Whether an administrator has thrown a message away.</param>
internal class LanePlaces<TLane>(QueueLimits limits, Predicate<SpoolId> isGone)
    where TLane : Lane
{
    private const int HeldPerTurn = 8;
    private const int HeldPerTurnWhenFull = 2;

    private readonly Dictionary<SpoolId, List<TLane>> _planned = [];

    /// <summary>Where those were parked that may come now and have not come yet.</summary>
    private readonly Dictionary<SpoolId, TLane> _released = [];
    private int _held;

    public bool IsCrowded(TLane lane) => lane.Held >= HeldMax(lane);

    /// <summary>False: crowded. True: a place is kept for the message until it comes, or is withdrawn.</summary>
    public bool TryPlan(TLane lane, SpoolId id)
    {
        if (_planned.TryGetValue(id, out List<TLane>? lanes) && lanes.Contains(lane))
        {
            return true; // For another recipient of it.
        }
        if (IsCrowded(lane))
        {
            return false;
        }
        if (lanes is null)
        {
            _planned[id] = lanes = [];
        }
        lanes.Add(lane);
        Take(lane);
        return true;
    }

    /// <summary>What was kept for the message is given back; returns where, and where it was to come from: others may come in its stead.</summary>
    public IReadOnlyList<TLane> Withdraw(SpoolId id)
    {
        List<TLane> lanes = [];
        if (_planned.Remove(id, out List<TLane>? planned))
        {
            planned.ForEach(Give);
            lanes.AddRange(planned);
        }
        if (_released.Remove(id, out TLane? parked) && !lanes.Contains(parked))
        {
            lanes.Add(parked);
        }
        return lanes;
    }

    public void Take(TLane lane)
    {
        _held++;
        lane.Held++;
    }

    public void Give(TLane lane)
    {
        _held--;
        lane.Held--;
    }

    /// <summary>Those that may come, where the lane is half empty. Who is gone keeps no room from those behind.</summary>
    public List<(SpoolId Id, int Priority)> Unpark(TLane lane)
    {
        int room = (HeldMax(lane) + 1) / 2 - lane.Held;
        List<(SpoolId Id, int Priority)> released = [];
        while (released.Count < room && lane.Parked.TryDequeue(out (SpoolId Id, int Priority) message))
        {
            if (!isGone(message.Id))
            {
                released.Add(message);
                _released[message.Id] = lane;
            }
        }
        return released;
    }

    private int HeldMax(TLane lane) => Math.Min(
        limits.WaitingPerDestinationMax, lane.Window * (_held * 2 < limits.ActiveMessagesMax ? HeldPerTurn : HeldPerTurnWhenFull));
}
