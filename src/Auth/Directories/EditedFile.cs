using System.Text;
using MailAccess.Auth.Posix;

namespace MailAccess.Auth.Directories;

/// <summary>Steps of writing, for tests that stop at each.</summary>
internal enum FileEditStep
{
    TemporaryWritten,
    TemporarySynced,
    Renamed,
}

/// <summary>
/// A text file that is changed line by line. The new file replaces the old one whole, after it is on disk, with the old one's mode and owner (a new
/// file: 0600). A lock file beside it, which stays, lets editors wait for each other.
/// </summary>
/// <remarks>Made for the command line: waits for the disk on the caller's thread.</remarks>
internal sealed class EditedFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(50);

    private readonly AuthLimits _limits;
    private readonly TimeProvider _clock;
    private readonly Action<FileEditStep>? _reached;

    /// <summary>The file need not exist yet; its folder must.</summary>
    public EditedFile(string path, AuthLimits limits, TimeProvider clock, Action<FileEditStep>? reached)
    {
        // Through a symbolic link: the file behind it is replaced, not the link.
        Path = System.IO.Path.GetFullPath(File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path);
        _limits = limits;
        _clock = clock;
        _reached = reached;
    }

    /// <summary>The file itself.</summary>
    public string Path { get; }

    /// <summary>A new file belongs to whom its folder belongs: root makes it for the server.</summary>
    public bool IsOfFolderOwner { get; init; }

    /// <summary>
    /// The lines; none where there is no file. Throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> and, where it is not
    /// UTF-8, <see cref="DecoderFallbackException"/>.
    /// </summary>
    public IEnumerable<string> Read() => File.Exists(Path) ? PasswdLine.Decode(File.ReadAllBytes(Path)).ReplaceLineEndings("\n").Split('\n') : [];

    /// <summary>The function changes the lines, or says why not. Returns what was wrong, or null: done, and it survives a crash.</summary>
    public async Task<string?> EditAsync(Func<List<string>, string?> change, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream? held = await TryLockAsync(cancellationToken);
            if (held is null)
            {
                return $"another program is changing {Path}: it holds {Path}.lock";
            }
            string content = File.Exists(Path) ? PasswdLine.Decode(await File.ReadAllBytesAsync(Path, cancellationToken)) : "";
            List<string> lines = [.. content.Split('\n')];
            if (lines[^1].Length == 0)
            {
                lines.RemoveAt(lines.Count - 1); // What follows the last line end is no line.
            }
            if (change(lines) is { } problem)
            {
                return problem;
            }
            Replace(Path, string.Concat(lines.Select(l => l + "\n")), IsOfFolderOwner, _reached);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
        catch (DecoderFallbackException)
        {
            return $"{Path} is not UTF-8";
        }
    }

    /// <summary>
    /// Replaces a file whole, or makes it; for who is the only one to write it, or holds its lock. Throws <see cref="IOException"/> and
    /// <see cref="UnauthorizedAccessException"/>.
    /// </summary>
    public static void Replace(string path, string content, bool isOfFolderOwner = false, Action<FileEditStep>? reached = null)
    {
        string temporary = $"{path}.new"; // What lies there is left over from a crash.
        string folder = System.IO.Path.GetDirectoryName(path)!;
        File.Delete(temporary);
        FileStreamOptions asNew = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private };
        using (FileStream file = new(temporary, asNew))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
            reached?.Invoke(FileEditStep.TemporaryWritten);
            if (File.Exists(path))
            {
                GiveTo(PosixFiles.Get(path), temporary);
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
            }
            else if (isOfFolderOwner && PosixFiles.Get(temporary).User != PosixFiles.Get(folder).User)
            {
                GiveTo(PosixFiles.Get(folder), temporary);
            }
            file.Flush(flushToDisk: true);
        }
        reached?.Invoke(FileEditStep.TemporarySynced);
        File.Move(temporary, path, overwrite: true); // rename(2): readers see the old file or the new one.
        reached?.Invoke(FileEditStep.Renamed);
        PosixFiles.SyncFolder(folder);
    }

    /// <summary>An open file with FileShare.None is locked by flock(2); the lock goes with the process, whatever happens to it.</summary>
    private async Task<FileStream?> TryLockAsync(CancellationToken cancellationToken)
    {
        FileStreamOptions asLock = new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = Private,
        };
        long started = _clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(Path + ".lock", asLock);
            }
            catch (IOException failure) when (failure is not (DirectoryNotFoundException or FileNotFoundException))
            {
                if (_clock.GetElapsedTime(started) >= _limits.EditorLockTimeout)
                {
                    return null;
                }
            }
            await Task.Delay(LockRetry, _clock, cancellationToken);
        }
    }

    /// <summary>Fails rather than take the file from the server's user.</summary>
    private static void GiveTo((uint User, uint Group) owner, string temporary)
    {
        if (PosixFiles.Get(temporary) != owner)
        {
            PosixFiles.Set(temporary, owner.User, owner.Group);
        }
    }
}
