using System.Net;
using MailAccess.Auth;
using MailAccess.Server.Configuration;
using MailAccess.Submission.Policy;

namespace MailAccess.Server.Hosting;

/// <summary>The accounts that stand behind addresses: submission.withoutLogin.</summary>
internal sealed class TrustedClients(IReadOnlyList<ClientsWithoutLogin> entries, IAccountDirectory accounts) : ITrustedClients
{
    public async ValueTask<Account?> FindAsync(IPAddress address, CancellationToken cancellationToken)
    {
        ClientsWithoutLogin? entry = entries.FirstOrDefault(e => e.Networks.Any(n => n.Contains(address)));
        return entry is null ? null : (await accounts.FindByLoginAsync(entry.Account, cancellationToken))?.Account;
    }
}
