using System.Text;
using MailAccess.Auth.Directories;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth;

/// <summary>Which passwd-file, and how to read it.</summary>
public sealed record PasswdFileOptions
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Scheme of passwords without <c>{SCHEME}</c>; Dovecot's default is CRYPT.</summary>
    public string DefaultScheme { get; init; } = "CRYPT";

    /// <summary>
    /// A user without a domain has an address in each of these, the first one being its main one; and people may leave them
    /// away, or add them, when they log in.
    /// </summary>
    public IReadOnlyList<string> DefaultDomains { get; init; } = [];
}

/// <summary>
/// Accounts of a passwd-file in Dovecot's syntax. Read again when the file changed; a broken line is logged and skipped.
/// </summary>
/// <remarks>
/// Lookups answer from memory. At most once per <see cref="AuthLimits.ReloadInterval"/> one of them has the file looked at, on a thread
/// of its own, and waits for it. While the file cannot be read the accounts read before stay; before the first reading that is an
/// <see cref="IOException"/>.
/// </remarks>
public sealed class PasswdFile(PasswdFileOptions options, AuthLimits limits, TimeProvider clock, ILogger logger)
    : IAccountDirectory, IDirectoryFacts
{
    /// <summary>A file written so recently may be written again without its time changing.</summary>
    private static readonly TimeSpan TimestampGrain = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private volatile PasswdTable? _table;
    private Stamp? _stamp;
    private bool _warned;
    private long _lookedAt;
    private Task? _looking;

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken)).FindByLogin(loginName.ToLowerInvariant());

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken)).FindByAddress($"{localPart}@{domain}".ToLowerInvariant());

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken)).Accounts;

    /// <summary>Reads the file now, where it was not read yet; so that its faults show at start. Throws <see cref="IOException"/>.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken) => await CurrentAsync(cancellationToken);

    /// <inheritdoc/>
    public bool EveryAccountCanUse(string mechanism) => _table is { } table && mechanism switch
    {
        SaslMechanisms.ScramSha256 => table.AllServeSha256,
        SaslMechanisms.ScramSha1 => table.AllServeSha1,
        _ => true,
    };

    /// <inheritdoc/>
    public string CanonicalLogin(string loginName)
    {
        string name = loginName.ToLowerInvariant();
        int at = name.LastIndexOf('@');
        bool isDefault = at > 0 && options.DefaultDomains.Contains(name[(at + 1)..], StringComparer.OrdinalIgnoreCase);
        return isDefault ? name[..at] : name;
    }

    private ValueTask<PasswdTable> CurrentAsync(CancellationToken cancellationToken)
    {
        PasswdTable? table = _table;
        Task looking;
        lock (_gate)
        {
            if (_looking is null && table is not null && clock.GetElapsedTime(_lookedAt) < limits.ReloadInterval)
            {
                return new(table);
            }
            looking = _looking ??= Task.Factory.StartNew(
                Look, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        return AfterAsync(looking, cancellationToken);
    }

    private async ValueTask<PasswdTable> AfterAsync(Task looking, CancellationToken cancellationToken)
    {
        await looking.WaitAsync(cancellationToken);
        return _table ?? throw new IOException($"{options.Path} cannot be read");
    }

    /// <summary>One look at a time: <see cref="_looking"/> sees to that.</summary>
    private void Look()
    {
        try
        {
            Reload();
            _warned = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            _stamp = null;
            if (!_warned)
            {
                _warned = true; // Once for each time it goes away, not once a second.
                Log.ReloadFailed(logger, options.Path, failure.Message);
            }
        }
        finally
        {
            lock (_gate)
            {
                _lookedAt = clock.GetTimestamp();
                _looking = null;
            }
        }
    }

    private void Reload()
    {
        // The facts are taken before the content: a change in between shows at the next look.
        FileInfo facts = new(options.Path);
        if (!facts.Exists)
        {
            throw new FileNotFoundException($"{options.Path} does not exist");
        }
        Stamp stamp = new(facts.LastWriteTimeUtc, facts.Length, facts.CreationTimeUtc);
        if (stamp == _stamp)
        {
            return;
        }
        string content = PasswdLine.Decode(File.ReadAllBytes(options.Path));
        _table = PasswdTable.Parse(content, options, logger);
        bool isSettled = (clock.GetUtcNow().UtcDateTime - stamp.Written).Duration() > TimestampGrain;
        _stamp = isSettled ? stamp : null;
    }

    /// <summary>A file renamed into place has another time of birth, where the file system keeps one.</summary>
    private sealed record Stamp(DateTime Written, long Octets, DateTime Born);
}
