namespace MailAccess.Submission.Policy;

/// <summary>
/// Counts for many peers against one <see cref="Rate"/>: a bucket each, which runs dry at once and fills up evenly. So the rate holds over
/// any time, a burst of the whole count is allowed, and nobody has to wait for a period to begin anew.
/// </summary>
/// <remarks>Thread-safe. The peers are bounded: the one that was quiet for the longest time is forgotten, and then has a full bucket again.</remarks>
internal sealed class RateBuckets(Rate rate, int peersMax, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Bucket>> _buckets = [];
    private readonly LinkedList<Bucket> _byUse = new(); // Who was active last stands last.

    /// <summary>Takes one if there is one. Else says how long until there is.</summary>
    public bool TryTake(string peer, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (!rate.IsLimited)
        {
            return true;
        }
        DateTimeOffset now = clock.GetUtcNow();
        double perSecond = rate.Count / rate.Period.TotalSeconds;
        lock (_gate)
        {
            Bucket bucket = Find(peer, now);
            // A clock that was set back fills nothing.
            bucket.Level = Math.Min(rate.Count, bucket.Level + Math.Max(0, (now - bucket.At).TotalSeconds) * perSecond);
            bucket.At = now;
            if (bucket.Level >= 1)
            {
                bucket.Level--;
                return true;
            }
            wait = TimeSpan.FromSeconds((1 - bucket.Level) / perSecond);
            return false;
        }
    }

    private Bucket Find(string peer, DateTimeOffset now)
    {
        if (_buckets.TryGetValue(peer, out LinkedListNode<Bucket>? node))
        {
            _byUse.Remove(node);
        }
        else
        {
            node = new LinkedListNode<Bucket>(new Bucket(peer) { Level = rate.Count, At = now });
            _buckets.Add(peer, node);
        }
        _byUse.AddLast(node);
        if (_buckets.Count > peersMax)
        {
            _buckets.Remove(_byUse.First!.Value.Peer);
            _byUse.RemoveFirst();
        }
        return node.Value;
    }

    private sealed class Bucket(string peer)
    {
        public string Peer => peer;

        public double Level { get; set; }

        public DateTimeOffset At { get; set; }
    }
}
