using System.Runtime.InteropServices;

namespace MailAccess.Queue;

/// <summary>The system calls for running programs as others that the framework does not offer. Linux.</summary>
internal static unsafe partial class PosixPrograms
{
    private const int Kill = 9; // SIGKILL
    private const int NoSuchProcess = 3; // ESRCH
    private const int OutOfRange = 34; // ERANGE
    private const int EntryOctetsMax = 1 << 20;
    private const int GroupsMax = 65_536; // NGROUPS_MAX

    /// <summary>Whose rights this process has.</summary>
    public static uint EffectiveUser => geteuid();

    /// <summary>
    /// Ends a program and all that it has started, as far as that has not gone its own way. Its group may not be there yet: then it is alone.
    /// False: we may not, since it has taken other rights.
    /// </summary>
    public static bool TryKill(int process)
    {
        bool hasGroup = kill(-process, Kill) == 0;
        return hasGroup | (kill(process, Kill) == 0 || Marshal.GetLastPInvokeError() == NoSuchProcess);
    }

    /// <summary>
    /// All descriptors but the first three are closed in programs that are started from now on. Those that we open are so already, but not those that
    /// whoever started us left open.
    /// </summary>
    public static void CloseDescriptorsInPrograms() => _ = close_range(3, uint.MaxValue, 4); // CLOSE_RANGE_CLOEXEC

    /// <summary>There are octets, or the end, to be read without waiting.</summary>
    public static bool IsReadable(SafeHandle descriptor)
    {
        PollEntry entry = new() { Descriptor = (int)descriptor.DangerousGetHandle(), Events = 1 }; // POLLIN
        return poll(&entry, 1, 0) > 0;
    }

    /// <summary>A user by name, or by number where the name is null. Null: there is none. Throws where the users cannot be asked.</summary>
    public static SystemUser? FindUser(string? name, uint id)
    {
        for (int octets = 1024; octets <= EntryOctetsMax; octets *= 4)
        {
            byte[] buffer = new byte[octets];
            fixed (byte* start = buffer)
            {
                PasswdEntry entry;
                PasswdEntry* found;
                int error = name is null ? getpwuid_r(id, &entry, start, (nuint)octets, &found) : getpwnam_r(name, &entry, start, (nuint)octets, &found);
                if (error == OutOfRange)
                {
                    continue;
                }
                if (found is null)
                {
                    // Some sources say "no such entry" by an error; all others say that they do not know.
                    return error is 0 or 1 or 2 or 3 or 9 ? null : throw new IOException($"the system's users: {Marshal.GetPInvokeErrorMessage(error)}", error);
                }
                string itsName = Text(entry.Name);
                return new SystemUser(itsName, entry.User, entry.Group, GroupsOf(itsName, entry.Group), Text(entry.Home), Text(entry.Shell));
            }
        }
        throw new IOException("the system's users: an entry is too large");
    }

    private static uint[] GroupsOf(string name, uint group)
    {
        int count = 64;
        while (true)
        {
            uint[] groups = new uint[count];
            int filled = count;
            fixed (uint* start = groups)
            {
                if (getgrouplist(name, group, start, &filled) >= 0)
                {
                    return groups[..filled];
                }
            }
            count = filled > count ? filled : count * 2;
            if (count > GroupsMax)
            {
                throw new IOException("the system's users: too many groups");
            }
        }
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    [StructLayout(LayoutKind.Sequential)]
    private struct PasswdEntry
    {
        public byte* Name;
        public byte* Password;
        public uint User;
        public uint Group;
        public byte* Comment;
        public byte* Home;
        public byte* Shell;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int close_range(uint first, uint last, int flags);

    [LibraryImport("libc")]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int getpwnam_r(string name, PasswdEntry* entry, byte* buffer, nuint octets, PasswdEntry** found);

    [LibraryImport("libc")]
    private static partial int getpwuid_r(uint id, PasswdEntry* entry, byte* buffer, nuint octets, PasswdEntry** found);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int getgrouplist(string name, uint group, uint* groups, int* count);
}
