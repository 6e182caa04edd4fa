namespace MailAccess.Queue.Tests;

/// <summary>What a crash leaves.</summary>
public enum Crash
{
    /// <summary>The process dies; the page cache lives.</summary>
    Kill,
    /// <summary>Power loss, and nothing that was not synced reached the medium.</summary>
    PowerLossNothing,
    /// <summary>Power loss, and any part of what was not synced reached the medium, in any order; octets may be zeros.</summary>
    PowerLossAnything,
}

/// <summary>A disk that fails at the n-th operation and then loses what was not synced. The model: octets become durable by the
/// file's sync, names and their absence by the folder's.</summary>
internal sealed class SimulatedDisk : ISpoolFiles
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Inode> _durable = [];
    private readonly Dictionary<string, Inode> _names = [];
    private int _operationsLeft = int.MaxValue;

    public int Operations { get; private set; }

    public bool IsDown { get; private set; }

    public int Failures { get; private set; }

    public IReadOnlyCollection<string> Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _names.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The operation after so many more fails, and all that follow.</summary>
    public void FailAfter(int operations) => _operationsLeft = operations;

    /// <summary>Only the operation after so many more fails; the disk lives.</summary>
    public bool FailsOnce { get; init; }

    /// <summary>The disk as found after the crash.</summary>
    public SimulatedDisk After(Crash crash, Random random)
    {
        lock (_gate) // What died may not have noticed yet.
        {
            return Left(crash, random);
        }
    }

    private SimulatedDisk Left(Crash crash, Random random)
    {
        SimulatedDisk disk = new();
        foreach (string name in _names.Keys.Union(_durable.Keys))
        {
            Inode? current = _names.GetValueOrDefault(name);
            Inode? old = _durable.GetValueOrDefault(name);
            Inode? kept = crash switch
            {
                Crash.Kill => current,
                Crash.PowerLossNothing => old,
                _ => random.Next(2) == 0 ? current : old,
            };
            if (kept is not null)
            {
                Inode found = new(kept.AfterCrash(crash, random));
                disk._names[name] = found;
                disk._durable[name] = found;
            }
        }
        return disk;
    }

    public void Corrupt(string name, Action<List<byte>> change)
    {
        change(_names[name].Octets);
        _names[name].Synced();
    }

    /// <summary>A file that was always there.</summary>
    public void Put(string name, byte[] octets) => _names[name] = _durable[name] = new Inode([.. octets]);

    public IEnumerable<string> List()
    {
        lock (_gate)
        {
            return [.. _names.Keys];
        }
    }

    public ISpoolFile Create(string name)
    {
        lock (_gate)
        {
            Step();
            Inode inode = new([]);
            return _names.TryAdd(name, inode) ? new OpenFile(this, inode) : throw new IOException("exists");
        }
    }

    // After a crash zeros may follow what was written, as in any file here; that they always do makes no difference to a reader.
    public ISpoolFile CreateLaidOut(string name, int octets) => Create(name);

    public ISpoolFile Open(string name)
    {
        lock (_gate)
        {
            return _names.TryGetValue(name, out Inode? inode) ? new OpenFile(this, inode) : throw new FileNotFoundException(name);
        }
    }

    public void Delete(string name)
    {
        lock (_gate)
        {
            Step();
            _names.Remove(name);
        }
    }

    public void SyncFolder()
    {
        lock (_gate)
        {
            Step();
            _durable.Clear();
            foreach ((string name, Inode inode) in _names)
            {
                _durable[name] = inode;
            }
        }
    }

    private void Step()
    {
        Operations++;
        if (IsDown || --_operationsLeft < 0)
        {
            Failures++;
            IsDown = !FailsOnce;
            _operationsLeft = int.MaxValue;
            throw new IOException("simulated failure");
        }
    }

    private sealed class Inode(List<byte> octets)
    {
        private int _synced = octets.Count;

        public List<byte> Octets { get; } = octets;

        public void Synced() => _synced = Octets.Count;

        public List<byte> AfterCrash(Crash crash, Random random)
        {
            if (crash == Crash.Kill)
            {
                return [.. Octets];
            }
            List<byte> kept = Octets[.._synced];
            if (crash == Crash.PowerLossAnything && Octets.Count > _synced)
            {
                int written = random.Next(_synced, Octets.Count + 1);
                int zeros = random.Next(3) == 0 ? random.Next(0, written - _synced + 1) : 0;
                kept.AddRange(Octets[_synced..(written - zeros)]);
                kept.AddRange(new byte[zeros]); // The length reached the medium, the octets did not.
            }
            return kept;
        }
    }

    private sealed class OpenFile(SimulatedDisk disk, Inode inode) : ISpoolFile
    {
        public long Octets
        {
            get
            {
                lock (disk._gate)
                {
                    return inode.Octets.Count;
                }
            }
        }

        public int Read(long offset, Span<byte> destination)
        {
            lock (disk._gate)
            {
                int length = (int)Math.Min(destination.Length, inode.Octets.Count - offset);
                inode.Octets.GetRange((int)offset, length).CopyTo(destination);
                return length;
            }
        }

        public void Append(ReadOnlySpan<byte> octets)
        {
            lock (disk._gate)
            {
                try
                {
                    disk.Step();
                }
                catch (IOException)
                {
                    inode.Octets.AddRange(octets[..(octets.Length / 2)].ToArray()); // As a full disk does.
                    throw;
                }
                inode.Octets.AddRange(octets);
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                disk.Step();
                inode.Synced();
            }
        }

        public void Dispose()
        {
        }
    }
}
