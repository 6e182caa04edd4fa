using System.Net;
using MailAccess.Dns;
using MailAccess.Submission.Policy;

namespace MailAccess.Server.Hosting;

/// <summary>
/// Names that anybody who has an address can claim for it (PTR) count where the name's own addresses, which only its owner can set, have
/// that address among them.
/// </summary>
internal sealed class ClientNames(IResolver resolver) : IClientNames
{
    /// <summary>Whoever has an address may give it hundreds of names, and each is a question of ours.</summary>
    private const int NamesMax = 5;

    public async Task<string?> FindAsync(IPAddress address)
    {
        DnsAnswer<string> names = await resolver.ResolveNamesAsync(address, CancellationToken.None);
        foreach (string name in names.Records.Take(NamesMax))
        {
            DnsAnswer<IPAddress> addresses = await resolver.ResolveAddressesAsync(name, CancellationToken.None);
            if (addresses.Records.Contains(address))
            {
                return name.TrimEnd('.').ToLowerInvariant();
            }
        }
        return null;
    }
}
