namespace MailAccess.Auth.Tests.Kit;

/// <summary>Accounts that a test sets.</summary>
internal sealed class MemoryDirectory : IAccountDirectory
{
    public Dictionary<string, StoredAccount> Accounts { get; } = [];

    public bool IsBroken { get; set; }

    public void Set(string name, string credential)
    {
        Assert.True(StoredCredential.TryParse(credential, "PLAIN", out StoredCredential? parsed));
        Accounts[name] = new StoredAccount(new Account { Name = name, Addresses = [name] }, parsed);
    }

    public ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken) =>
        IsBroken ? throw new IOException("no directory") : new(Accounts.GetValueOrDefault(loginName));

    public ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken) =>
        new(Accounts.GetValueOrDefault($"{localPart}@{domain}")?.Account);

    public ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken) =>
        new(Accounts.Values.Select(a => a.Account).ToList());
}
