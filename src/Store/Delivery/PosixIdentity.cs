using System.Runtime.InteropServices;
using MailAccess.Store.Files;

namespace MailAccess.Store.Delivery;

/// <summary>Work on files with another user's rights. Linux: these rights are each thread's own.</summary>
internal static unsafe partial class PosixIdentity
{
    private const uint Nobody = uint.MaxValue;

    /// <summary>
    /// From now on this thread makes, opens and changes files as that user. There is no way back: the thread must end. Throws where this process may not.
    /// </summary>
    public static void Assume(FileIdentity identity)
    {
        uint[] groups = [.. identity.Groups];
        _ = setfsgid(identity.Group);
        bool hasGroups;
        fixed (uint* start = groups)
        {
            // By its number: the library's function changes the groups of all threads.
            hasGroups = syscall(SetGroups, groups.Length, start) == 0;
        }
        int error = Marshal.GetLastPInvokeError();
        _ = setfsuid(identity.User);
        // Both answer what was before, and an impossible number changes nothing.
        if (!hasGroups || setfsuid(Nobody) != identity.User || setfsgid(Nobody) != identity.Group)
        {
            throw new FileFault("setfsuid", "", hasGroups ? Posix.NotPermitted : error);
        }
    }

    private static long SetGroups => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 116,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 159,
        _ => -1, // No such call: the answer is an error.
    };

    [LibraryImport("libc")]
    private static partial uint setfsuid(uint user);

    [LibraryImport("libc")]
    private static partial uint setfsgid(uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, nint count, uint* groups);
}
