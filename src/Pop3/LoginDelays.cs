using System.Collections.Concurrent;

namespace MailAccess.Pop3;

/// <summary>When accounts last logged in, for as long as that matters. RFC 2449 §6.5. Thread-safe.</summary>
internal sealed class LoginDelays(TimeSpan delay, TimeProvider clock)
{
    private const int LooksBetweenSweeps = 1024;

    private readonly ConcurrentDictionary<string, long> _lastLogins = new(StringComparer.Ordinal);
    private int _looks;

    /// <summary>How many are remembered.</summary>
    public int Count => _lastLogins.Count;

    /// <summary>False: it is too early. What is refused does not count as a login.</summary>
    public bool TryLogin(string accountName)
    {
        if (delay <= TimeSpan.Zero)
        {
            return true;
        }
        Sweep();
        long now = clock.GetTimestamp();
        if (_lastLogins.TryGetValue(accountName, out long last))
        {
            return clock.GetElapsedTime(last, now) >= delay && _lastLogins.TryUpdate(accountName, now, last);
        }
        return _lastLogins.TryAdd(accountName, now);
    }

    private void Sweep()
    {
        if (Interlocked.Increment(ref _looks) % LooksBetweenSweeps != 0)
        {
            return;
        }
        foreach (KeyValuePair<string, long> login in _lastLogins)
        {
            if (clock.GetElapsedTime(login.Value) >= delay)
            {
                _lastLogins.TryRemove(login);
            }
        }
    }
}
