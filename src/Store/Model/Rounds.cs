using System.Collections.Concurrent;

namespace MailAccess.Store.Model;

/// <summary>
/// Which accounts a round of housekeeping visits: those in which something happened or was left to do, and all of them once in a while. Thousands of
/// accounts whose sessions only wait cost nothing in between.
/// </summary>
internal sealed class Rounds<TAccount>(TimeProvider clock)
    where TAccount : notnull
{
    private static readonly TimeSpan AllEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TAccount, bool> _awake = new();
    private long? _allAt;

    /// <summary>The next round visits it. From any thread; takes no lock that waits.</summary>
    public void Wake(TAccount account) => _awake.TryAdd(account, true);

    /// <summary>Whom to visit now: whatever happens from here on wakes them anew. One thread.</summary>
    public List<TAccount> Begin(IEnumerable<TAccount> all)
    {
        bool isAll = _allAt is not { } at || clock.GetElapsedTime(at) >= AllEvery;
        if (isAll)
        {
            _allAt = clock.GetTimestamp();
        }
        List<TAccount> visited = [.. isAll ? all : _awake.Keys];
        visited.ForEach(a => _awake.TryRemove(a, out _));
        return visited;
    }
}
