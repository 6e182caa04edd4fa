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
/// <remarks>Lookups answer from memory; when the file is looked at: <see cref="ReloadedFile{TContent}"/>.</remarks>
public sealed class PasswdFile(PasswdFileOptions options, AuthLimits limits, TimeProvider clock, ILogger logger)
    : IAccountDirectory, IDirectoryFacts
{
    private readonly ReloadedFile<PasswdTable> _file = new(options.Path, content => PasswdTable.Parse(content, options, logger), null, limits, clock, logger);

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) =>
        (await _file.GetAsync(cancellationToken)).FindByLogin(loginName.ToLowerInvariant());

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        (await _file.GetAsync(cancellationToken)).FindByAddress($"{localPart}@{domain}".ToLowerInvariant());

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) =>
        (await _file.GetAsync(cancellationToken)).Accounts;

    /// <summary>Reads the file now, where it was not read yet; so that its faults show at start. Throws <see cref="IOException"/>.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken) => await _file.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public bool EveryAccountCanUse(string mechanism) => _file.Latest is { } table && mechanism switch
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
}
