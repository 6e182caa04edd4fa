using System.Net;

namespace MailAccess.Submission.Policy;

/// <summary>
/// Clients that have shown that they wait for their greeting, so that a server that writes to us often is not held up each time.
/// Thread-safe; bounded: the one that was seen first goes first.
/// </summary>
internal sealed class PatientClients(TimeSpan remembered, int clientsMax, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, DateTimeOffset> _seen = [];
    private readonly Queue<(IPAddress Address, DateTimeOffset At)> _byAge = new();

    public bool Contains(IPAddress address)
    {
        lock (_gate)
        {
            return _seen.TryGetValue(address, out DateTimeOffset at) && clock.GetUtcNow() - at < remembered;
        }
    }

    public void Add(IPAddress address)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            _seen[address] = now;
            _byAge.Enqueue((address, now));
            while (_byAge.TryPeek(out (IPAddress Address, DateTimeOffset At) oldest) && (_byAge.Count > clientsMax || now - oldest.At >= remembered))
            {
                _byAge.Dequeue();
                if (_seen.TryGetValue(oldest.Address, out DateTimeOffset at) && at == oldest.At)
                {
                    _seen.Remove(oldest.Address); // Else it was seen again since.
                }
            }
        }
    }
}
