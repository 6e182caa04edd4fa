namespace MailAccess.Queue;

/// <summary>
/// How many connections, beside places for messages, each destination may hold: by what it has shown to bear, and few where more than half of all are
/// taken. Guarded by the lock of <see cref="RemoteQueue"/>.
/// </summary>
internal sealed class DestinationShares(QueueLimits limits, Predicate<SpoolId> isGone) : LanePlaces<DestinationLane>(limits, isGone)
{
    private readonly QueueLimits _limits = limits;
    private readonly Dictionary<Destination, DestinationLane> _lanes = [];
    private int _connections;

    public IEnumerable<DestinationLane> Lanes => _lanes.Values;

    public DestinationLane? Find(Destination destination) => _lanes.GetValueOrDefault(destination);

    /// <summary>Made where there is none; those that hold nothing and know nothing go when there are too many.</summary>
    public DestinationLane LaneOf(Destination destination, DateTimeOffset now)
    {
        if (_lanes.TryGetValue(destination, out DestinationLane? lane))
        {
            return lane;
        }
        foreach (DestinationLane quiet in _lanes.Count < _limits.ActiveMessagesMax ? [] : _lanes.Values.Where(l => l.IsForgettable(now)).ToList())
        {
            _lanes.Remove(quiet.Destination);
        }
        return _lanes[destination] = new DestinationLane(destination, _limits);
    }

    /// <summary>Whatever was remembered of them counts nothing.</summary>
    public void Revive()
    {
        foreach (DestinationLane lane in _lanes.Values)
        {
            lane.Health.Revive();
        }
    }

    public bool MayConnect(DestinationLane lane) => _connections < _limits.ConnectionsMax && (lane.Runners == 0
        || (lane.Health.AllowsAnother(lane.Runners)
            && (_connections * 2 < _limits.ConnectionsMax || (lane.Health.IsProven && lane.Runners < _limits.ConnectionsMax - _connections))));

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
}
