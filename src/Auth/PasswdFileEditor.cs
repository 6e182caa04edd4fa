using System.Text;
using MailAccess.Auth.Directories;
using MailAccess.Auth.Passwords;
using MailAccess.Auth.Posix;

namespace MailAccess.Auth;

/// <summary>How an edit of a passwd-file ended.</summary>
public readonly record struct PasswdEdit(string? Problem)
{
    /// <summary>It is done, and survives a crash.</summary>
    public bool IsOk => Problem is null;
}

/// <summary>A line of <see cref="PasswdFileEditor.ListAsync"/>.</summary>
public sealed record PasswdEntry(string User, string Scheme, IReadOnlyList<string> Addresses);

/// <summary>Steps of writing, for tests that stop at each.</summary>
internal enum PasswdEditStep
{
    TemporaryWritten,
    TemporarySynced,
    Renamed,
}

/// <summary>
/// Changes users of a passwd-file. Comments, order and what it does not understand stay. The new file replaces the old one whole,
/// after it is on disk, with the old one's mode and owner (a new file: 0600). A lock file beside
/// it, which stays, lets editors wait for each other.
/// </summary>
/// <remarks>Made for the command line: waits for the disk on the caller's thread.</remarks>
public sealed class PasswdFileEditor
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly AuthLimits _limits;
    private readonly TimeProvider _clock;
    private readonly Action<PasswdEditStep>? _reached;

    /// <summary>The file need not exist yet; its folder must.</summary>
    public PasswdFileEditor(string path, AuthLimits limits, TimeProvider clock)
        : this(path, limits, clock, null)
    {
    }

    internal PasswdFileEditor(string path, AuthLimits limits, TimeProvider clock, Action<PasswdEditStep>? reached)
    {
        // Through a symbolic link: the file behind it is replaced, not the link.
        _path = Path.GetFullPath(File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path);
        _limits = limits;
        _clock = clock;
        _reached = reached;
    }

    /// <summary>Adds a user at the end. Refuses one that is there.</summary>
    /// <param name="user">With or without a domain; kept in lower case.</param>
    /// <param name="credential">As <see cref="PasswordHasher"/> makes it.</param>
    /// <param name="addresses">Further addresses of the user.</param>
    /// <param name="cancellationToken">Ends the wait for another editor.</param>
    public Task<PasswdEdit> AddAsync(
        string user, StoredCredential credential, IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        string name = user.ToLowerInvariant();
        string line = $"{name}:{credential.Format()}::::::{(addresses.Count > 0 ? $"addresses={string.Join(',', addresses)}" : "")}";
        string? problem = FindProblem(name, credential)
            ?? (addresses.FirstOrDefault(a => !PasswdLine.IsAddress(a)) is { } broken ? $"{broken} is not local@domain" : null);
        return problem is not null ? Task.FromResult(new PasswdEdit(problem)) : EditAsync(
            lines =>
            {
                if (lines.Exists(l => PasswdLine.UserOf(l) == name))
                {
                    return $"{name} is in {_path} already";
                }
                lines.Add(line);
                return null;
            },
            cancellationToken);
    }

    /// <summary>Changes a user's password and nothing else of its line.</summary>
    public Task<PasswdEdit> SetPasswordAsync(string user, StoredCredential credential, CancellationToken cancellationToken)
    {
        string name = user.ToLowerInvariant();
        return FindProblem(name, credential) is { } problem ? Task.FromResult(new PasswdEdit(problem)) : EditAsync(
            lines =>
            {
                int at = lines.FindIndex(l => PasswdLine.UserOf(l) == name);
                if (at < 0)
                {
                    return $"{name} is not in {_path}";
                }
                string[] fields = lines[at].Split(':', 3);
                fields[1] = credential.Format();
                lines[at] = string.Join(':', fields);
                return null;
            },
            cancellationToken);
    }

    /// <summary>Removes a user's line. Its mail is not touched.</summary>
    public Task<PasswdEdit> RemoveAsync(string user, CancellationToken cancellationToken)
    {
        string name = user.ToLowerInvariant();
        return EditAsync(
            lines => lines.RemoveAll(l => PasswdLine.UserOf(l) == name) > 0 ? null : $"{name} is not in {_path}",
            cancellationToken);
    }

    /// <summary>
    /// The users in the file's order, broken lines left out. Throws <see cref="IOException"/> and, where it is not UTF-8,
    /// <see cref="DecoderFallbackException"/>.
    /// </summary>
    public Task<IReadOnlyList<PasswdEntry>> ListAsync()
    {
        List<PasswdEntry> entries = [];
        foreach (string line in File.Exists(_path) ? PasswdLine.Decode(File.ReadAllBytes(_path)).ReplaceLineEndings("\n").Split('\n') : [])
        {
            if (PasswdLine.IsEntry(line) && PasswdLine.TryParse(line, "CRYPT", out PasswdLine? parsed, out _))
            {
                entries.Add(new PasswdEntry(parsed.User, parsed.Credential.Scheme, parsed.Addresses));
            }
        }
        return Task.FromResult<IReadOnlyList<PasswdEntry>>(entries);
    }

    private static string? FindProblem(string name, StoredCredential credential) =>
        PasswdLine.FindNameProblem(name) ?? PasswordScheme.FindProblem(credential)
        ?? (credential.Data.Any(c => c == ':' || char.IsControl(c)) ? "the stored password holds a colon or a control character" : null);

    /// <summary>The function changes the lines, or says why not.</summary>
    private async Task<PasswdEdit> EditAsync(Func<List<string>, string?> change, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream? held = await TryLockAsync(cancellationToken);
            if (held is null)
            {
                return new PasswdEdit($"another program is changing {_path}: it holds {_path}.lock");
            }
            bool exists = File.Exists(_path);
            string content = exists ? PasswdLine.Decode(await File.ReadAllBytesAsync(_path, cancellationToken)) : "";
            List<string> lines = [.. content.Split('\n')];
            if (lines[^1].Length == 0)
            {
                lines.RemoveAt(lines.Count - 1); // What follows the last line end is no line.
            }
            if (change(lines) is { } problem)
            {
                return new PasswdEdit(problem);
            }
            Replace(string.Concat(lines.Select(l => l + "\n")), exists);
            return default;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new PasswdEdit(failure.Message);
        }
        catch (DecoderFallbackException)
        {
            return new PasswdEdit($"{_path} is not UTF-8");
        }
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
                return new FileStream(_path + ".lock", asLock);
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

    private void Replace(string content, bool exists)
    {
        string temporary = $"{_path}.new"; // We hold the lock: what lies there is left over from a crash.
        File.Delete(temporary);
        FileStreamOptions asNew = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private };
        using (FileStream file = new(temporary, asNew))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
            _reached?.Invoke(PasswdEditStep.TemporaryWritten);
            if (exists)
            {
                KeepOwnerAndMode(temporary);
            }
            file.Flush(flushToDisk: true);
        }
        _reached?.Invoke(PasswdEditStep.TemporarySynced);
        File.Move(temporary, _path, overwrite: true); // rename(2): readers see the old file or the new one.
        _reached?.Invoke(PasswdEditStep.Renamed);
        PosixFiles.SyncFolder(Path.GetDirectoryName(_path)!);
    }

    private void KeepOwnerAndMode(string temporary)
    {
        (uint User, uint Group) wanted = PosixFiles.Get(_path);
        if (PosixFiles.Get(temporary) != wanted)
        {
            PosixFiles.Set(temporary, wanted.User, wanted.Group); // Fails rather than take the file from the server's user.
        }
        File.SetUnixFileMode(temporary, File.GetUnixFileMode(_path));
    }
}
