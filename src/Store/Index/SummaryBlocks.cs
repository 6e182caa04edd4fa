namespace MailAccess.Store.Index;

/// <summary>A summary, and the message's base name.</summary>
internal readonly record struct SummaryToCache(string BaseName, ReadOnlyMemory<byte> Summary);

/// <summary>A piece of a cache file in memory. Grows at its end only, so slices that were given out stay as they are.</summary>
internal sealed class SummaryBlock(SummaryCache owner, int index, byte[] octets, int filled)
{
    private byte[] _octets = octets;
    private int _filled = filled;

    public SummaryCache Owner => owner;

    public int Index => index;

    /// <summary>Octets that hold content.</summary>
    public int Filled => Volatile.Read(ref _filled);

    /// <summary>Octets of memory.</summary>
    public int Size => Volatile.Read(ref _octets).Length;

    /// <summary>Read since the clock's hand last passed.</summary>
    public bool WasUsed { get; set; } = true;

    /// <summary>Its place in the ring; of <see cref="SummaryBlocks"/> alone.</summary>
    public LinkedListNode<SummaryBlock>? Node { get; set; }

    public bool TrySlice(int from, int length, out ReadOnlyMemory<byte> slice)
    {
        // First how much, then where: the writer sets them the other way round.
        int known = Volatile.Read(ref _filled);
        byte[] octets = Volatile.Read(ref _octets);
        if (from + length > Math.Min(known, octets.Length))
        {
            slice = default;
            return false;
        }
        WasUsed = true;
        slice = octets.AsMemory(from, length);
        return true;
    }

    /// <summary>One writer at a time. Returns by how much the memory grew.</summary>
    public int Append(ReadOnlySpan<byte> more, int sizeMax)
    {
        byte[] target = _octets;
        int needed = _filled + more.Length;
        if (needed > target.Length)
        {
            target = new byte[Math.Min(sizeMax, Math.Max(needed, target.Length * 2))];
            _octets.AsSpan(0, _filled).CopyTo(target);
        }
        int grown = target.Length - _octets.Length;
        more.CopyTo(target.AsSpan(_filled));
        Volatile.Write(ref _octets, target);
        Volatile.Write(ref _filled, needed);
        return grown;
    }
}

/// <summary>
/// The blocks of all mailboxes' caches that are in memory. Bounded: what nobody read while the clock's hand went round goes first.
/// </summary>
/// <remarks>Its lock is held for memory only, and no other is taken under it.</remarks>
internal sealed class SummaryBlocks(long octetsMax)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<SummaryBlock> _ring = new();
    private long _octets;

    /// <summary>Octets of memory in use.</summary>
    public long Octets
    {
        get
        {
            lock (_gate)
            {
                return _octets;
            }
        }
    }

    public void Add(SummaryBlock block)
    {
        lock (_gate)
        {
            block.Node = _ring.AddLast(block);
            _octets += block.Size;
            Shrink();
        }
    }

    public void Grew(SummaryBlock block, int octets)
    {
        if (octets == 0)
        {
            return;
        }
        lock (_gate)
        {
            if (block.Node is not null)
            {
                _octets += octets;
                Shrink();
            }
        }
    }

    public void Remove(SummaryBlock block)
    {
        lock (_gate)
        {
            Drop(block);
        }
    }

    private void Shrink()
    {
        // Twice round at most: the first pass clears the marks.
        for (int passed = _ring.Count * 2; _octets > octetsMax && passed > 0 && _ring.Count > 1; passed--)
        {
            LinkedListNode<SummaryBlock> first = _ring.First!;
            if (first.Value.WasUsed)
            {
                first.Value.WasUsed = false;
                _ring.RemoveFirst();
                _ring.AddLast(first);
            }
            else
            {
                Drop(first.Value);
                first.Value.Owner.Forget(first.Value);
            }
        }
    }

    private void Drop(SummaryBlock block)
    {
        if (block.Node is { } node)
        {
            _ring.Remove(node);
            block.Node = null;
            _octets -= block.Size;
        }
    }
}
