using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.History;
using MailAccess.Auth.OAuth;
using MailAccess.Server.Configuration;
using Microsoft.Extensions.Logging;
using AuthPlaintextPolicy = MailAccess.Auth.PlaintextPolicy;
using PlaintextPolicy = MailAccess.Server.Configuration.PlaintextPolicy;

namespace MailAccess.Server.Hosting;

/// <summary>Accounts and the check of their credentials, made from the configuration.</summary>
internal static class AccountSource
{
    private const string BadPassword = "a password has 1 to 1024 octets of UTF-8 and no control characters";

    public static Authenticator CreateAuthenticator(
        ServerConfiguration configuration, IAccountDirectory accounts, OAuthTokens? tokens, LoginHistory history, AppPasswordDesk appPasswords, TimeProvider clock,
        ILoggerFactory loggers)
    {
        AuthOptions options = new()
        {
            AllowPlaintextWithoutTls = configuration.Accounts.PlaintextWithoutTls switch
            {
                PlaintextPolicy.Always => AuthPlaintextPolicy.Always,
                PlaintextPolicy.Loopback => AuthPlaintextPolicy.Loopback,
                _ => AuthPlaintextPolicy.Never,
            },
            Mechanisms = configuration.Accounts.Mechanisms.Count > 0 ? configuration.Accounts.Mechanisms : null,
            ClientCertificateName = configuration.ClientCertificates.Name,
            CacheTime = configuration.Accounts.PasswordCacheTime,
            Throttle = configuration.Accounts.Throttle,
        };
        return new Authenticator(accounts, options, clock, loggers.CreateLogger("MailAccess.Auth"), tokens, history, appPasswords);
    }

    /// <summary>The app passwords of all accounts, of whatever source.</summary>
    public static string AppPasswordFile(ServerConfiguration configuration) => Path.Combine(configuration.DataFolder, "app-passwords");

    /// <summary>The app passwords, read. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</summary>
    public static async Task<AppPasswordDesk> OpenAppPasswordsAsync(ServerConfiguration configuration, TimeProvider clock, ILoggerFactory loggers)
    {
        AppPasswordDesk desk = new(
            AppPasswordFile(configuration), configuration.Accounts.MainPassword, new AuthLimits(), clock, loggers.CreateLogger("MailAccess.Auth"));
        await desk.LoadAsync(CancellationToken.None);
        return desk;
    }

    /// <summary>The folder of the logins' history.</summary>
    public static string HistoryFolder(ServerConfiguration configuration) => Path.Combine(configuration.DataFolder, "logins");

    /// <summary>What is remembered of logins. May throw <see cref="IOException"/>.</summary>
    public static LoginHistory OpenHistory(ServerConfiguration configuration, TimeProvider clock, ILoggerFactory loggers)
    {
        AccountsConfiguration accounts = configuration.Accounts;
        ILogger log = loggers.CreateLogger("MailAccess.Auth");
        return accounts.HistoryTime > TimeSpan.Zero
            ? LoginHistory.Open(HistoryFolder(configuration), accounts.HistoryTime, accounts.Throttle.KnownPlaceTime, clock, log)
            : LoginHistory.InMemory(accounts.Throttle.KnownPlaceTime, clock, log);
    }

    /// <summary>
    /// What is wrong with the accounts that the configuration names: nobody reads the postmaster's mail, and rights for nobody are a mistake, or
    /// become somebody's. Throws <see cref="IOException"/> where a source cannot be asked.
    /// </summary>
    public static async Task<List<string>> FindUnknownAsync(ServerConfiguration configuration, IAccountDirectory accounts)
    {
        List<string> problems = [];
        string where = configuration.Accounts.Shown;
        if (configuration.Postmaster is { } postmaster && await accounts.FindByLoginAsync(postmaster, CancellationToken.None) is null)
        {
            problems.Add($"postmaster: there is no account \"{postmaster}\" in {where}");
        }
        IEnumerable<(string Key, string Account)> named =
        [
            .. configuration.Sharing.Enabled ? configuration.Sharing.NamedAccounts() : [],
            .. configuration.Submission.WithoutLogin.Select(c => ("submission.withoutLogin", c.Account)),
            .. configuration.Submission.Unlimited.Select(n => ("submission.unlimited", n)),
            .. configuration.UrlSubmitters.Select(n => ("imap.urlSubmitters", n)),
        ];
        foreach ((string key, string name) in named)
        {
            string? known = (await accounts.FindByLoginAsync(name, CancellationToken.None))?.Account.Name;
            if (known != name)
            {
                problems.Add(known is null ? $"{key}: there is no account \"{name}\" in {where}"
                    : $"{key}: the account \"{name}\" is called \"{known}\" in {where}");
            }
        }
        return problems;
    }

    /// <summary>The account that gets mail for postmaster; may throw <see cref="IOException"/>.</summary>
    public static async Task<string?> PostmasterAsync(ServerConfiguration configuration, AccountSources sources)
    {
        if (configuration.Postmaster is { } configured)
        {
            return configured;
        }
        IReadOnlyList<Account> all = sources.PasswdFile is { } file ? await file.ListAsync(CancellationToken.None) : [];
        return all.Count > 0 ? all[0].Name : null;
    }

    public static PasswdFileEditor Editor(string passwdFile) => new(passwdFile, new AuthLimits(), TimeProvider.System);

    /// <summary>Adds an account; what was wrong, or null.</summary>
    public static async Task<string?> AddAsync(PasswdFileEditor editor, string user, byte[] password) =>
        PasswordHasher.TryHash(password, out StoredCredential? credential)
            ? (await editor.AddAsync(user, credential, [], CancellationToken.None)).Problem
            : BadPassword;

    /// <summary>Changes a password; what was wrong, or null.</summary>
    public static async Task<string?> SetPasswordAsync(PasswdFileEditor editor, string user, byte[] password) =>
        PasswordHasher.TryHash(password, out StoredCredential? credential)
            ? (await editor.SetPasswordAsync(user, credential, CancellationToken.None)).Problem
            : BadPassword;
}
