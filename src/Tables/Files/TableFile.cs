using Microsoft.Win32.SafeHandles;

namespace MailAccess.Tables.Files;

/// <summary>
/// By what a file is known to be the one that was read, of the file that a symbolic link names: a file that takes its place has another inode, and one
/// that is written again another time of change, whatever its time of writing is set to.
/// </summary>
internal sealed record FileStamp(DateTime Written, long Octets, (ulong Inode, ulong Device) Identity, (long Seconds, uint Nanoseconds) Changed);

/// <summary>Reads files of tables. Only regular ones: a pipe or a device may have no end, and opening one would wait for its other side.</summary>
internal static class TableFile
{
    /// <summary>What the file is now; null: there is none. Throws <see cref="IOException"/>, without the path.</summary>
    public static FileStamp? Look(string path)
    {
        using SafeFileHandle? file = PosixFile.Open(path);
        return file is null ? null : StampOf(file);
    }

    /// <summary>All of the file, and what it was then; the stamp is null where it was being written meanwhile. Null: there is none. Throws as <see cref="Look"/> does, and for a larger file.</summary>
    public static (byte[] Octets, FileStamp? Stamp)? Read(string path, long octetsMax)
    {
        using SafeFileHandle? file = PosixFile.Open(path);
        if (file is null)
        {
            return null;
        }
        FileStamp stamp = StampOf(file);
        if (stamp.Octets > octetsMax)
        {
            throw new IOException($"it has more than {octetsMax} octets");
        }
        byte[] octets = PosixFile.ReadAll(file, stamp.Octets);
        bool isWhole = octets.Length == stamp.Octets && StampOf(file) == stamp;
        return (octets, isWhole ? stamp : null);
    }

    private static FileStamp StampOf(SafeFileHandle file)
    {
        FileFacts facts = PosixFile.Read(file);
        return facts.IsRegular ? new FileStamp(File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file), facts.Identity, facts.Changed)
            : throw new IOException(facts.IsFolder ? "it is a directory" : "it is a pipe, a device or a socket, and not a file");
    }
}
