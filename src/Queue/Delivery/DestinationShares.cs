namespace MailAccess.Queue;

/// <summary>
/// How many connections and places for messages each destination may hold: by what it has shown to bear, and few where more than half of all are
/// taken. Guarded by the lock of <see cref="RemoteQueue"/>.
/// </summary>
internal sealed class DestinationShares(QueueLimits limits)
{
    private const int HeldPerConnection = 8;
    private const int HeldPerConnectionWhenFull = 2;

    private readonly Dictionary<Destination, DestinationLane> _lanes = [];
    private readonly Dictionary<SpoolId, List<DestinationLane>> _planned = [];
    private int _connections;
    private int _held;

    public IEnumerable<DestinationLane> Lanes => _lanes.Values;

    public DestinationLane? Find(Destination destination) => _lanes.GetValueOrDefault(destination);

    /// <summary>Made where there is none; those that hold nothing and know nothing go when there are too many.</summary>
    public DestinationLane LaneOf(Destination destination, DateTimeOffset now)
    {
        if (_lanes.TryGetValue(destination, out DestinationLane? lane))
        {
            return lane;
        }
        foreach (DestinationLane quiet in _lanes.Count < limits.ActiveMessagesMax ? [] : _lanes.Values.Where(l => l.IsForgettable(now)).ToList())
        {
            _lanes.Remove(quiet.Destination);
        }
        return _lanes[destination] = new DestinationLane(destination, limits);
    }

    public bool MayConnect(DestinationLane lane) => _connections < limits.ConnectionsMax && (lane.Runners == 0
        || (lane.Health.AllowsAnother(lane.Runners)
            && (_connections * 2 < limits.ConnectionsMax || (lane.Health.IsProven && lane.Runners < limits.ConnectionsMax - _connections))));

    public void Connect(DestinationLane lane)
    {
        _connections++;
        lane.Runners++;
    }

    public void Disconnect(DestinationLane lane)
    {
        _connections--;
        lane.Runners--;
    }

    /// <summary>A transaction waits or is under way; what is more than this waits in the spool, and costs no more than being read again.</summary>
    public int HeldMax(DestinationLane lane) => Math.Min(
        limits.WaitingPerDestinationMax,
        lane.Health.Window * (_held * 2 < limits.ActiveMessagesMax ? HeldPerConnection : HeldPerConnectionWhenFull));

    public bool IsCrowded(DestinationLane lane) => lane.Held >= HeldMax(lane);

    /// <summary>False: crowded. True: a place is kept for the message until it comes, or is withdrawn.</summary>
    public bool TryPlan(DestinationLane lane, SpoolId id)
    {
        if (_planned.TryGetValue(id, out List<DestinationLane>? lanes) && lanes.Contains(lane))
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

    /// <summary>What was kept for the message is given back; returns where.</summary>
    public IReadOnlyList<DestinationLane> Withdraw(SpoolId id)
    {
        if (!_planned.Remove(id, out List<DestinationLane>? lanes))
        {
            return [];
        }
        lanes.ForEach(Give);
        return lanes;
    }

    public void Take(DestinationLane lane)
    {
        _held++;
        lane.Held++;
    }

    public void Give(DestinationLane lane)
    {
        _held--;
        lane.Held--;
    }
}
