namespace MailAccess.Server.Cli;

/// <summary>Whether whoever runs a command may look into the server's folders: what cannot be seen must not be taken for what is not there.</summary>
internal static class ReadableFolder
{
    /// <summary>Why the folder cannot be read, for people; null: it can, or there is none.</summary>
    public static string? FindProblem(string folder)
    {
        try
        {
            using IEnumerator<string> entries = Directory.EnumerateFileSystemEntries(folder).GetEnumerator();
            entries.MoveNext();
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return $"{folder} cannot be read: it is for the server's user and root only";
        }
        catch (IOException problem)
        {
            return $"{folder} cannot be read: {problem.Message}";
        }
    }
}
