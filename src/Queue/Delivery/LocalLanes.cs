using MailAccess.Routing;

namespace MailAccess.Queue;

/// <summary>
/// Turns for what ends here. Each mailbox, each file, each configured program, and each user with commands has a lane of its own, with few turns and few
/// places among the active messages: what hangs keeps only its own mail waiting. So Postfix limits each transport, and each recipient of its local one.
/// </summary>
/// <remarks>Thread-safe. A lane is forgotten when nothing is in it.</remarks>
internal sealed class LocalLanes(QueueOptions options, Predicate<SpoolId> isGone, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly LanePlaces<LocalLane> _places = new(options.Limits, isGone);
    private readonly Dictionary<string, LocalLane> _lanes = new(StringComparer.Ordinal);

    /// <summary>Called, under no lock, with each message that was parked and its priority, when its lane has room again.</summary>
    public Action<SpoolId, int> Released { get; set; } = static (_, _) => { };

    /// <summary>Too many wait already for the same. Else a place is kept until <see cref="Withdraw"/>.</summary>
    public bool IsCrowded(Target target, SpoolId id)
    {
        lock (_gate)
        {
            return !_places.TryPlan(LaneOf(target), id);
        }
    }

    /// <summary>Remembers the message until there is room. False: there is room now.</summary>
    public bool TryPark(Target target, SpoolId id, int priority)
    {
        lock (_gate)
        {
            if (!_lanes.TryGetValue(KeyOf(target), out LocalLane? lane) || !_places.IsCrowded(lane))
            {
                return false;
            }
            lane.Parked.Enqueue((id, priority), priority, clock.GetUtcNow());
            return true;
        }
    }

    /// <summary>The message has come, or will not.</summary>
    public void Withdraw(SpoolId id)
    {
        List<(SpoolId Id, int Priority)> released = [];
        lock (_gate)
        {
            foreach (LocalLane lane in _places.Withdraw(id))
            {
                released.AddRange(Settle(lane));
            }
        }
        released.ForEach(m => Released(m.Id, m.Priority));
    }

    /// <summary>Waits for a turn, which ends when it is disposed.</summary>
    public async Task<IDisposable> EnterAsync(Target target, CancellationToken cancellationToken)
    {
        LocalLane lane;
        lock (_gate)
        {
            lane = LaneOf(target);
            _places.Take(lane);
        }
        try
        {
            await lane.Turns.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave(lane);
            throw;
        }
        return new Turn(this, lane);
    }

    private void Leave(LocalLane lane)
    {
        List<(SpoolId Id, int Priority)> released;
        lock (_gate)
        {
            _places.Give(lane);
            released = Settle(lane);
        }
        released.ForEach(m => Released(m.Id, m.Priority));
    }

    private List<(SpoolId Id, int Priority)> Settle(LocalLane lane)
    {
        List<(SpoolId Id, int Priority)> released = _places.Unpark(lane);
        if (lane.Held == 0 && lane.Parked.Count == 0 && _lanes.GetValueOrDefault(lane.Key) == lane)
        {
            _lanes.Remove(lane.Key);
        }
        return released;
    }

    private LocalLane LaneOf(Target target)
    {
        string key = KeyOf(target);
        if (!_lanes.TryGetValue(key, out LocalLane? lane))
        {
            _lanes[key] = lane = new LocalLane(key, TurnsOf(target));
        }
        return lane;
    }

    private static string KeyOf(Target target) => target switch
    {
        Target.Mailbox mailbox => $"mailbox {mailbox.AccountName}",
        Target.File file => $"file {file.Path}",
        Target.Command command => $"command {command.User ?? command.Line}",
        Target.Agent agent => $"agent {agent.Name.ToUpperInvariant()}",
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, null),
    };

    private int TurnsOf(Target target) => target switch
    {
        Target.Mailbox => options.Limits.DeliveriesPerMailboxMax,
        Target.Agent agent => options.Agents.Agents.FirstOrDefault(a => a.Name.Equals(agent.Name, StringComparison.OrdinalIgnoreCase))?.ConcurrencyMax ?? 1,
        _ => options.Limits.AgentDeliveriesPerUserMax,
    };

    private sealed class LocalLane(string key, int turns) : Lane
    {
        public string Key { get; } = key;

        public SemaphoreSlim Turns { get; } = new(turns);

        public override int Window { get; } = turns;
    }

    private sealed class Turn(LocalLanes lanes, LocalLane lane) : IDisposable
    {
        public void Dispose()
        {
            lane.Turns.Release();
            lanes.Leave(lane);
        }
    }
}
