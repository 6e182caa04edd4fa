using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Tables.Files;

/// <summary>Facts of an open file.</summary>
/// <param name="Owner">Number of the user whose it is.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="IsRegular">No folder, device or pipe.</param>
/// <param name="IsFolder">A folder.</param>
public readonly record struct FileFacts(uint Owner, UnixFileMode Mode, bool IsRegular, bool IsFolder)
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Which file it is, on which device.</summary>
    internal (ulong Inode, ulong Device) Identity { get; init; }

    /// <summary>When its content or anything else of it was changed last (ctime), in seconds and nanoseconds.</summary>
    internal (long Seconds, uint Nanoseconds) Changed { get; init; }

    /// <summary>Reading it with the server's rights gives nothing away.</summary>
    public bool IsForEverybody => (Mode & UnixFileMode.OtherRead) != 0;

    /// <summary>Others than its owner may write to it.</summary>
    public bool IsForOthersToWrite => (Mode & WritableByOthers) != 0;
}

/// <summary>What the framework has no call for: opening what may be a pipe without waiting for it, and the facts of what was opened. Linux.</summary>
public static partial class PosixFile
{
    private const int ReadOnly = 0x80000 | 0x800; // O_RDONLY | O_CLOEXEC | O_NONBLOCK
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint Wanted = 0x1 | 0x2 | 0x8 | 0x80 | 0x100; // STATX_TYPE | STATX_MODE | STATX_UID | STATX_CTIME | STATX_INO
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Folder = 0x4000;
    private const int NoEntry = 2; // ENOENT
    private const int NoFolder = 20; // ENOTDIR

    /// <summary>What has the name, of a symbolic link what it leads to; null where there is none. Throws <see cref="IOException"/>, without the path, where it cannot be opened.</summary>
    public static SafeFileHandle? Open(string path)
    {
        int descriptor = OpenFile(path, ReadOnly);
        int error = Marshal.GetLastPInvokeError();
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true)
            : error is NoEntry or NoFolder ? null
            : throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>Throws <see cref="IOException"/>.</summary>
    public static FileFacts Read(SafeFileHandle file)
    {
        Span<byte> facts = stackalloc byte[256]; // struct statx is the same on every architecture: statx(2).
        if (Statx((int)file.DangerousGetHandle(), "", EmptyPath, Wanted, ref MemoryMarshal.GetReference(facts)) != 0)
        {
            throw new IOException($"statx: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        int mode = BinaryPrimitives.ReadUInt16LittleEndian(facts[28..]);
        return new FileFacts(
            BinaryPrimitives.ReadUInt32LittleEndian(facts[20..]), (UnixFileMode)(mode & 0xFFF), (mode & TypeMask) == Regular, (mode & TypeMask) == Folder)
        {
            Identity = (BinaryPrimitives.ReadUInt64LittleEndian(facts[32..]), BinaryPrimitives.ReadUInt64LittleEndian(facts[136..])),
            Changed = (BinaryPrimitives.ReadInt64LittleEndian(facts[96..]), BinaryPrimitives.ReadUInt32LittleEndian(facts[104..])),
        };
    }

    /// <summary>The octets from the beginning; fewer where the file ends before.</summary>
    public static byte[] ReadAll(SafeFileHandle file, long octets)
    {
        byte[] content = new byte[octets];
        int filled = 0;
        while (filled < content.Length && RandomAccess.Read(file, content.AsSpan(filled), filled) is int read and > 0)
        {
            filled += read;
        }
        return filled < content.Length ? content[..filled] : content;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte facts);
}
