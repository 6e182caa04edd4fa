using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Mbox;

/// <summary>System calls for sharing a file with other mail programs. Linux.</summary>
internal static partial class PosixSpool
{
    public const int NoPermission = 13;
    public const int NotPermitted = 1;
    public const int ReadOnlyFileSystem = 30;

    /// <summary>What inotify shall tell of a file: IN_MODIFY, IN_ATTRIB, IN_MOVE_SELF, IN_DELETE_SELF.</summary>
    public const uint WatchMask = 0x2 | 0x4 | 0x800 | 0x400;

    private const int SetOpenFileLock = 37; // F_OFD_SETLK

    [StructLayout(LayoutKind.Sequential)]
    private struct LockRequest
    {
        public short Kind;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int LockRaw(SafeFileHandle file, int command, ref LockRequest request);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SignalRaw(int process, int signal);

    /// <summary>
    /// An exclusive fcntl lock of the whole file, if nobody has one. It belongs to this open file, not to the process: closing another
    /// descriptor of the file does not drop it, as it would drop a plain POSIX lock; against those of other programs it works as one.
    /// </summary>
    public static bool TryLock(SafeFileHandle file)
    {
        LockRequest request = new() { Kind = 1 }; // F_WRLCK
        return LockRaw(file, SetOpenFileLock, ref request) == 0;
    }

    /// <summary>False where there is certainly no such process on this machine.</summary>
    public static bool IsAlive(int process) => SignalRaw(process, 0) == 0 || Marshal.GetLastPInvokeError() != 3; // ESRCH
}
