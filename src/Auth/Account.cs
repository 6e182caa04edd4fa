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
}

/// <summary>An account with its stored credential, for the credential check alone.</summary>
public sealed record StoredAccount(Account Account, StoredCredential Credential);

/// <summary>
/// A stored credential in Dovecot's notation, <c>{SCHEME}data</c>. Never prints its data.
/// </summary>
public sealed record StoredCredential(string Scheme, string Data)
{
    /// <inheritdoc/>
    public override string ToString() => $"{{{Scheme}}}…";
}
