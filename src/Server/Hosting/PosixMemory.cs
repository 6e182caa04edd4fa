using System.Runtime.InteropServices;

namespace MailAccess.Server.Hosting;

/// <summary>The C library's allocator, which OpenSSL uses.</summary>
internal static partial class PosixMemory
{
    /// <summary>Gives free pages back to the system, where the C library can (glibc).</summary>
    public static void Trim()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl gives memory back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallocTrim(nuint pad);
}
