using MailAccess.Store.Files;

namespace MailAccess.Store.Tests.Crash;

/// <summary>What happens at the chosen operation.</summary>
public enum Fault
{
    /// <summary>It fails once, as on a full disk.</summary>
    NoSpace,
    /// <summary>It fails once, as without permission.</summary>
    NoPermission,
    /// <summary>It and all later ones do not happen: the process was killed.</summary>
    Kill,
    /// <summary>As kill, and then everything is taken back that was not synced.</summary>
    PowerLoss,
}

/// <summary>
/// The real files, until the n-th operation that changes something. For <see cref="Fault.PowerLoss"/> it remembers how to take back
/// what no sync has covered yet, in the worst case that a disk may show.
/// </summary>
internal sealed class FaultyFiles(Fault fault, int at) : IFiles
{
    private readonly PosixFiles _real = new();
    private readonly Lock _gate = new();
    private readonly List<Change> _unsynced = [];
    private readonly List<Move> _moves = [];
    private int _operations;
    private int _stash;

    /// <summary>The chosen operation was reached.</summary>
    public bool HasHappened { get; private set; }

    public string StashFolder { get; init; } = "";

    /// <summary>The power is gone: takes back, last first, what was not durable.</summary>
    public void LosePower()
    {
        lock (_gate)
        {
            for (int i = _unsynced.Count - 1; i >= 0; i--)
            {
                _unsynced[i].TakeBack();
            }
            _unsynced.Clear();
        }
    }

    public IFile? Open(string path, OpenKind kind)
    {
        if (kind == OpenKind.Read)
        {
            return _real.Open(path, kind);
        }
        Step("open", path);
        bool isNew = !_real.TryStat(path, out _);
        IFile file = _real.Open(path, kind)!;
        if (isNew)
        {
            Remember(Folder(path), null, path, now => File.Delete(now));
        }
        return new FaultyFile(this, file, path);
    }

    public bool TryStat(string path, out FileFacts facts) => _real.TryStat(path, out facts);

    public bool Rename(string from, string to)
    {
        Step("rename", to);
        string? replaced = Directory.Exists(from) ? null : Stash(to);
        bool done = _real.Rename(from, to);
        if (done)
        {
            if (Directory.Exists(to))
            {
                var move = new Move(from, to);
                _moves.Add(move);
                Remember(Folder(to), null, to, now => move.IsUndone = _real.Rename(now, from));
            }
            else
            {
                Remember(Folder(to), null, to, now =>
                {
                    _real.Rename(now, Path.Combine(Folder(now), Path.GetRelativePath(Folder(to), from)));
                    Restore(replaced, now);
                });
            }
        }
        return done;
    }

    public LinkOutcome Link(string from, string to)
    {
        Step("link", to);
        LinkOutcome outcome = _real.Link(from, to);
        if (outcome == LinkOutcome.Linked)
        {
            Remember(Folder(to), null, to, now => File.Delete(now));
        }
        return outcome;
    }

    public bool Unlink(string path)
    {
        Step("unlink", path);
        string? stash = Stash(path);
        bool done = _real.Unlink(path);
        Remember(Folder(path), null, path, now => Restore(stash, now));
        return done;
    }

    public void CreateFolder(string path)
    {
        Step("mkdir", path);
        _real.CreateFolder(path);
    }

    public void RemoveFolder(string path)
    {
        Step("rmdir", path);
        _real.RemoveFolder(path);
    }

    public List<string>? List(string path) => _real.List(path);

    public void SyncFolder(string path)
    {
        Step("fsync", path);
        Forget(c => c.Folder == path);
    }

    public ulong FileSystemOf(string path) => _real.FileSystemOf(path);

    public void SyncFileSystem(string path)
    {
        Step("syncfs", path);
        Forget(_ => true);
    }

    private static string Folder(string path) => Path.GetDirectoryName(path)!;

    private void Step(string operation, string path)
    {
        lock (_gate)
        {
            _operations++;
            bool isDead = fault is Fault.Kill or Fault.PowerLoss && _operations >= at;
            if (_operations != at && !isDead)
            {
                return;
            }
            HasHappened = true;
        }
        throw new FileFault(operation, path, fault == Fault.NoPermission ? 13 : 28);
    }

    private string? Stash(string path)
    {
        if (fault != Fault.PowerLoss || !File.Exists(path))
        {
            return null;
        }
        string stash = Path.Combine(StashFolder, Interlocked.Increment(ref _stash).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return _real.Link(path, stash) == LinkOutcome.Linked ? stash : null;
    }

    private static void Restore(string? stash, string path)
    {
        if (stash is not null && !File.Exists(path))
        {
            File.Move(stash, path);
        }
    }

    private void Remember(string? folder, object? file, string path, Action<string> takeBack)
    {
        // A folder above may be renamed later, and that may be durable: then the change lies elsewhere.
        int moves = _moves.Count;
        Action undo = () =>
        {
            string now = path;
            foreach (Move move in _moves.Skip(moves))
            {
                if (!move.IsUndone && now.StartsWith(move.From + "/", StringComparison.Ordinal))
                {
                    now = move.To + now[move.From.Length..];
                }
            }
            if (Directory.Exists(Folder(now)))
            {
                takeBack(now);
            }
        };
        if (fault == Fault.PowerLoss)
        {
            lock (_gate)
            {
                _unsynced.Add(new Change(folder, file, undo));
            }
        }
    }

    private void Forget(Predicate<Change> synced)
    {
        lock (_gate)
        {
            _unsynced.RemoveAll(synced);
        }
    }

    private sealed record Change(string? Folder, object? Inode, Action TakeBack);

    private sealed record Move(string From, string To)
    {
        public bool IsUndone { get; set; }
    }

    private sealed class FaultyFile(FaultyFiles owner, IFile file, string path) : IFile
    {
        public long Octets => file.Octets;

        public FileFacts Facts => file.Facts;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            owner.Step("write", path);
            RememberContent(offset, source.Length);
            file.Write(offset, source);
        }

        public void Sync()
        {
            owner.Step("fdatasync", path);
            owner.Forget(c => c.Inode is string name && name == path);
        }

        public void Truncate(long octets)
        {
            owner.Step("ftruncate", path);
            RememberContent(octets, (int)Math.Max(0, file.Octets - octets));
            file.Truncate(octets);
        }

        public void SetModified(long secondsSince1970) => file.SetModified(secondsSince1970);

        public bool TryLock() => file.TryLock();

        public bool TryLockForSharing() => file.TryLockForSharing();

        public void Dispose() => file.Dispose();

        private void RememberContent(long offset, int length)
        {
            if (!owner.IsPowerLoss)
            {
                return;
            }
            long before = file.Octets;
            byte[] old = new byte[Math.Max(0, Math.Min(length, before - offset))];
            int filled = 0;
            while (filled < old.Length)
            {
                filled += file.Read(offset + filled, old.AsSpan(filled));
            }
            // The file may be renamed meanwhile: the descriptor still knows it.
            FileStream again = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            owner.Remember(null, path, path, _ =>
            {
                using (again)
                {
                    again.Position = offset;
                    again.Write(old);
                    again.SetLength(before);
                }
            });
        }
    }

    private bool IsPowerLoss => fault == Fault.PowerLoss;
}
