using MailAccess.Auth.Directories;

namespace MailAccess.Auth.AppPasswords;

/// <summary>An app password that was made, or why not. The password is told this once.</summary>
public readonly record struct NewAppPassword(string? Password, string? Problem);

/// <summary>Changes the file of app passwords, a passwd-file's way: see <see cref="EditedFile"/>.</summary>
/// <remarks>Made for the command line: waits for the disk on the caller's thread.</remarks>
public sealed class AppPasswordEditor
{
    /// <summary>App passwords of one account: each costs a hash for a password that has the form of one.</summary>
    public const int PerAccountMax = 100;

    private readonly EditedFile _file;
    private readonly TimeProvider _clock;

    /// <summary>The file need not exist yet; its folder must.</summary>
    public AppPasswordEditor(string path, AuthLimits limits, TimeProvider clock)
        : this(path, limits, clock, null)
    {
    }

    internal AppPasswordEditor(string path, AuthLimits limits, TimeProvider clock, Action<FileEditStep>? reached)
    {
        _clock = clock;
        _file = new EditedFile(path, limits, clock, reached) { IsOfFolderOwner = true };
    }

    /// <summary>Makes an app password.</summary>
    /// <param name="account">The canonical name; whether there is such an account is not looked at.</param>
    /// <param name="name">New to the account.</param>
    /// <param name="protocols">Of <see cref="AppPassword.KnownProtocols"/>; empty: all.</param>
    /// <param name="expires">The first moment at which it fits no more; null: it does not end.</param>
    /// <param name="cancellationToken">Ends the wait for another editor.</param>
    public async Task<NewAppPassword> AddAsync(
        string account, string name, IReadOnlyList<string> protocols, DateTimeOffset? expires, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        string? problem = account.Length == 0 || account.StartsWith('#') || account.Any(char.IsControl) ? $"\"{account}\" is no name of an account"
            : AppPassword.FindNameProblem(name)
            ?? (protocols.FirstOrDefault(p => !AppPassword.KnownProtocols.Contains(p)) is { } unknown
                ? $"\"{unknown}\" is none of {string.Join(", ", AppPassword.KnownProtocols)}" : null)
            ?? (expires <= now ? "it would have ended already" : null);
        if (problem is not null)
        {
            return new NewAppPassword(null, problem);
        }
        var added = AppPassword.Create(account, name, [.. protocols.Distinct()], now, expires, out string password);
        problem = await _file.EditAsync(
            lines =>
            {
                List<AppPassword> others = [.. Parse(lines).Where(p => p.Account == account)];
                if (others.Exists(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                {
                    return $"{account} has an app password \"{name}\" already";
                }
                if (others.Count >= PerAccountMax)
                {
                    return $"{account} has {PerAccountMax} app passwords, which is the most";
                }
                lines.Add(added.Format());
                return null;
            },
            cancellationToken);
        return new NewAppPassword(problem is null ? password : null, problem);
    }

    /// <summary>Revokes an app password: no login that begins after this is taken. What was wrong, or null.</summary>
    public async Task<string?> RemoveAsync(string account, string name, CancellationToken cancellationToken)
    {
        string missing = $"{account} has no app password \"{name}\"";
        return !File.Exists(_file.Path) ? missing : await _file.EditAsync(
            lines => lines.RemoveAll(l =>
                AppPassword.TryParse(l, out AppPassword? p, out _) && p.Account == account && p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) > 0 ? null : missing,
            cancellationToken);
    }

    /// <summary>Revokes all of an account, broken lines too, so that a later account of its name begins without. What was wrong, or null.</summary>
    public async Task<string?> RemoveAllAsync(string account, CancellationToken cancellationToken) =>
        !_file.Read().Any(l => AppPassword.AccountOf(l) == account) ? null : await _file.EditAsync(
            lines =>
            {
                lines.RemoveAll(l => AppPassword.AccountOf(l) == account);
                return null;
            },
            cancellationToken);

    /// <summary>
    /// All app passwords in the file's order, broken lines left out. Throws as <see cref="PasswdFileEditor.ListAsync"/> does.
    /// </summary>
    public IReadOnlyList<AppPassword> List() => [.. Parse(_file.Read())];

    private static IEnumerable<AppPassword> Parse(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            if (PasswdLine.IsEntry(line) && AppPassword.TryParse(line, out AppPassword? password, out _))
            {
                yield return password;
            }
        }
    }
}
