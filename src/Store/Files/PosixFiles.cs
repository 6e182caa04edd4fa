using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Files;

/// <summary>The real file system.</summary>
internal sealed class PosixFiles : IFiles
{
    /// <summary>Mail is its owner's.</summary>
    private const uint FileMode = 0x180; // 0600

    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

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
        SafeFileHandle? handle = Posix.Open(path, flags | Posix.NoFollow, FileMode);
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
        try
        {
            var info = new FileInfo(path);
            if (info.Exists)
            {
                facts = new FileFacts(false, info.Length, info.LastWriteTimeUtc.Ticks);
                return true;
            }
            bool isFolder = (int)info.Attributes != -1 && (info.Attributes & FileAttributes.Directory) != 0;
            facts = isFolder ? new FileFacts(true, 0, info.LastWriteTimeUtc.Ticks) : default;
            return isFolder;
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileFault("stat", path, 13);
        }
    }

    public bool Rename(string from, string to) => Succeeded(Posix.Rename(from, to), "rename", to);

    public LinkOutcome Link(string from, string to)
    {
        if (Posix.Link(from, to) == 0)
        {
            return LinkOutcome.Linked;
        }
        return Posix.LastError switch
        {
            Posix.NoEntry => LinkOutcome.Missing,
            Posix.OtherDevice or Posix.TooManyLinks or 1 => LinkOutcome.Impossible,
            int error => throw new FileFault("link", to, error),
        };
    }

    public bool Unlink(string path) => Succeeded(Posix.Unlink(path), "unlink", path);

    public void CreateFolder(string path) => Guard("mkdir", path, () => Directory.CreateDirectory(path, FolderMode));

    public void RemoveFolder(string path) => Guard("rmdir", path, () => Directory.Delete(path, recursive: true));

    public List<string>? List(string path)
    {
        List<string>? names = null;
        try
        {
            names = [.. new FileSystemEnumerable<string>(path, (ref FileSystemEntry e) => e.FileName.ToString(), Everything)];
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileFault("readdir", path, 13);
        }
        catch (IOException fault) when (fault is not FileFault)
        {
            throw new FileFault("readdir", path, Posix.InputOutput);
        }
        return names;
    }

    public void SyncFolder(string path)
    {
        using SafeFileHandle folder = OpenFolder(path);
        Check(Posix.Sync(folder), "fsync", path);
    }

    public ulong FileSystemOf(string path) => Posix.DeviceOf(path);

    public void SyncFileSystem(string path)
    {
        using SafeFileHandle folder = OpenFolder(path);
        Check(Posix.SyncFileSystem(folder), "syncfs", path);
    }

    private static SafeFileHandle OpenFolder(string path) =>
        Posix.Open(path, Posix.ReadOnly | Posix.Directory, 0) ?? throw new FileFault("open", path, Posix.LastError);

    private static void Guard(string operation, string path, Action action)
    {
        try
        {
            action();
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileFault(operation, path, 13);
        }
        catch (IOException fault) when (fault is not FileFault)
        {
            throw new FileFault(operation, path, Posix.InputOutput); // No space, a folder that somebody fills while we empty it.
        }
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

    private sealed class PosixFile(SafeFileHandle handle, string path) : IFile
    {
        public long Octets => Posix.Seek(handle, 0, 2);

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

        public bool TryLock() => Posix.Lock(handle, 2 | 4) == 0; // LOCK_EX, LOCK_NB

        public void Dispose() => handle.Dispose();
    }
}
