using System.Diagnostics.CodeAnalysis;

namespace MailAccess.Auth;

/// <summary>Somebody who may log in and has mail.</summary>
public sealed record Account
{
    /// <summary>The canonical account name; also the name of its mail in the store.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Addresses the account owns, as <c>local@domain</c>, the first one its main address; it may send from these and mail
    /// to them is its own. Domains compare without case, local parts too (as Postfix and Dovecot do).
    /// </summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>Quota rules given by the account source, as Dovecot writes them (<c>*:storage=1G</c>); they go before the configuration's.</summary>
    public IReadOnlyList<string> QuotaRules { get; init; } = [];

    /// <summary>IMAP capabilities that are switched off for this account, as they would be announced: the way around a client that one breaks.</summary>
    public IReadOnlyList<string> DisabledImapCapabilities { get; init; } = [];

    /// <summary>Home folder given by the account source, or null for the configured default.</summary>
    public string? Home { get; init; }
}

/// <summary>Where accounts come from. Thread-safe; implementations re-read their source when it changed.</summary>
public interface IAccountDirectory
{
    /// <summary>The account that a client names at login, or null. May throw <see cref="IOException"/>: temporary.</summary>
    ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken);

    /// <summary>The account that owns an address, or null. The address has no <c>+detail</c>.</summary>
    ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken);

    /// <summary>Every account, in no order.</summary>
    ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The account of a canonical name, or null; what is told may be some seconds old.</summary>
    async ValueTask<Account?> FindByNameAsync(string accountName, CancellationToken cancellationToken) =>
        (await FindByLoginAsync(accountName, cancellationToken))?.Account;

    /// <summary>
    /// Where passwords are checked by somebody else: to whom the password of a name that nobody has is brought, so that it costs what others
    /// cost. The answer does not count. Null where stored credentials are all there is.
    /// </summary>
    IPasswordVerifier? Nobody => null;
}

/// <summary>Says whether a password is an account's, for a source that does not give credentials away. Thread-safe.</summary>
public interface IPasswordVerifier
{
    /// <summary>
    /// Whether the password (UTF-8 as the client sent it, never empty, without NUL) is right. Throws <see cref="IOException"/> where that
    /// cannot be found out now.
    /// </summary>
    ValueTask<bool> VerifyAsync(ReadOnlyMemory<byte> password, CancellationToken cancellationToken);
}

/// <summary>
/// What a directory that knows all its accounts can say of them together. Optional beside <see cref="IAccountDirectory"/>. Thread-safe.
/// </summary>
public interface IDirectoryFacts
{
    /// <summary>Every account's stored credential can serve this mechanism, of <see cref="SaslMechanisms.All"/> but those with channel binding.</summary>
    bool EveryAccountCanUse(string mechanism);

    /// <summary>
    /// One spelling for all login names that would lead to the same account, also where there is no such account: decoys for unknown
    /// names must not differ where those of known ones agree.
    /// </summary>
    string CanonicalLogin(string loginName);
}

/// <summary>An account with its stored credential, for the credential check alone.</summary>
public sealed record StoredAccount(Account Account, StoredCredential Credential)
{
    /// <summary>Checks passwords in place of the credential, which then only says whether the account may log in at all.</summary>
    public IPasswordVerifier? Verifier { get; init; }
}

/// <summary>
/// A stored credential in Dovecot's notation, <c>{SCHEME}data</c>. Never prints its data.
/// </summary>
public sealed record StoredCredential(string Scheme, string Data)
{
    /// <summary>The account has mail but cannot log in, by whatever means.</summary>
    public static readonly StoredCredential Disabled = new("DISABLED", "");

    /// <summary>No password fits, but the account may log in by other means: a certificate, a token.</summary>
    public static readonly StoredCredential NoPassword = new("NOPASSWORD", "");

    /// <summary><c>{SCHEME}data</c>; without braces the scheme is the given one. False for an unclosed brace and for nothing at all.</summary>
    public static bool TryParse(string text, string defaultScheme, [NotNullWhen(true)] out StoredCredential? credential)
    {
        int end = text.StartsWith('{') ? text.IndexOf('}', StringComparison.Ordinal) : -1;
        bool isValid = text.Length > 0 && (text[0] != '{' || end > 1);
        credential = !isValid ? null
            : end < 0 ? new StoredCredential(defaultScheme, text)
            : new StoredCredential(text[1..end], text[(end + 1)..]);
        return isValid;
    }

    /// <summary>As it stands in a file. Holds the data: not for logs.</summary>
    public string Format() => $"{{{Scheme}}}{Data}";

    /// <inheritdoc/>
    public override string ToString() => $"{{{Scheme}}}…";
}
