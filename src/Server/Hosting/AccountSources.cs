using MailAccess.Auth;
using MailAccess.Directories.Ldap;
using MailAccess.Directories.Postgres;
using MailAccess.Directories.SystemUsers;
using MailAccess.Server.Configuration;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>The sources of accounts that the configuration names: one by one, and as one.</summary>
internal sealed class AccountSources : IDisposable
{
    /// <summary>Answers remembered of each source outside; 10,000 accounts with their addresses take some 5 MB.</summary>
    private const int CacheEntriesMax = 10_000;

    private readonly ServerConfiguration _configuration;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Stack<IDisposable> _undo = new();

    /// <summary>Connects to nothing yet.</summary>
    public AccountSources(ServerConfiguration configuration, TimeProvider clock, ILoggerFactory loggers)
    {
        _configuration = configuration;
        _clock = clock;
        _log = loggers.CreateLogger("MailAccess.Auth");
        Sources = [.. configuration.Accounts.Directories.Sources.Select(Open)];
        All = Sources is [{ } only] ? only.Directory : new DirectoryChain([.. Sources.Select(s => s.Directory)]);
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<NamedSource> Sources { get; }

    /// <summary>All of them.</summary>
    public IAccountDirectory All { get; }

    /// <summary>The passwd file, where it is one of them.</summary>
    public PasswdFile? PasswdFile { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_undo.TryPop(out IDisposable? source))
        {
            source.Dispose();
        }
    }

    private NamedSource Open(AccountSourceKind kind) => kind switch
    {
        AccountSourceKind.Ldap => OpenLdap(_configuration.Accounts.Directories.Ldap!),
        AccountSourceKind.PostgreSql => OpenPostgreSql(_configuration.Accounts.Directories.PostgreSql!),
        AccountSourceKind.System => OpenSystem(_configuration.Accounts.Directories.System!),
        _ => OpenPasswdFile(),
    };

    private NamedSource OpenPasswdFile()
    {
        PasswdFileOptions options = new()
        {
            Path = _configuration.Accounts.PasswdFile,
            DefaultScheme = _configuration.Accounts.DefaultScheme,
            DefaultDomains = _configuration.Domains,
        };
        PasswdFile file = new(options, new AuthLimits(), _clock, _log);
        PasswdFile = file;
        return new NamedSource("accounts.passwdFile", file, async stop =>
        {
            try
            {
                await file.LoadAsync(stop);
                return null;
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                return problem.Message;
            }
        });
    }

    private NamedSource OpenLdap(LdapOptions options)
    {
        LdapDirectory directory = new(options, _clock, _log);
        _undo.Push(directory);
        return new NamedSource("accounts.ldap", Cached(directory), directory.FindProblemAsync);
    }

    private NamedSource OpenPostgreSql(PostgresOptions options)
    {
        PostgresDirectory database = new(options, _log);
        _undo.Push(database);
        return new NamedSource("accounts.postgresql", Cached(database), database.FindProblemAsync);
    }

    private NamedSource OpenSystem(SystemUserOptions options)
    {
        SystemUserDirectory users = new(options, _clock);
        _undo.Push(users);
        return new NamedSource("accounts.system", Cached(users), _ => new(users.FindProblem()));
    }

    private CachedDirectory Cached(IAccountDirectory source) =>
        new(source, _configuration.Accounts.Directories.CacheTime, CacheEntriesMax, _clock);
}

/// <summary>A source of accounts.</summary>
/// <param name="Key">The key of the configuration that it is set up by.</param>
/// <param name="Directory">The source.</param>
/// <param name="FindProblemAsync">Tries whether it works: what is wrong, or null.</param>
internal sealed record NamedSource(string Key, IAccountDirectory Directory, Func<CancellationToken, ValueTask<string?>> FindProblemAsync);
