using MailAccess.Auth.Directories;
using MailAccess.Auth.Sasl;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.AppPasswords;

/// <summary>Whether accounts may still log in with their main password; it holds for every mechanism that proves it.</summary>
public enum MainPasswordRule
{
    /// <summary>They may.</summary>
    Allowed,
    /// <summary>Not those that have an app password, even if it has ended.</summary>
    UnlessAppPasswords,
    /// <summary>None may.</summary>
    Refused,
}

/// <summary>Where passwords are held against an account's app passwords. Thread-safe.</summary>
/// <remarks>
/// Invariant. An app password fits if, and only if, it stands in the file at some moment after the login began: what has the form of one is held
/// against no older reading, so one that was made or revoked this very second counts as that.
/// </remarks>
public sealed class AppPasswordDesk : IAsyncDisposable
{
    private readonly ReloadedFile<AppPasswordTable> _file;
    private readonly MainPasswordRule _rule;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    /// <summary>The file need not exist.</summary>
    public AppPasswordDesk(string path, MainPasswordRule rule, AuthLimits limits, TimeProvider clock, ILogger logger)
    {
        _rule = rule;
        _clock = clock;
        _logger = logger;
        _file = new(path, content => AppPasswordTable.Parse(content, path, logger), AppPasswordTable.Empty, limits, clock, logger);
        Uses = new AppPasswordUses(UsesPath(path), () => (_file.Latest ?? AppPasswordTable.Empty).Ids, clock, logger);
    }

    /// <summary>Some main passwords are refused: a mechanism that can prove nothing else should not be offered.</summary>
    internal bool MayRefuseMainPassword => _rule != MainPasswordRule.Allowed;

    internal AppPasswordUses Uses { get; }

    /// <summary>
    /// The last uses of the app passwords of a file, as far as they are written. Throws <see cref="IOException"/> and
    /// <see cref="UnauthorizedAccessException"/>.
    /// </summary>
    public static Func<AppPassword, AppPasswordUse?> ReadUses(string path)
    {
        Dictionary<string, AppPasswordUse> uses = AppPasswordUses.Read(UsesPath(path));
        return password => uses.GetValueOrDefault(password.Id);
    }

    /// <summary>Reads the files now, so that their faults show at start. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        await _file.GetAsync(cancellationToken);
        Uses.Load();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Uses.DisposeAsync();

    /// <summary>
    /// Which app password this is, if it is one that counts here and now; and whether it must not be tried as the main password. Takes as long as
    /// some hashes of fast kind. Throws <see cref="IOException"/> where the file could never be read.
    /// </summary>
    internal async ValueTask<AppPasswordVerdict> CheckAsync(
        LoginAttempt attempt, StoredAccount? found, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        if (found is null || found.Credential == StoredCredential.Disabled)
        {
            return default;
        }
        string account = found.Account.Name;
        AppPasswordTable table = AppPassword.IsPossible(password.Span)
            ? await _file.GetFreshAsync(cancellationToken) : await _file.GetAsync(cancellationToken);
        AppPassword? match = table.Match(account, password.Span);
        string? problem = match?.FindProblem(attempt.Context.Protocol, _clock.GetUtcNow());
        if (problem is not null)
        {
            Log.AppPasswordRefused(_logger, attempt.Context.ConnectionId, match!.Name, attempt.ShownName, problem);
        }
        return new AppPasswordVerdict(problem is null ? match : null, IsMainRefused(table, account));
    }

    /// <summary>Whether an account may not log in with its main password.</summary>
    internal async ValueTask<bool> RefusesMainAsync(string account, CancellationToken cancellationToken) =>
        _rule != MainPasswordRule.Allowed && IsMainRefused(await _file.GetAsync(cancellationToken), account);

    private static string UsesPath(string path) => path + ".used";

    private bool IsMainRefused(AppPasswordTable table, string account) =>
        _rule == MainPasswordRule.Refused || (_rule == MainPasswordRule.UnlessAppPasswords && table.HasAny(account));
}

/// <summary>What came of a look at an account's app passwords.</summary>
/// <param name="Right">The one that fits, or null.</param>
/// <param name="IsMainRefused">The main password is refused.</param>
internal readonly record struct AppPasswordVerdict(AppPassword? Right, bool IsMainRefused);
