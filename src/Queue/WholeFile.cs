using Microsoft.Win32.SafeHandles;

namespace MailAccess.Queue;

/// <summary>Small files that are replaced as a whole: at any moment, power loss included, the old or the new content is there. Blocks.</summary>
internal static class WholeFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The new content is durable on return. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>: then the old one is there, or none.</summary>
    /// <param name="path">The file; what lies there with <c>.new</c> behind its name is left over from a crash.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Who may read it; its owner alone where nothing is said.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Private)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (SafeFileHandle file = Posix.CreateFile(temporary))
        {
            RandomAccess.Write(file, content, 0);
            File.SetUnixFileMode(file, mode);
            Posix.Sync(file, dataOnly: false);
        }
        File.Move(temporary, path, overwrite: true); // rename(2)
        using SafeFileHandle folder = Posix.OpenFolder(Path.GetDirectoryName(path)!);
        Posix.Sync(folder, dataOnly: false);
    }
}
