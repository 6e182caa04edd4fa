namespace MailAccess.Auth.Throttling;

/// <summary>
/// Lanes by key, bounded; those that failed longest ago go first. Not thread-safe: <see cref="LoginThrottle"/> locks.
/// </summary>
/// <remarks>
/// The table is in parts, and all keys of one provider fall in the same: who has a whole IPv6 /32 to fail from makes only a small share of
/// the others be forgotten.
/// </remarks>
internal sealed class LaneTable<TKey>(LaneLimits limits, TimeSpan longestPenalty, int entriesMax, TimeSpan keepTime, TimeProvider clock)
    where TKey : notnull
{
    private const int Parts = 64;
    private const int LookedAtMax = 8;
    private readonly Part[] _parts = [.. Enumerable.Range(0, Parts).Select(_ => new Part())];

    public int Count => _parts.Sum(p => p.Lanes.Count);

    public PenaltyLane? Find(TKey key, int part) =>
        At(part).Lanes.TryGetValue(key, out LinkedListNode<(TKey Key, PenaltyLane Lane)>? node) ? node.Value.Lane : null;

    /// <summary>The lane of a key, made where there is none; it counts as the one used last.</summary>
    public PenaltyLane Open(TKey key, int part)
    {
        Part home = At(part);
        if (home.Lanes.TryGetValue(key, out LinkedListNode<(TKey Key, PenaltyLane Lane)>? node))
        {
            home.ByAge.Remove(node);
            home.ByAge.AddLast(node);
            return node.Value.Lane;
        }
        PenaltyLane lane = new(limits, longestPenalty);
        home.Lanes.Add(key, home.ByAge.AddLast((key, lane)));
        Shrink(home);
        return lane;
    }

    /// <summary>Forgets a lane in which nothing is remembered.</summary>
    public void Close(TKey key, int part)
    {
        Part home = At(part);
        if (home.Lanes.TryGetValue(key, out LinkedListNode<(TKey Key, PenaltyLane Lane)>? node)
            && node.Value.Lane is { IsBusy: false, FailuresEver: 0 })
        {
            home.ByAge.Remove(node);
            home.Lanes.Remove(key);
        }
    }

    private Part At(int part) => _parts[(int)((uint)part % Parts)];

    private void Shrink(Part home)
    {
        DateTimeOffset now = clock.GetUtcNow();
        while (home.ByAge.First is { } oldest && !oldest.Value.Lane.IsBusy
            && now - oldest.Value.Lane.LastFailure > keepTime && oldest.Value.Lane.FailuresAt(now) == 0 && oldest != home.ByAge.Last)
        {
            Remove(home, oldest);
        }
        if (home.Lanes.Count <= Math.Max(1, entriesMax / Parts))
        {
            return;
        }
        LinkedListNode<(TKey Key, PenaltyLane Lane)> victim = home.ByAge.First!;
        for (int i = 0; victim.Value.Lane.IsBusy && i < LookedAtMax && victim.Next is { } next && next != home.ByAge.Last; i++)
        {
            victim = next; // A busy lane keeps parallel guesses apart.
        }
        Remove(home, victim);
    }

    private static void Remove(Part home, LinkedListNode<(TKey Key, PenaltyLane Lane)> node)
    {
        home.ByAge.Remove(node);
        home.Lanes.Remove(node.Value.Key);
    }

    private sealed class Part
    {
        public Dictionary<TKey, LinkedListNode<(TKey Key, PenaltyLane Lane)>> Lanes { get; } = [];

        public LinkedList<(TKey Key, PenaltyLane Lane)> ByAge { get; } = new(); // The one used last stands last.
    }
}
