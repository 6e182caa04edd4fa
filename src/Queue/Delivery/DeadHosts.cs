using System.Net;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Addresses that nobody answers at, whatever destination led there: not dialled for a time that doubles with each probe in vain; then one
/// dials, and the others wait for what he finds. Thread-safe; memory is bounded by <see cref="QueueLimits.DeadHostsMax"/>.
/// </summary>
internal sealed class DeadHosts(QueueLimits limits, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, Host> _hosts = [];

    /// <summary>False: the address is known to be dead, and this is what was said of it. True: dial, and say what came of it, or <see cref="Release"/>.</summary>
    public bool MayDial(EndPoint address, out SmtpReply? known)
    {
        lock (_gate)
        {
            known = null;
            if (!_hosts.TryGetValue(address, out Host? host))
            {
                return true;
            }
            known = host.Reply;
            if (host.IsProbed || clock.GetUtcNow() < host.Until)
            {
                return false;
            }
            host.IsProbed = true;
            return true;
        }
    }

    /// <summary>Somebody is there.</summary>
    public void Answered(EndPoint address)
    {
        lock (_gate)
        {
            _hosts.Remove(address);
        }
    }

    /// <summary>Nobody is there.</summary>
    public void Failed(EndPoint address, SmtpReply reply)
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            if (!_hosts.TryGetValue(address, out Host? host))
            {
                MakeRoom();
                _hosts[address] = host = new Host(reply, new BackOff(limits.DeadDestinationTime, limits.DeadDestinationTimeMax));
            }
            else if (now < host.Until)
            {
                return; // Of those who dialled at the same time the first counts.
            }
            host.Reply = reply;
            host.Until = now + host.BackOff.Next();
            host.IsProbed = false;
        }
    }

    /// <summary>Whoever was to dial did not, or does not know what came of it.</summary>
    public void Release(EndPoint address)
    {
        lock (_gate)
        {
            if (_hosts.TryGetValue(address, out Host? host))
            {
                host.IsProbed = false;
            }
        }
    }

    /// <summary>Everything is dialled again.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _hosts.Clear();
        }
    }

    // Whose time is up first goes: it is the next to be dialled anyway.
    private void MakeRoom()
    {
        if (_hosts.Count < limits.DeadHostsMax)
        {
            return;
        }
        foreach (EndPoint address in _hosts.OrderBy(h => h.Value.Until).Take(_hosts.Count / 8 + 1).Select(h => h.Key).ToList())
        {
            _hosts.Remove(address);
        }
    }

    private sealed class Host(SmtpReply reply, BackOff backOff)
    {
        public SmtpReply Reply { get; set; } = reply;

        public BackOff BackOff { get; } = backOff;

        public DateTimeOffset Until { get; set; }

        public bool IsProbed { get; set; }
    }
}
