using System.Text;
using MailAccess.Auth.Directories;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth;

/// <summary>How an edit of a passwd-file ended.</summary>
public readonly record struct PasswdEdit(string? Problem)
{
    /// <summary>It is done, and survives a crash.</summary>
    public bool IsOk => Problem is null;
}

/// <summary>A line of <see cref="PasswdFileEditor.ListAsync"/>.</summary>
public sealed record PasswdEntry(string User, string Scheme, IReadOnlyList<string> Addresses);

/// <summary>
/// Changes users of a passwd-file. Comments, order and what it does not understand stay; how the file is replaced: <see cref="EditedFile"/>.
/// </summary>
/// <remarks>Made for the command line: waits for the disk on the caller's thread.</remarks>
public sealed class PasswdFileEditor
{
    private readonly EditedFile _file;

    /// <summary>The file need not exist yet; its folder must.</summary>
    public PasswdFileEditor(string path, AuthLimits limits, TimeProvider clock)
        : this(path, limits, clock, null)
    {
    }

    internal PasswdFileEditor(string path, AuthLimits limits, TimeProvider clock, Action<FileEditStep>? reached) =>
        _file = new EditedFile(path, limits, clock, reached);

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
                    return $"{name} is in {_file.Path} already";
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
                    return $"{name} is not in {_file.Path}";
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
            lines => lines.RemoveAll(l => PasswdLine.UserOf(l) == name) > 0 ? null : $"{name} is not in {_file.Path}",
            cancellationToken);
    }

    /// <summary>
    /// The users in the file's order, broken lines left out. Throws <see cref="IOException"/> and, where it is not UTF-8,
    /// <see cref="DecoderFallbackException"/>.
    /// </summary>
    public Task<IReadOnlyList<PasswdEntry>> ListAsync()
    {
        List<PasswdEntry> entries = [];
        foreach (string line in _file.Read())
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

    private async Task<PasswdEdit> EditAsync(Func<List<string>, string?> change, CancellationToken cancellationToken) =>
        new(await _file.EditAsync(change, cancellationToken));
}
