using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace MailAccess.Auth.Posix;

/// <summary>What the framework has no call for: a file's owner, and a folder's fsync. Linux.</summary>
internal static partial class PosixFiles
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint StatxOwner = 0x8 | 0x10; // STATX_UID | STATX_GID
    private const int ReadOnly = 0x80000; // O_RDONLY | O_CLOEXEC

    /// <summary>Owner and group of a file; throws <see cref="IOException"/>.</summary>
    public static (uint User, uint Group) Get(string path)
    {
        Span<byte> facts = stackalloc byte[256]; // struct statx is the same on every architecture: statx(2).
        if (Statx(CurrentFolder, path, 0, StatxOwner, ref MemoryMarshal.GetReference(facts)) != 0)
        {
            throw new IOException($"statx {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        return (BinaryPrimitives.ReadUInt32LittleEndian(facts[20..]), BinaryPrimitives.ReadUInt32LittleEndian(facts[24..]));
    }

    /// <summary>Gives a file to an owner and group; throws <see cref="IOException"/>.</summary>
    public static void Set(string path, uint user, uint group)
    {
        if (Chown(path, user, group) != 0)
        {
            throw new IOException($"chown {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>The names in a folder survive a crash when this returns; throws <see cref="IOException"/>.</summary>
    public static void SyncFolder(string path)
    {
        int descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"open {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        int failed = Fsync(descriptor);
        string message = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (failed != 0)
        {
            throw new IOException($"fsync {path}: {message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte facts);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
