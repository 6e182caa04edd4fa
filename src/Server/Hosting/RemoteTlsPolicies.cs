using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>What the configuration asks of next hops: <c>queue.tlsPolicies</c>, then <c>queue.tlsPolicyTables</c>. Thread-safe.</summary>
/// <param name="own">By key.</param>
/// <param name="tables">Their owner's.</param>
/// <param name="logger">Gets what keeps mail waiting.</param>
internal sealed class RemoteTlsPolicies(IReadOnlyDictionary<string, TlsPolicy> own, RoutingTables tables, ILogger logger)
{
    /// <summary>Null: as configured for all. Throws <see cref="IOException"/> where a table cannot be asked, or has no policy: mail must not go less safely than was meant.</summary>
    public async ValueTask<NextHopPolicy?> FindAsync(NextHop hop, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> keys = NextHopPolicy.KeysOf(hop);
        foreach (string key in keys)
        {
            if (own.TryGetValue(key, out TlsPolicy policy))
            {
                return new NextHopPolicy(policy, $"{RemoteTlsSettings.PoliciesPath}: {key}") { IsForThisHop = NextHopPolicy.IsOfHop(key) };
            }
        }
        TableHit hit = await tables.FindAsync([.. keys.Select(LookUpKey.OfDomain)], cancellationToken);
        if (hit.IsFailed)
        {
            throw Failed(hit.Problem);
        }
        if (!hit.IsFound)
        {
            return null;
        }
        return PolicyNames.TryParse(hit.Value, out TlsPolicy found) ? new NextHopPolicy(found, $"{hit.Answer.Place}") { IsForThisHop = NextHopPolicy.IsOfHop(keys[hit.KeyIndex]) }
            : throw Failed($"{hit.Answer.Place}: \"{hit.Value}\" is none of {string.Join(", ", PolicyNames.All.Select(p => p.Name))}; attributes are not known");

        IOException Failed(string reason)
        {
            logger.TlsPolicyUnknown(hop, reason);
            return new IOException(reason);
        }
    }
}
