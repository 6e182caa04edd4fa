namespace MailAccess.Auth;

/// <summary>Several sources of accounts as one. The first one that knows a name decides; what stands in a later one under that name is not there.</summary>
/// <remarks>
/// A source that cannot be asked hides those behind it, which might answer for an account that is its own: that is an
/// <see cref="IOException"/>. Those before it go on.
/// </remarks>
public sealed class DirectoryChain(IReadOnlyList<IAccountDirectory> sources) : IAccountDirectory, IDirectoryFacts
{
    /// <inheritdoc/>
    public IPasswordVerifier? Nobody => sources.Select(s => s.Nobody).FirstOrDefault(n => n is not null);

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        for (int i = 0; i < sources.Count; i++)
        {
            if (await sources[i].FindByLoginAsync(loginName, cancellationToken) is { } found
                && !await IsHiddenAsync(found.Account.Name, i, cancellationToken))
            {
                return found;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByNameAsync(string accountName, CancellationToken cancellationToken)
    {
        foreach (IAccountDirectory source in sources)
        {
            if (await source.FindByNameAsync(accountName, cancellationToken) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken)
    {
        for (int i = 0; i < sources.Count; i++)
        {
            if (await sources[i].FindByAddressAsync(localPart, domain, cancellationToken) is { } found
                && !await IsHiddenAsync(found.Name, i, cancellationToken))
            {
                return found;
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken)
    {
        List<Account> all = [];
        foreach (IAccountDirectory source in sources)
        {
            all.AddRange(await source.ListAsync(cancellationToken));
        }
        return [.. all.DistinctBy(a => a.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public bool EveryAccountCanUse(string mechanism) => sources.All(s => s is IDirectoryFacts facts && facts.EveryAccountCanUse(mechanism));

    /// <inheritdoc/>
    public string CanonicalLogin(string loginName) =>
        sources.OfType<IDirectoryFacts>().FirstOrDefault() is { } facts ? facts.CanonicalLogin(loginName) : loginName.ToLowerInvariant();

    /// <summary>Whether an earlier source has an account of this name: its mail must not be another's.</summary>
    private async ValueTask<bool> IsHiddenAsync(string accountName, int source, CancellationToken cancellationToken)
    {
        for (int i = 0; i < source; i++)
        {
            if (await sources[i].FindByNameAsync(accountName, cancellationToken) is { } other && other.Name == accountName)
            {
                return true;
            }
        }
        return false;
    }
}
