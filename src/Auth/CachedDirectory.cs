using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth;

/// <summary>
/// Remembers for a short time what a source outside has said of names and addresses, also that nobody has them. Credentials are never
/// remembered: whoever logs in is looked up.
/// </summary>
/// <param name="source">Stays the caller's.</param>
/// <param name="lifetime">How old an answer may be; zero: nothing is remembered.</param>
/// <param name="entriesMax">Answers of each kind; the oldest go first. Addresses that nobody has do not push out those that somebody has.</param>
/// <param name="clock">The time.</param>
public sealed class CachedDirectory(IAccountDirectory source, TimeSpan lifetime, int entriesMax, TimeProvider clock) : IAccountDirectory
{
    private readonly ProcessSecret _secret = new();
    private readonly ExpiringCache<Account> _names = new(clock, lifetime, entriesMax);
    private readonly ExpiringCache<Account> _addresses = new(clock, lifetime, entriesMax);
    private readonly ExpiringCache<bool> _nobody = new(clock, lifetime, entriesMax);
    private readonly ExpiringCache<IReadOnlyList<Account>> _all = new(clock, lifetime, 1);

    /// <inheritdoc/>
    public IPasswordVerifier? Nobody => source.Nobody;

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        StoredAccount? found = await source.FindByLoginAsync(loginName, cancellationToken);
        if (found is not null)
        {
            // Whoever logs in is asked for again at once: for his quota and his home.
            _names.Set(Key("name", found.Account.Name), found.Account);
        }
        return found;
    }

    /// <inheritdoc/>
    public ValueTask<Account?> FindByNameAsync(string accountName, CancellationToken cancellationToken) =>
        FindAsync(_names, Key("name", accountName), () => source.FindByNameAsync(accountName, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        FindAsync(_addresses, Key("address", $"{localPart}@{domain}".ToLowerInvariant()), () => source.FindByAddressAsync(localPart, domain, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken)
    {
        if (!_all.TryGet(default, out IReadOnlyList<Account>? all))
        {
            all = await source.ListAsync(cancellationToken);
            _all.Set(default, all);
        }
        return all!;
    }

    private async ValueTask<Account?> FindAsync(ExpiringCache<Account> cache, UInt128 key, Func<ValueTask<Account?>> ask)
    {
        if (cache.TryGet(key, out Account? known))
        {
            return known;
        }
        if (_nobody.TryGet(key, out _))
        {
            return null;
        }
        Account? found = await ask();
        if (found is null)
        {
            _nobody.Set(key, true);
        }
        else
        {
            cache.Set(key, found);
        }
        return found;
    }

    private UInt128 Key(string kind, string text) => _secret.Fingerprint(kind, Encoding.UTF8.GetBytes(text));
}
