using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Store.Files;

/// <summary>
/// Files that mailboxes keep open between two uses, as long as there are not too many of them in all: thousands of idle mailboxes must not cost a
/// descriptor each. Those that were not used for the longest time are closed, and opened again for their next use.
/// </summary>
internal sealed class OpenFiles(IFiles files, int filesMax)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<HeldFile> _byUse = new();

    /// <summary>How many are open now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byUse.Count;
            }
        }
    }

    /// <summary>The file is this one's from now on.</summary>
    /// <param name="opened">As it was opened.</param>
    /// <param name="path">Where it is found again.</param>
    /// <param name="isSame">Whether what is found there is still the same file; another, or none, is taken for empty and cannot be written.</param>
    public HeldFile Hold(IFile opened, string path, Predicate<IFile> isSame)
    {
        var held = new HeldFile(this, opened, path, isSame);
        Used(held);
        return held;
    }

    private void Rename(string from, string to) => files.Rename(from, to);

    private IFile? Open(string path) => files.TryStat(path, out _) ? files.Open(path, OpenKind.Write) : null;

    /// <summary>Under the file's own gate.</summary>
    private void Used(HeldFile file)
    {
        HeldFile? oldest = null;
        lock (_gate)
        {
            if (file.Place.List is not null)
            {
                _byUse.Remove(file.Place);
            }
            _byUse.AddLast(file.Place);
            if (_byUse.Count > filesMax)
            {
                oldest = _byUse.First!.Value;
                _byUse.RemoveFirst();
            }
        }
        if (oldest is not null && oldest != file && !oldest.TryClose())
        {
            lock (_gate)
            {
                if (oldest.Place.List is null)
                {
                    _byUse.AddLast(oldest.Place); // It is being used at this moment: not the oldest after all.
                }
            }
        }
    }

    private void Closed(HeldFile file)
    {
        lock (_gate)
        {
            if (file.Place.List is not null)
            {
                _byUse.Remove(file.Place);
            }
        }
    }

    /// <summary>One of them. What is asked of it after it is disposed finds an empty file.</summary>
    internal sealed class HeldFile : IFile
    {
        private readonly OpenFiles _owner;
        private readonly Predicate<IFile> _isSame;
        private readonly Lock _gate = new();
        private string _path;
        private IFile? _file;
        private bool _isLost;

        public HeldFile(OpenFiles owner, IFile opened, string path, Predicate<IFile> isSame)
        {
            _owner = owner;
            _file = opened;
            _path = path;
            _isSame = isSame;
            Place = new LinkedListNode<HeldFile>(this);
        }

        public LinkedListNode<HeldFile> Place { get; }

        public long Octets
        {
            get
            {
                lock (_gate)
                {
                    return TryOpen(out IFile? file) ? file.Octets : 0;
                }
            }
        }

        public FileFacts Facts
        {
            get
            {
                lock (_gate)
                {
                    return TryOpen(out IFile? file) ? file.Facts : default;
                }
            }
        }

        public int Read(long offset, Span<byte> destination)
        {
            lock (_gate)
            {
                return TryOpen(out IFile? file) ? file.Read(offset, destination) : 0;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            lock (_gate)
            {
                MustOpen().Write(offset, source);
            }
        }

        public void Sync()
        {
            lock (_gate)
            {
                MustOpen().Sync();
            }
        }

        public void Truncate(long octets)
        {
            lock (_gate)
            {
                MustOpen().Truncate(octets);
            }
        }

        public void SetModified(long secondsSince1970)
        {
            lock (_gate)
            {
                MustOpen().SetModified(secondsSince1970);
            }
        }

        /// <summary>Not for files that come and go: the lock would.</summary>
        public bool TryLock() => throw new NotSupportedException();

        /// <inheritdoc cref="TryLock"/>
        public bool TryLockForSharing() => throw new NotSupportedException();

        /// <summary>Gives it another name, in place of what has that name.</summary>
        public void MoveTo(string path)
        {
            lock (_gate)
            {
                _owner.Rename(_path, path);
                _path = path;
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isLost = true;
                Close();
                _owner.Closed(this);
            }
        }

        /// <summary>False where somebody is using it.</summary>
        public bool TryClose()
        {
            if (!_gate.TryEnter())
            {
                return false;
            }
            try
            {
                Close();
                return true;
            }
            finally
            {
                _gate.Exit();
            }
        }

        private void Close()
        {
            _file?.Dispose();
            _file = null;
        }

        private IFile MustOpen() => TryOpen(out IFile? file) ? file : throw new FileFault("open", _path, Posix.NoEntry);

        private bool TryOpen([NotNullWhen(true)] out IFile? file)
        {
            if (_file is null && !_isLost)
            {
                _file = _owner.Open(_path);
                if (_file is null || !_isSame(_file))
                {
                    Close();
                    _isLost = true;
                }
            }
            file = _file;
            if (file is not null)
            {
                _owner.Used(this);
            }
            return file is not null;
        }
    }
}
