using MailAccess.Auth;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Server.Hosting;

/// <summary>Tells the queue which domains and addresses are ours.</summary>
internal sealed class AccountAddresses(IReadOnlyList<string> domains, IAccountDirectory accounts) : ILocalDirectory
{
    private readonly HashSet<string> _domains = new(domains.Select(MailDomain.NormalizeEntry), StringComparer.OrdinalIgnoreCase);

    public bool IsLocalDomain(string domain) => _domains.Contains(domain);

    public async ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken)
    {
        try
        {
            Account? account = await accounts.FindByAddressAsync(localPart, domain, cancellationToken);
            return account is null ? new LocalLookUp(LocalOutcome.Unknown) : new LocalLookUp(LocalOutcome.Found, account.Name) { Home = account.Home };
        }
        catch (IOException unavailable)
        {
            return new LocalLookUp(LocalOutcome.Unavailable) { Problem = unavailable.Message };
        }
    }
}
