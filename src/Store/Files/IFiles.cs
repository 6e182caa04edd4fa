namespace MailAccess.Store.Files;

/// <summary>A file operation failed for a reason that is not our caller's: full disk, permissions, I/O error.</summary>
internal sealed class FileFault(string operation, string path, int errno)
    : IOException($"{operation} failed with errno {errno}: {path}")
{
    public int Errno => errno;
}

/// <summary>How <see cref="IFiles.Open"/> opens.</summary>
internal enum OpenKind
{
    /// <summary>For reading; it must exist.</summary>
    Read,
    /// <summary>For reading and writing; made where it is missing.</summary>
    Write,
    /// <summary>For writing; it must not exist.</summary>
    CreateNew,
    /// <summary>For writing at its end, wherever that is when it is written, and whatever offset is given; it must exist.</summary>
    Append,
}

/// <summary>Facts of a file or folder.</summary>
internal readonly record struct FileFacts(bool IsFolder, long Octets, long ModifiedTicks);

/// <summary>
/// All that the store does with files: one small seam, so that tests can let any operation fail, or be the last one.
/// </summary>
/// <remarks>Blocks; only for threads of <see cref="FileWorkers"/>, the committer's and the watcher's. Failures throw <see cref="FileFault"/>,
/// except that something is missing, which is an answer.</remarks>
internal interface IFiles
{
    /// <summary>Null where it is missing.</summary>
    IFile? Open(string path, OpenKind kind);

    /// <summary>False where it is missing.</summary>
    bool TryStat(string path, out FileFacts facts);

    /// <summary>Replaces what is there; false where <paramref name="from"/> is missing.</summary>
    bool Rename(string from, string to);

    /// <summary>Another name for the file. Fails where the name exists.</summary>
    LinkOutcome Link(string from, string to);

    /// <summary>False where it is missing.</summary>
    bool Unlink(string path);

    /// <summary>Makes the folder and what is missing above it.</summary>
    void CreateFolder(string path);

    /// <summary>Removes the folder with all it holds.</summary>
    void RemoveFolder(string path);

    /// <summary>Names of the entries; null where the folder is missing.</summary>
    List<string>? List(string path);

    /// <summary>The same as octets, without what cannot be a message: no folders, links or pipes.</summary>
    FolderListing? ListFiles(string path) => List(path) is { } names ? FolderListing.From(names) : null;

    /// <summary>For many operations on files of one folder. Null where it is missing.</summary>
    IFolder? OpenFolder(string path) => TryStat(path, out FileFacts facts) && facts.IsFolder ? new FolderByPath(this, path) : null;

    /// <summary>True where this process is told of every change in the folder, whoever makes it: not so on network file systems.</summary>
    bool IsLocal(string path) => true;

    /// <summary>Makes the names in the folder durable.</summary>
    void SyncFolder(string path);

    /// <summary>Which file system the path lies on; 0 where it is missing.</summary>
    ulong FileSystemOf(string path);

    /// <summary>Makes everything durable that lies on the file system of this path.</summary>
    void SyncFileSystem(string path);
}

/// <summary>What became of <see cref="IFiles.Link"/>.</summary>
internal enum LinkOutcome
{
    /// <summary>The name is there.</summary>
    Linked,
    /// <summary>The original is missing.</summary>
    Missing,
    /// <summary>Not between these places, or no more links: copy instead.</summary>
    Impossible,
}

/// <summary>An open file.</summary>
internal interface IFile : IDisposable
{
    long Octets { get; }

    /// <summary>What the file is.</summary>
    FileFacts Facts { get; }

    /// <summary>0 only at the end.</summary>
    int Read(long offset, Span<byte> destination);

    /// <summary>All of it, or a fault.</summary>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Makes the content durable.</summary>
    void Sync();

    void Truncate(long octets);

    void SetModified(long secondsSince1970);

    /// <summary>Some program has it open for writing, as <c>cp</c> has what it copies; false where that cannot be told.</summary>
    bool IsBeingWritten => false;

    /// <summary>An exclusive lock until the file is closed; false where another process has it.</summary>
    bool TryLock();

    /// <summary>The same against programs that lock by <c>fcntl</c>.</summary>
    bool TryLockForSharing();
}

/// <summary>Compositions of the operations of <see cref="IFiles"/>.</summary>
internal static class FilesExtensions
{
    /// <summary>The whole content; null where the file is missing.</summary>
    public static byte[]? ReadAll(this IFiles files, string path)
    {
        using IFile? file = files.Open(path, OpenKind.Read);
        if (file is null)
        {
            return null;
        }
        byte[] content = new byte[file.Octets];
        int filled = 0;
        while (filled < content.Length)
        {
            int count = file.Read(filled, content.AsSpan(filled));
            if (count == 0)
            {
                return content[..filled];
            }
            filled += count;
        }
        return content;
    }

    /// <summary>
    /// Another name for the file, or a durable copy where none can be; false where the original is missing. The journal has no octets of what
    /// was only linked.
    /// </summary>
    /// <param name="files">Where.</param>
    /// <param name="from">The original.</param>
    /// <param name="to">The new name; it does not exist.</param>
    /// <param name="modified">The time of a copy, in seconds since 1970.</param>
    public static bool LinkOrCopy(this IFiles files, string from, string to, long? modified)
    {
        LinkOutcome outcome = files.Link(from, to);
        return outcome == LinkOutcome.Linked || (outcome == LinkOutcome.Impossible && files.Copy(from, to, modified));
    }

    /// <summary>A durable copy; false where the original is missing.</summary>
    public static bool Copy(this IFiles files, string from, string to, long? modified)
    {
        using IFile? source = files.Open(from, OpenKind.Read);
        if (source is null)
        {
            return false;
        }
        using IFile target = files.Open(to, OpenKind.CreateNew)!;
        byte[] buffer = new byte[256 * 1024];
        long at = 0;
        int count;
        while ((count = source.Read(at, buffer)) > 0)
        {
            target.Write(at, buffer.AsSpan(0, count));
            at += count;
        }
        if (modified is { } known)
        {
            target.SetModified(known);
        }
        target.Sync();
        return true;
    }

    /// <summary>Replaces a file as a whole: at any moment the old or the new content is there, and the new one is durable at the end.</summary>
    public static void Replace(this IFiles files, string path, params ReadOnlySpan<ReadOnlyMemory<byte>> content)
    {
        string temporary = path + ".tmp";
        files.Unlink(temporary);
        using (IFile file = files.Open(temporary, OpenKind.CreateNew)!)
        {
            long offset = 0;
            foreach (ReadOnlyMemory<byte> piece in content)
            {
                file.Write(offset, piece.Span);
                offset += piece.Length;
            }
            file.Sync();
        }
        files.Rename(temporary, path);
    }
}
