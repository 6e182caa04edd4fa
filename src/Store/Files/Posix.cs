using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Files;

/// <summary>The system calls that .NET has no way to say. Linux; the only unsafe code of the project.</summary>
internal static unsafe partial class Posix
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoFollow = 0x20000;
    public const int Directory = 0x10000;
    public const int CloseOnExec = 0x80000;
    public const int Append = 0x400;
    public const int NonBlock = 0x800;

    public const int InputOutput = 5;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int AlreadyThere = 17;
    public const int OtherDevice = 18;
    public const int NotPermitted = 1;
    public const int NotADirectory = 20;
    public const int IsADirectory = 21;
    public const int NameTooLong = 36;
    public const int TooManyLevels = 40; // A link that leads to itself.
    public const int NoSpace = 28;
    public const int TryAgain = 11;
    public const int ReadOnlyFileSystem = 30;
    public const int TooManyLinks = 31;
    public const int NotSupported = 95;

    public const uint WatchMask = 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800; // IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, and the folder itself: IN_DELETE_SELF, IN_MOVE_SELF

    private const int SetLease = 1024; // F_SETLEASE
    private const int SetSignal = 10; // F_SETSIG
    private const int ReadLease = 0; // F_RDLCK
    private const int NoLease = 2; // F_UNLCK
    private const int HarmlessSignal = 23; // SIGURG: ignored where nobody asks for it. The usual SIGIO would end the process.

    private const int OmitTime = (1 << 30) - 2; // UTIME_OMIT

    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>A lease for reading is refused while anybody has the file open for writing (fcntl(2)); where there are no leases, nobody has.</summary>
    public static bool IsOpenForWriting(SafeFileHandle file)
    {
        if (Control(file, SetSignal, HarmlessSignal) != 0)
        {
            return false;
        }
        if (Control(file, SetLease, ReadLease) != 0)
        {
            return LastError == TryAgain;
        }
        _ = Control(file, SetLease, NoLease);
        return false;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial int OpenRaw(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial int OpenAtRaw(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int RenameAt(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int LinkAt(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadRaw(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteRaw(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int DataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(SafeFileHandle file, long length);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static partial int SetTimesRaw(SafeFileHandle file, long* times);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int WatchInitRaw(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int AddWatch(SafeFileHandle watcher, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int RemoveWatch(SafeFileHandle watcher, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadStreamRaw(SafeFileHandle file, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial int StatRaw(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial nint OpenList(string path);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial byte* ReadList(nint list);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    private static partial int CloseList(nint list);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int CreateFolder(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int RemoveFolder(string path);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int SetMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int SetOwner(string path, uint user, uint group);

    /// <summary>What a path is, links followed; false on failure, see <see cref="LastError"/>.</summary>
    public static bool TryStat(string path, out PosixStat stat)
    {
        byte* result = stackalloc byte[256]; // struct statx
        stat = default;
        if (StatRaw(-100, path, 0, 0x7FF, result) != 0) // AT_FDCWD, STATX_BASIC_STATS
        {
            return false;
        }
        stat = new PosixStat(
            *(ushort*)(result + 28), *(uint*)(result + 24), *(long*)(result + 40), (*(long*)(result + 112) * 10_000_000) + (*(uint*)(result + 120) / 100),
            *(uint*)(result + 16));
        return true;
    }

    /// <summary>The names in a folder, of whatever octets; null on failure, see <see cref="LastError"/>.</summary>
    public static List<string>? List(string path)
    {
        nint list = OpenList(path);
        if (list == 0)
        {
            return null;
        }
        try
        {
            List<string> names = [];
            Marshal.SetLastSystemError(0);
            byte* entry;
            while ((entry = ReadList(list)) != null)
            {
                ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + 19); // d_name of struct dirent
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(OctetText.Decode(name));
                }
            }
            return LastError == 0 ? names : null;
        }
        finally
        {
            int error = LastError;
            _ = CloseList(list);
            Marshal.SetLastPInvokeError(error);
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatFileRaw(SafeFileHandle file, byte* empty, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial int FileSystemRaw(string path, long* result);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint ListRaw(SafeFileHandle folder, byte* buffer, nint count);

    /// <summary>Octets of directory entries; 0 at the end, -1 on failure.</summary>
    public static int ListEntries(SafeFileHandle folder, Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            return (int)ListRaw(folder, buffer, destination.Length);
        }
    }

    /// <summary>False on failure; see <see cref="LastError"/>.</summary>
    public static bool TryStat(SafeFileHandle file, out FileFacts facts)
    {
        byte* result = stackalloc byte[256];
        byte empty = 0;
        bool isThere = StatFileRaw(file, &empty, 0x1000, FactsMask, result) == 0; // AT_EMPTY_PATH
        facts = isThere ? FactsOf(result) : default;
        return isThere;
    }

    /// <summary>The magic number of the file system (statfs f_type); 0 on failure.</summary>
    public static long FileSystemKind(string path)
    {
        long* result = stackalloc long[32];
        return FileSystemRaw(path, result) == 0 ? result[0] & 0xFFFF_FFFF : 0;
    }

    private const uint FactsMask = 0x1 | 0x2 | 0x40 | 0x200; // STATX_TYPE, STATX_MODE, STATX_MTIME, STATX_SIZE

    /// <summary>Of struct statx: stx_mode at 28, stx_size at 40, stx_mtime at 112 (seconds i64, nanoseconds u32).</summary>
    private static FileFacts FactsOf(byte* result)
    {
        bool isFolder = (*(ushort*)(result + 28) & 0xF000) == 0x4000;
        long ticks = DateTime.UnixEpoch.Ticks + (*(long*)(result + 112) * TimeSpan.TicksPerSecond) + (*(uint*)(result + 120) / 100);
        return new FileFacts(isFolder, isFolder ? 0 : *(long*)(result + 40), ticks);
    }

    /// <summary>The device number; 0 on failure. Of struct statx (256 octets) only stx_dev_major and stx_dev_minor are read.</summary>
    public static ulong DeviceOf(string path)
    {
        byte* result = stackalloc byte[256];
        return StatRaw(-100, path, 0, 0x100, result) != 0 ? 0 : ((ulong)*(uint*)(result + 136) << 32) | *(uint*)(result + 140);
    }

    /// <summary>Null where the call failed; see <see cref="LastError"/>.</summary>
    public static SafeFileHandle? Open(string path, int flags, uint mode) => Open(null, path, flags, mode);

    /// <summary>For reading. Null where the call failed; see <see cref="LastError"/>.</summary>
    public static SafeFileHandle? OpenAt(SafeFileHandle folder, string name) => Open(folder, name, ReadOnly | NoFollow, 0);

    // What somebody has put in a file's place must not hold a thread: a pipe is opened at once, whether anybody writes to it or not. For regular
    // files NonBlock means only that another program's lease is not waited for: that is done in a second call.
    private static SafeFileHandle? Open(SafeFileHandle? folder, string name, int flags, uint mode)
    {
        int more = CloseOnExec | NonBlock;
        while (true)
        {
            int descriptor = folder is null ? OpenRaw(name, flags | more, mode) : OpenAtRaw(folder, name, flags | more, mode);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }
            if (LastError == TryAgain && (more & NonBlock) != 0)
            {
                more = CloseOnExec;
            }
            else if (LastError != Interrupted)
            {
                return null;
            }
        }
    }

    /// <summary>Octets read, 0 at the end, -1 on failure.</summary>
    public static int Read(SafeFileHandle file, long offset, Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            nint count;
            do
            {
                count = ReadRaw(file, buffer, destination.Length, offset);
            }
            while (count < 0 && LastError == Interrupted);
            return (int)count;
        }
    }

    /// <summary>Octets written, -1 on failure.</summary>
    public static int Write(SafeFileHandle file, long offset, ReadOnlySpan<byte> source)
    {
        fixed (byte* buffer = source)
        {
            nint count;
            do
            {
                count = WriteRaw(file, buffer, source.Length, offset);
            }
            while (count < 0 && LastError == Interrupted);
            return (int)count;
        }
    }

    public static int SetModified(SafeFileHandle file, long seconds)
    {
        long* times = stackalloc long[4] { 0, OmitTime, seconds, 0 };
        return SetTimesRaw(file, times);
    }

    public static SafeFileHandle? OpenWatcher()
    {
        int descriptor = WatchInitRaw(0x800 | CloseOnExec); // IN_NONBLOCK
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Octets read from the watcher; 0 or less: nothing there.</summary>
    public static int ReadEvents(SafeFileHandle watcher, Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            return (int)ReadStreamRaw(watcher, buffer, destination.Length);
        }
    }

    /// <summary>A path as the system takes it: its octets, ended by a zero.</summary>
    [CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(ManagedToUnmanagedIn))]
    internal static class PathMarshaller
    {
        public ref struct ManagedToUnmanagedIn
        {
            private byte* _path;
            private bool _isAllocated;

            public static int BufferSize => 512;

            public void FromManaged(string path, Span<byte> buffer)
            {
                if (path.Contains('\0', StringComparison.Ordinal))
                {
                    path = ""; // No path holds one: the system shall find nothing.
                }
                byte[]? octets = path.Contains(OctetText.Escape, StringComparison.Ordinal) ? OctetText.Encode(path) : null;
                int length = octets?.Length ?? Encoding.UTF8.GetByteCount(path);
                if (length >= buffer.Length)
                {
                    _path = (byte*)NativeMemory.Alloc((nuint)length + 1);
                    _isAllocated = true;
                    buffer = new Span<byte>(_path, length + 1);
                }
                else
                {
                    _path = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer)); // On the caller's stack.
                }
                if (octets is null)
                {
                    Encoding.UTF8.GetBytes(path, buffer);
                }
                else
                {
                    octets.CopyTo(buffer);
                }
                buffer[length] = 0;
            }

            public readonly byte* ToUnmanaged() => _path;

            public readonly void Free()
            {
                if (_isAllocated)
                {
                    NativeMemory.Free(_path);
                }
            }
        }
    }
}

/// <summary>Of <c>statx</c>: type and mode, group, octets, time of modification, names.</summary>
internal readonly record struct PosixStat(uint Mode, uint Group, long Octets, long ModifiedSince1970Ticks, uint Links)
{
    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    public bool IsFolder => (Mode & 0xF000) == 0x4000;
}
