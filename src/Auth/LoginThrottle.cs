using System.Net;
using System.Net.Sockets;

namespace MailAccess.Auth;

/// <summary>
/// Remembers failed logins per address prefix and says how long the next one shall take. Slows, never refuses: a right
/// password gets through, only later.
/// </summary>
/// <remarks>
/// <para>The prefix is a whole IPv4 address, since behind its neighbours are strangers, and the /64 of an IPv6 address, since every
/// home has one and can pick any address in it.</para>
/// <para>Only distinct failures count: a phone that repeats one old password every minute is no guesser, and must not slow the
/// office behind the same address. Thunderbird's tries of one wrong password are one failure too.</para>
/// Thread-safe.
/// </remarks>
internal sealed class LoginThrottle(AuthLimits limits, TimeProvider clock)
{
    private const int FingerprintsMax = 8;
    private readonly Lock _gate = new();
    private readonly Dictionary<Prefix, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byAge = new(); // The one that failed last stands last.

    /// <summary>Distinct failures of the address that are not yet forgotten.</summary>
    public int FailuresOf(IPAddress address)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(Prefix.Of(address), out LinkedListNode<Entry>? node)
                ? node.Value.FailuresAt(clock.GetUtcNow(), limits) : 0;
        }
    }

    /// <summary>How long an attempt waits before it is looked at; zero for the first failures, which wait afterwards.</summary>
    public TimeSpan DelayBeforeCheck(IPAddress address)
    {
        int failures = FailuresOf(address);
        return failures >= limits.FailuresBeforeCheckIsDelayed ? Penalty(failures) : TimeSpan.Zero;
    }

    /// <summary>Counts a failure, named by a hash of what was tried. Returns how long after its request it is answered at the soonest.</summary>
    public TimeSpan AddFailure(IPAddress address, UInt128 fingerprint)
    {
        DateTimeOffset now = clock.GetUtcNow();
        int failures;
        lock (_gate)
        {
            var prefix = Prefix.Of(address);
            if (_entries.TryGetValue(prefix, out LinkedListNode<Entry>? node))
            {
                _byAge.Remove(node);
            }
            else
            {
                node = new LinkedListNode<Entry>(new Entry(prefix, now));
                _entries.Add(prefix, node);
            }
            _byAge.AddLast(node);
            failures = node.Value.Add(fingerprint, now, limits);
            if (_entries.Count > limits.ThrottleEntriesMax)
            {
                _entries.Remove(_byAge.First!.Value.Prefix);
                _byAge.RemoveFirst();
            }
        }
        TimeSpan penalty = failures <= limits.FailuresBeforeCheckIsDelayed ? Penalty(failures) : TimeSpan.Zero; // Else it waited before.
        return penalty > limits.FailureFloor ? penalty : limits.FailureFloor;
    }

    /// <summary>0, 0, 1 s, 2 s, 4 s, 8 s, 15 s, 15 s …</summary>
    private TimeSpan Penalty(int failures)
    {
        if (failures < 2)
        {
            return TimeSpan.Zero;
        }
        TimeSpan doubled = limits.FirstPenalty * Math.Pow(2, Math.Min(failures - 2, 20));
        return doubled < limits.LongestPenalty ? doubled : limits.LongestPenalty;
    }

    private readonly record struct Prefix(UInt128 Bits, bool IsIpv6)
    {
        public static Prefix Of(IPAddress address)
        {
            IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            byte[] octets = plain.GetAddressBytes();
            bool isIpv6 = plain.AddressFamily == AddressFamily.InterNetworkV6;
            UInt128 bits = 0;
            foreach (byte octet in octets.AsSpan(0, isIpv6 ? 8 : octets.Length))
            {
                bits = (bits << 8) | octet;
            }
            return new Prefix(bits, isIpv6);
        }
    }

    private sealed class Entry(Prefix prefix, DateTimeOffset now)
    {
        private readonly Queue<UInt128> _recent = new();
        private int _failures;
        private DateTimeOffset _since = now;

        public Prefix Prefix => prefix;

        public int FailuresAt(DateTimeOffset now, AuthLimits limits)
        {
            int forgotten = (int)Math.Clamp((now - _since) / limits.FailureDecay, 0, _failures);
            return _failures - forgotten;
        }

        public int Add(UInt128 fingerprint, DateTimeOffset now, AuthLimits limits)
        {
            int before = FailuresAt(now, limits);
            if (before == 0)
            {
                _recent.Clear();
            }
            if (_recent.Contains(fingerprint))
            {
                return before; // And the time it takes to be forgotten goes on.
            }
            _recent.Enqueue(fingerprint);
            if (_recent.Count > FingerprintsMax)
            {
                _recent.Dequeue();
            }
            // More than what makes the longest delay would only take longer to be forgotten.
            _failures = Math.Min(before + 1, limits.FailuresBeforeCheckIsDelayed + 10);
            _since = now;
            return _failures;
        }
    }
}
