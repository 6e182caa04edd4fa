using System.Security.Cryptography;
using MailAccess.Auth;
using MailAccess.Directories.Posix;

namespace MailAccess.Directories.SystemUsers;

/// <summary>Which users of this machine have mail, and who checks their passwords.</summary>
public sealed record SystemUserOptions
{
    /// <summary>The PAM service: a file of this name in /etc/pam.d.</summary>
    public string Service { get; init; } = "mailaccess";

    /// <summary>Another folder for that file, with Linux-PAM 1.4 or later; null: the system's.</summary>
    public string? ServiceFolder { get; init; }

    /// <summary>Users with a smaller number have no mail: they are the system's own.</summary>
    public uint UserIdMin { get; init; } = 1000;

    /// <summary>Users with a larger number have none either; nobody is 65534.</summary>
    public uint UserIdMax { get; init; } = 60_000;

    /// <summary>A user has an address in each of these; and people may add one of them when they log in.</summary>
    public IReadOnlyList<string> DefaultDomains { get; init; } = [];

    /// <summary>Calls that may block at the same time; more wait.</summary>
    public int ThreadsMax { get; init; } = 8;

    /// <summary>How long one look-up or check may take, waiting for its turn included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// The users of this machine, by getpwnam(3); their passwords are checked by PAM, which gives none away. Names with capitals are not found:
/// login names are compared in lower case.
/// </summary>
public sealed class SystemUserDirectory(SystemUserOptions options, TimeProvider clock) : IAccountDirectory, IDisposable
{
    /// <summary>Whose password is checked where nobody has the name.</summary>
    private const string UnknownUser = "mailaccess-nobody";

    private static readonly string[] ServiceFolders = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d"];

    private readonly BlockingWork _work = new(options.ThreadsMax, options.Timeout, clock);

    /// <inheritdoc/>
    public IPasswordVerifier? Nobody => new Verifier(this, UnknownUser);

    /// <inheritdoc/>
    public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        int at = loginName.LastIndexOf('@');
        return at < 0 ? FindAsync(loginName, cancellationToken)
            : IsDefault(loginName[(at + 1)..]) ? FindAsync(loginName[..at], cancellationToken)
            : default;
    }

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        IsDefault(domain) ? (await FindAsync(localPart, cancellationToken))?.Account : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PosixUser> users = await _work.RunAsync("getpwent", PosixUsers.List, cancellationToken);
        return [.. users.Where(u => !u.Name.Any(char.IsUpper)).Select(Read).OfType<StoredAccount>().Select(a => a.Account)];
    }

    /// <summary>Why nobody can log in by this source; null where nothing is seen to be wrong.</summary>
    public string? FindProblem()
    {
        if (!PosixPam.IsAvailable)
        {
            return "libpam.so.0 is not installed (Debian: libpam0g)";
        }
        string[] folders = options.ServiceFolder is { } own ? [own] : ServiceFolders;
        return Array.Exists(folders, f => File.Exists(Path.Combine(f, options.Service)))
            ? null : $"there is no PAM service {Path.Combine(folders[0], options.Service)}: PAM asks the service \"other\" instead, which refuses everybody";
    }

    /// <inheritdoc/>
    public void Dispose() => _work.Dispose();

    private bool IsDefault(string domain) => options.DefaultDomains.Contains(domain, StringComparer.OrdinalIgnoreCase);

    private async ValueTask<StoredAccount?> FindAsync(string name, CancellationToken cancellationToken)
    {
        string wanted = name.ToLowerInvariant();
        if (wanted.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }
        PosixUser? user = await _work.RunAsync("getpwnam", () => PosixUsers.Find(wanted), cancellationToken);
        return user?.Name == wanted ? Read(user) : null;
    }

    private StoredAccount? Read(PosixUser user)
    {
        AccountRow row = new() { Name = user.Name, Home = user.Home, Verifier = new Verifier(this, user.Name) };
        return user.Id >= options.UserIdMin && user.Id <= options.UserIdMax && row.TryRead(options.DefaultDomains, out StoredAccount? account, out _) ? account : null;
    }

    private bool Check(string user, byte[] password)
    {
        try
        {
            return PosixPam.Check(options.Service, options.ServiceFolder, user, password, out string? problem) switch
            {
                PamOutcome.Right => true,
                PamOutcome.Wrong => false,
                _ => throw new IOException(problem),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(password);
        }
    }

    private sealed class Verifier(SystemUserDirectory directory, string user) : IPasswordVerifier
    {
        public async ValueTask<bool> VerifyAsync(ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
        {
            byte[] copy = password.ToArray(); // The check may outlive the wait for it.
            return await directory._work.RunAsync("PAM", () => directory.Check(user, copy), cancellationToken);
        }
    }
}
