namespace MailAccess.Queue;

/// <summary>
/// How many connections and places for messages each destination may hold: by what it has shown to bear, and few where more than half of all are
/// taken. Guarded by the lock of <see cref="RemoteQueue"/>.
/// </summary>
internal sealed class DestinationShares(QueueLimits limits)
{
    private const int HeldPerConnection = 8;
    private const int HeldPerConnectionWhenFull = 2;

    private int _connections;
    private int _held;

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
