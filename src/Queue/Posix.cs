using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Queue;

/// <summary>The system calls that the framework does not offer: syncing a folder, and only a file's data.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int CloseOnExec = 0x80000;
    private const int OwnerReadWrite = 0x180; // 0600
    private const int Interrupted = 4; // EINTR

    /// <summary>A descriptor of the folder, for syncing it.</summary>
    public static SafeFileHandle OpenFolder(string path) => Open(path, ReadOnly | CloseOnExec, 0);

    /// <summary>A new file that only its owner reads; fails where the name exists.</summary>
    public static SafeFileHandle CreateFile(string path) => Open(path, ReadWrite | Create | Exclusive | CloseOnExec, OwnerReadWrite);

    /// <summary>Returns when the octets are on the medium. After a failure nothing is known of them: never try again and believe it.</summary>
    public static void Sync(SafeFileHandle handle, bool dataOnly)
    {
        int result = dataOnly ? fdatasync(handle) : fsync(handle);
        if (result != 0)
        {
            throw Failure("sync", Marshal.GetLastPInvokeError());
        }
    }

    private static SafeFileHandle Open(string path, int flags, int mode)
    {
        while (true)
        {
            int descriptor = open(path, flags, mode);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw Failure($"open {path}", error);
            }
        }
    }

    private static IOException Failure(string what, int error) => new($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle descriptor);
}
