using System.Runtime.InteropServices;

namespace MailAccess.Routing;

/// <summary>What the framework has no call for: the names of users. Linux.</summary>
internal static unsafe partial class PosixUsers
{
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
