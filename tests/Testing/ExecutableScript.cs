using System.Diagnostics;

namespace MailAccess.Testing;

/// <summary>Scripts for others to run.</summary>
public static class ExecutableScript
{
    /// <summary>Makes one, for everybody to run: the lines behind <c>#!/bin/sh</c>.</summary>
    /// <remarks>A shell writes it: a program that another test starts just then would hold for a moment what we have open, and the kernel call the script busy.</remarks>
    public static void Write(string path, string lines)
    {
        using Process shell = Process.Start("/bin/sh", ["-c", "printf '%s\\n' '#!/bin/sh' \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh", path, lines]);
        shell.WaitForExit();
    }
}
