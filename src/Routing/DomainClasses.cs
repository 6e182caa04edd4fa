using System.Net;
using MailAccess.Smtp;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>Whose a domain is.</summary>
internal enum DomainClass
{
    /// <summary>Somebody else's.</summary>
    Elsewhere,
    /// <summary>A name of this machine: accounts, aliases, .forward files.</summary>
    Machine,
    /// <summary>Ours, with mailboxes and nothing else.</summary>
    Mailboxes,
    /// <summary>Ours, with virtual aliases and nothing else.</summary>
    VirtualAliases,
    /// <summary>Somebody else's, relayed to for everybody.</summary>
    Relay,
}

/// <summary>An answer of <see cref="DomainClasses"/>.</summary>
/// <param name="Class">Whose it is.</param>
/// <param name="Place">Who says so; null where nothing does.</param>
/// <param name="Failure">It cannot be told now: the answer of the table that failed.</param>
internal readonly record struct DomainVerdict(DomainClass Class, TablePlace? Place = null, TableAnswer? Failure = null);

/// <summary>Finds out whose a domain is.</summary>
internal sealed class DomainClasses(RoutingOptions options, ILocalDirectory directory)
{
    private static readonly TablePlace Domains = new("domains", 0);
    private static readonly TablePlace OwnLiteral = new("an address of this machine", 0);
    private static readonly TablePlace ByMx = new("routing.relayByMx", 0);

    // Postfix's old way: "example.org anything" among the aliases. A pattern for addresses must not be taken for that.
    private readonly RoutingTables _virtualAliasDomains = !options.VirtualAliasDomains.IsEmpty ? options.VirtualAliasDomains
        : options.VirtualAliases with { HasDerivedKeysOnly = true };

    /// <summary>The domain in lower case as A-labels, or an address literal; empty for <c>postmaster</c> alone (RFC 5321 §4.1.1.3).</summary>
    public async ValueTask<DomainVerdict> FindAsync(string domain, CancellationToken cancellationToken)
    {
        if (options.IsNullClient)
        {
            return new DomainVerdict(DomainClass.Elsewhere);
        }
        bool isInDirectory = domain.Length == 0 || directory.IsLocalDomain(domain);
        if (domain.Length == 0 || (isInDirectory && options.LocalDomains.IsEmpty))
        {
            return new DomainVerdict(DomainClass.Machine, Domains);
        }
        if (domain[0] == '[')
        {
            return MailDomain.TryReadLiteral(domain, out IPAddress? literal) && options.OwnAddresses.Contains(literal!)
                ? new DomainVerdict(DomainClass.Machine, OwnLiteral) : new DomainVerdict(DomainClass.Elsewhere);
        }
        TableHit hit = await options.LocalDomains.FindAsync([LookUpKey.OfDomain(domain)], cancellationToken);
        if (hit.Table is not null)
        {
            return Of(hit, DomainClass.Machine);
        }
        if (isInDirectory)
        {
            return new DomainVerdict(DomainClass.Mailboxes, Domains);
        }
        hit = await _virtualAliasDomains.FindAsync([LookUpKey.OfDomain(domain)], cancellationToken);
        if (hit.Table is not null)
        {
            return Of(hit, DomainClass.VirtualAliases);
        }
        hit = options.RelayDomains.IsEmpty ? default : await options.RelayDomains.FindAsync(WithParents(domain), cancellationToken);
        return hit.Table is not null ? Of(hit, DomainClass.Relay)
            : options.RelayByMx is { } exchangers ? await ByExchangersAsync(exchangers, domain, cancellationToken)
            : new DomainVerdict(DomainClass.Elsewhere);
    }

    /// <summary>The domain, then each one above it with and without a dot before it: both say "and all below".</summary>
    public static IReadOnlyList<LookUpKey> WithParents(string domain)
    {
        List<LookUpKey> keys = [LookUpKey.OfDomain(domain)];
        for (int dot = domain.IndexOf('.', StringComparison.Ordinal); dot >= 0 && dot < domain.Length - 1; dot = domain.IndexOf('.', dot + 1))
        {
            keys.Add(LookUpKey.OfDomain(domain[dot..]));
            keys.Add(LookUpKey.OfDomain(domain[(dot + 1)..]));
        }
        return keys;
    }

    private static async ValueTask<DomainVerdict> ByExchangersAsync(IMailExchangers exchangers, string domain, CancellationToken cancellationToken) =>
        await exchangers.AreWeAmongAsync(domain, cancellationToken) switch
        {
            true => new DomainVerdict(DomainClass.Relay, ByMx),
            false => new DomainVerdict(DomainClass.Elsewhere),
            null => new DomainVerdict(DomainClass.Elsewhere, ByMx, new TableAnswer(LookUpOutcome.Failed, Error: $"the mail exchangers of {domain} cannot be found out now")),
        };

    private static DomainVerdict Of(TableHit hit, DomainClass found) =>
        hit.IsFailed ? new DomainVerdict(DomainClass.Elsewhere, null, hit.Answer) : new DomainVerdict(found, hit.Answer.Place);
}
