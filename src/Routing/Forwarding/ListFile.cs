using System.Text;
using MailAccess.Tables.Files;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Routing;

/// <summary>A file that an alias includes.</summary>
/// <remarks>
/// We read with the server's rights, and what is in the file is seen in reports of failures: whoever keeps a list must not get at what he may not read by
/// putting a link in its place, or by including another list in it.
/// </remarks>
internal static class ListFile
{
    /// <summary>Its text; throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>, also where it is too long, is no file, or is not for whoever named it.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="octetsMax">What it may have.</param>
    /// <param name="isNamedByAdministrator">False: another list names it, and it must be readable by everybody.</param>
    /// <param name="octets">What it has.</param>
    public static string Read(string path, int octetsMax, bool isNamedByAdministrator, out int octets)
    {
        // A pipe or a device is not waited for, nor read: it may have no end.
        using SafeFileHandle file = PosixFile.Open(path) ?? throw new IOException($"{path} is not there");
        FileFacts facts = PosixFile.Read(file);
        if (!facts.IsRegular)
        {
            throw new IOException($"{path} is no file");
        }
        if (!facts.IsForEverybody && !(isNamedByAdministrator && IsOfItsFolder(path, facts)))
        {
            throw new IOException($"{path} is not readable by everybody, as a list must be that a list includes, or that lies in a folder of somebody else's");
        }
        long length = RandomAccess.GetLength(file);
        if (length > octetsMax)
        {
            throw new IOException($"{path} has more than the {octetsMax} octets that are left for the lists of an alias");
        }
        byte[] content = PosixFile.ReadAll(file, length);
        octets = content.Length;
        return Encoding.UTF8.GetString(content);
    }

    private static bool IsOfItsFolder(string path, FileFacts file)
    {
        using SafeFileHandle? folder = PosixFile.Open(Path.GetDirectoryName(path)!);
        return folder is not null && PosixFile.Read(folder) is { IsForOthersToWrite: false } facts && facts.Owner == file.Owner;
    }
}
