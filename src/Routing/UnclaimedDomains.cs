using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>
/// Domains that virtual aliases name, and whose mail is refused to strangers all the same, since nothing says that they are ours: Sendmail takes them by
/// VIRTUSER_DOMAIN or class w, Postfix by virtual_alias_domains. They may be meant so, for mail that goes out.
/// </summary>
public static class UnclaimedDomains
{
    /// <summary>Each with the first line that names it; none where the DNS says whose mail is taken (<see cref="RoutingOptions.RelayByMx"/>). Reads tables that list their keys alone.</summary>
    public static async Task<IReadOnlyList<(string Domain, TablePlace Place)>> FindAsync(RoutingOptions options, ILocalDirectory directory, CancellationToken cancellationToken)
    {
        List<(string Domain, TablePlace Place)> found = [];
        if (options.IsNullClient || options.RelayByMx is not null)
        {
            return found;
        }
        DomainClasses classes = new(options, directory);
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach ((string key, TablePlace place) in options.VirtualAliases.Tables.SelectMany(t => t.Entries))
        {
            int at = key.LastIndexOf('@');
            if (at >= 0 && MailDomain.TryNormalize(key[(at + 1)..], out string domain) && known.Add(domain)
                && await classes.FindAsync(domain, cancellationToken) is { Class: DomainClass.Elsewhere, Failure: null })
            {
                found.Add((key[(at + 1)..], place));
            }
        }
        return found;
    }
}
