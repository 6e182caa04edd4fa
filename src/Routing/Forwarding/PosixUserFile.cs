using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Routing;

/// <summary>Facts of an open file.</summary>
/// <param name="Owner">Number of the user whose it is.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="IsRegular">No folder, device or pipe.</param>
internal readonly record struct FileFacts(uint Owner, UnixFileMode Mode, bool IsRegular)
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Reading it with the server's rights gives nothing away.</summary>
    public bool IsForEverybody => (Mode & UnixFileMode.OtherRead) != 0;

    /// <summary>Others than its owner may write to it.</summary>
    public bool IsForOthersToWrite => (Mode & WritableByOthers) != 0;
}

/// <summary>What the framework has no call for: opening what may be a pipe without waiting for it, owners, and their names. Linux.</summary>
internal static unsafe partial class PosixUserFile
{
    private const int ReadOnly = 0x80000 | 0x800; // O_RDONLY | O_CLOEXEC | O_NONBLOCK
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint Wanted = 0x1 | 0x2 | 0x8; // STATX_TYPE | STATX_MODE | STATX_UID
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int NoEntry = 2; // ENOENT
    private const int NoFolder = 20; // ENOTDIR

    /// <summary>The file; null where there is none. Throws <see cref="IOException"/> where that cannot be found out.</summary>
    public static SafeFileHandle? Open(string path)
    {
        int descriptor = OpenFile(path, ReadOnly);
        int error = Marshal.GetLastPInvokeError();
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true)
            : error is NoEntry or NoFolder ? null
            : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
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
        return new FileFacts(BinaryPrimitives.ReadUInt32LittleEndian(facts[20..]), (UnixFileMode)(mode & 0xFFF), (mode & TypeMask) == Regular);
    }

    /// <summary>The user's name; null where the number has none.</summary>
    public static string? NameOf(uint user)
    {
        byte[] buffer = new byte[16 << 10];
        fixed (byte* memory = buffer)
        {
            Entry entry;
            Entry* found = null;
            _ = FindByNumber(user, &entry, memory, (nuint)buffer.Length, &found);
            return found == null ? null : Marshal.PtrToStringUTF8((nint)found->Name);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte facts);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int FindByNumber(uint user, Entry* entry, byte* buffer, nuint size, Entry** found);

    /// <summary>struct passwd of Linux, with glibc and musl alike.</summary>
    private struct Entry
    {
        public byte* Name;
        public byte* Password;
        public uint UserId;
        public uint GroupId;
        public byte* Gecos;
        public byte* Folder;
        public byte* Shell;
    }
}
