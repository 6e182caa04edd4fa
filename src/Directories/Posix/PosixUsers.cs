using System.Runtime.InteropServices;

namespace MailAccess.Directories.Posix;

/// <summary>A user of this machine.</summary>
internal sealed record PosixUser(string Name, uint Id, string Home);

/// <summary>The users that this machine knows, by whatever nsswitch.conf names. Block as long as that does.</summary>
internal static unsafe partial class PosixUsers
{
    private const int Interrupted = 4; // EINTR
    private const int TooSmall = 34; // ERANGE
    private const int BufferMax = 1 << 20;

    /// <summary>ENOENT, ESRCH, EBADF, EPERM and 0 all say that there is none: getpwnam(3).</summary>
    private static readonly int[] Nobody = [0, 1, 2, 3, 9];

    /// <summary>getpwent(3) has one place for all threads.</summary>
    private static readonly Lock Listing = new();

    /// <summary>The user of a name, or null; throws <see cref="IOException"/> where that cannot be found out.</summary>
    public static PosixUser? Find(string name)
    {
        int size = 4096;
        while (true)
        {
            byte[] buffer = new byte[size];
            fixed (byte* memory = buffer)
            {
                Entry entry;
                Entry* found = null;
                int error = FindByName(name, &entry, memory, (nuint)size, &found);
                if (found != null)
                {
                    return Read(found);
                }
                if (error == TooSmall && size < BufferMax)
                {
                    size *= 4;
                }
                else if (Array.IndexOf(Nobody, error) >= 0)
                {
                    return null;
                }
                else if (error != Interrupted)
                {
                    throw new IOException($"getpwnam: {Marshal.GetPInvokeErrorMessage(error)}");
                }
            }
        }
    }

    /// <summary>The users that can be listed: not every source lets itself be.</summary>
    public static IReadOnlyList<PosixUser> List()
    {
        List<PosixUser> all = [];
        lock (Listing)
        {
            Rewind();
            for (Entry* entry = Next(); entry != null; entry = Next())
            {
                all.Add(Read(entry));
            }
            End();
        }
        return all;
    }

    private static PosixUser Read(Entry* entry) => new(
        Marshal.PtrToStringUTF8((nint)entry->Name) ?? "", entry->UserId, Marshal.PtrToStringUTF8((nint)entry->Folder) ?? "");

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FindByName(string name, Entry* entry, byte* buffer, nuint size, Entry** found);

    [LibraryImport("libc", EntryPoint = "setpwent")]
    private static partial void Rewind();

    [LibraryImport("libc", EntryPoint = "getpwent")]
    private static partial Entry* Next();

    [LibraryImport("libc", EntryPoint = "endpwent")]
    private static partial void End();

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
