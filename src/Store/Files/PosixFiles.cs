using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Files;

/// <summary>The real file system.</summary>
internal sealed class PosixFiles : IFiles
{
    private const int ListOctets = 256 * 1024;

    /// <summary>ext2 to ext4, xfs, btrfs, tmpfs, f2fs, overlay, zfs, bcachefs, ramfs: all that happens to them happens in this kernel.</summary>
    private static readonly long[] LocalFileSystems =
        [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010, 0x794C_7630, 0x2FC1_2FC1, 0xCA45_1A4E, 0x8584_58F6];

    public IFile? Open(string path, OpenKind kind)
    {
        int flags = kind switch
        {
            OpenKind.Read => Posix.ReadOnly,
            OpenKind.Write => Posix.ReadWrite | Posix.Create,
            OpenKind.Append => Posix.ReadWrite | Posix.Append,
            OpenKind.CreateNew => Posix.ReadWrite | Posix.Create | Posix.Exclusive,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        // A file's mode is looked for only where one is made.
        SafeFileHandle? handle = kind == OpenKind.CreateNew ? null : Posix.Open(path, (flags & ~Posix.Create) | Posix.NoFollow, 0);
        if (handle is null && kind != OpenKind.Read && (kind == OpenKind.CreateNew || Posix.LastError == Posix.NoEntry))
        {
            handle = Posix.Open(path, flags | Posix.NoFollow, PosixModes.PrivateFile);
            if (handle is not null)
            {
                PosixModes.Inherit(path);
            }
        }
        if (handle is not null)
        {
            return new PosixFile(handle, path);
        }
        int error = Posix.LastError;
        return kind is OpenKind.Read or OpenKind.Append && error is Posix.NoEntry or Posix.NotADirectory ? null : throw new FileFault("open", path, error);
    }

    public bool TryStat(string path, out FileFacts facts)
    {
        facts = default;
        if (Posix.TryStat(path, out PosixStat stat))
        {
            facts = new FileFacts(stat.IsFolder, stat.IsFolder ? 0 : stat.Octets, DateTime.UnixEpoch.Ticks + stat.ModifiedSince1970Ticks);
            return true;
        }
        return Posix.LastError is Posix.NoEntry or Posix.NotADirectory or Posix.NameTooLong or Posix.TooManyLevels ? false : throw new FileFault("stat", path, Posix.LastError);
    }

    public bool Rename(string from, string to) => Succeeded(Posix.Rename(from, to), "rename", to);

    public LinkOutcome Link(string from, string to)
    {
        if (PosixModes.WouldBeTooPrivate(from, to))
        {
            return LinkOutcome.Impossible;
        }
        return Outcome(Posix.Link(from, to), to);
    }

    public bool Unlink(string path) => Succeeded(Posix.Unlink(path), "unlink", path);

    public void CreateFolder(string path)
    {
        if (TryStat(path, out FileFacts facts))
        {
            if (!facts.IsFolder)
            {
                throw new FileFault("mkdir", path, Posix.AlreadyThere);
            }
            return;
        }
        if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
        {
            CreateFolder(parent);
        }
        if (Posix.CreateFolder(path, PosixModes.PrivateFolder) == 0)
        {
            PosixModes.Inherit(path);
        }
        else if (Posix.LastError != Posix.AlreadyThere)
        {
            throw new FileFault("mkdir", path, Posix.LastError);
        }
    }

    public void RemoveFolder(string path)
    {
        foreach (string name in List(path) ?? [])
        {
            string entry = path + "/" + name;
            // A link to a folder is removed, not followed.
            if (Posix.Unlink(entry) != 0 && Posix.LastError is Posix.IsADirectory or Posix.NotPermitted)
            {
                RemoveFolder(entry);
            }
        }
        if (Posix.RemoveFolder(path) != 0 && Posix.LastError != Posix.NoEntry)
        {
            throw new FileFault("rmdir", path, Posix.LastError); // Also where somebody fills a folder while we empty it.
        }
    }

    public List<string>? List(string path)
    {
        if (Posix.List(path) is { } names)
        {
            return names;
        }
        return Posix.LastError is Posix.NoEntry or Posix.NotADirectory ? null : throw new FileFault("readdir", path, Posix.LastError);
    }

    public FolderListing? ListFiles(string path)
    {
        using SafeFileHandle? folder = Posix.Open(path, Posix.ReadOnly | Posix.Directory, 0);
        if (folder is null)
        {
            int error = Posix.LastError;
            return error is Posix.NoEntry or Posix.NotADirectory ? null : throw new FileFault("open", path, error);
        }
        var listing = new FolderListing();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ListOctets);
        try
        {
            int count;
            while ((count = Posix.ListEntries(folder, buffer)) > 0)
            {
                listing.AddEntries(buffer.AsSpan(0, count));
            }
            return count == 0 ? listing : throw new FileFault("getdents", path, Posix.LastError);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public IFolder? OpenFolder(string path)
    {
        SafeFileHandle? handle = Posix.Open(path, Posix.ReadOnly | Posix.Directory, 0);
        if (handle is not null)
        {
            return new PosixFolder(handle, path, PosixModes.IsShared(path));
        }
        int error = Posix.LastError;
        return error is Posix.NoEntry or Posix.NotADirectory ? null : throw new FileFault("open", path, error);
    }

    public bool IsLocal(string path) => Array.IndexOf(LocalFileSystems, Posix.FileSystemKind(path)) >= 0;

    public void SyncFolder(string path)
    {
        using SafeFileHandle folder = OpenToSync(path);
        Check(Posix.Sync(folder), "fsync", path);
    }

    public ulong FileSystemOf(string path) => Posix.DeviceOf(path);

    public void SyncFileSystem(string path)
    {
        using SafeFileHandle folder = OpenToSync(path);
        Check(Posix.SyncFileSystem(folder), "syncfs", path);
    }

    private static SafeFileHandle OpenToSync(string path) =>
        Posix.Open(path, Posix.ReadOnly | Posix.Directory, 0) ?? throw new FileFault("open", path, Posix.LastError);

    private static LinkOutcome Outcome(int result, string to)
    {
        if (result == 0)
        {
            return LinkOutcome.Linked;
        }
        return Posix.LastError switch
        {
            Posix.NoEntry => LinkOutcome.Missing,
            Posix.OtherDevice or Posix.TooManyLinks or Posix.NotPermitted => LinkOutcome.Impossible,
            int error => throw new FileFault("link", to, error),
        };
    }

    private static bool Succeeded(int result, string operation, string path)
    {
        if (result == 0)
        {
            return true;
        }
        int error = Posix.LastError;
        return error is Posix.NoEntry or Posix.NotADirectory ? false : throw new FileFault(operation, path, error);
    }

    private static void Check(int result, string operation, string path)
    {
        if (result != 0)
        {
            throw new FileFault(operation, path, Posix.LastError);
        }
    }

    private sealed class PosixFolder(SafeFileHandle handle, string path, bool isShared) : IFolder
    {
        public string Path => path;

        public IFile? OpenToRead(string name)
        {
            if (Posix.OpenAt(handle, name) is { } file)
            {
                return new PosixFile(file, path + "/" + name);
            }
            int error = Posix.LastError;
            return error is Posix.NoEntry or Posix.NotADirectory ? null : throw new FileFault("open", path + "/" + name, error);
        }

        public bool Rename(string name, IFolder to, string newName) =>
            Succeeded(Posix.RenameAt(handle, name, ((PosixFolder)to).Handle, newName), "rename", to.Path);

        public LinkOutcome Link(string name, IFolder to, string newName)
        {
            var target = (PosixFolder)to;
            return target.IsShared && PosixModes.WouldBeTooPrivate(path + "/" + name, to.Path + "/" + newName)
                ? LinkOutcome.Impossible
                : Outcome(Posix.LinkAt(handle, name, target.Handle, newName, 0), to.Path);
        }

        public void Dispose() => handle.Dispose();

        private SafeFileHandle Handle => handle;

        private bool IsShared => isShared;
    }

    private sealed class PosixFile(SafeFileHandle handle, string path) : IFile
    {
        public long Octets => Posix.Seek(handle, 0, 2);

        public FileFacts Facts => Posix.TryStat(handle, out FileFacts facts) ? facts : throw new FileFault("statx", path, Posix.LastError);

        public int Read(long offset, Span<byte> destination)
        {
            int count = Posix.Read(handle, offset, destination);
            return count >= 0 ? count : throw new FileFault("read", path, Posix.LastError);
        }

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            while (!source.IsEmpty)
            {
                int count = Posix.Write(handle, offset, source);
                if (count <= 0)
                {
                    throw new FileFault("write", path, count == 0 ? Posix.NoSpace : Posix.LastError);
                }
                source = source[count..];
                offset += count;
            }
        }

        public void Sync() => Check(Posix.DataSync(handle), "fdatasync", path);

        public void Truncate(long octets) => Check(Posix.Truncate(handle, octets), "ftruncate", path);

        public void SetModified(long secondsSince1970) => Check(Posix.SetModified(handle, secondsSince1970), "futimens", path);

        public bool IsBeingWritten => Posix.IsOpenForWriting(handle);

        public bool TryLock() => Posix.Lock(handle, 2 | 4) == 0; // LOCK_EX, LOCK_NB

        public bool TryLockForSharing() => Mbox.PosixSpool.TryLock(handle);

        public void Dispose() => handle.Dispose();
    }
}
