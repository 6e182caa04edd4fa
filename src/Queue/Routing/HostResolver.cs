using System.Net;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Addresses to try in order, or why there are none.</summary>
/// <param name="Addresses">In the order to try.</param>
/// <param name="Failure">Why there are none.</param>
/// <param name="AreHostsCertain">The hosts' names come from the recipient's domain itself, from our configuration, or from DNS that DNSSEC protects. RFC 8689 §4.2.1.</param>
internal readonly record struct AddressSelection(IReadOnlyList<HostAddress> Addresses, SmtpReply? Failure, bool AreHostsCertain = false)
{
    /// <summary>What the next hop's domain is an alias for; null: none.</summary>
    public string? CanonicalDomain { get; init; }
}

/// <summary>From a next hop to addresses. RFC 5321 §5.1.</summary>
internal sealed class HostResolver(QueueOptions options, IResolver resolver, Random random)
{
    private static readonly SmtpReply BadDomain = new(553, new(5, 1, 3), "the domain cannot be written in the domain name system");

    /// <summary>Never throws for what DNS answers.</summary>
    public async Task<AddressSelection> ResolveAsync(NextHop hop, CancellationToken cancellationToken)
    {
        if (hop.Host is { } host)
        {
            return (await AddressesOfAsync([host], checkLoop: false, cancellationToken)) with { AreHostsCertain = true };
        }
        string domain = hop.Domain!;
        if (domain[0] == '[')
        {
            return MailDomain.TryReadLiteral(domain, out IPAddress? literal)
                ? new AddressSelection([new HostAddress(domain, literal!)], null, AreHostsCertain: true)
                : new AddressSelection([], BadDomain);
        }
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync(domain, cancellationToken);
        HostSelection selection = MxSelection.Select(domain, answer, IsOwnHost, options.Limits.MxHostsMax, random);
        return selection.Failure is { } failure
            ? new AddressSelection([], failure)
            : (await AddressesOfAsync(selection.Hosts, checkLoop: true, cancellationToken)) with
            {
                AreHostsCertain = answer.IsAuthentic || answer.Outcome == DnsOutcome.NoData,
                CanonicalDomain = answer.CanonicalName,
            };
    }

    private bool IsOwnHost(string host) => host.TrimEnd('.').Equals(options.HostName, StringComparison.OrdinalIgnoreCase);

    private async Task<AddressSelection> AddressesOfAsync(IReadOnlyList<string> hosts, bool checkLoop, CancellationToken cancellationToken)
    {
        List<HostAddress> found = [];
        bool anyFailed = false;
        foreach (string host in hosts)
        {
            if (found.Count >= options.Limits.AddressesTriedMax)
            {
                break;
            }
            DnsAnswer<IPAddress> answer = await LookUpAsync(host, cancellationToken);
            anyFailed |= answer.Outcome == DnsOutcome.Failed;
            if (checkLoop && answer.Records.Any(a => options.OwnAddresses.Contains(a)))
            {
                // This host is us under another name: it, and all behind it, are no way out. RFC 5321 §5.1.
                return found.Count > 0 ? new AddressSelection(found, null) : new AddressSelection([], MxSelection.LoopsBack);
            }
            found.AddRange(HostDialer.Interleave(answer.Records)
                .Select(a => new HostAddress(host.TrimEnd('.'), a) { CanonicalName = answer.CanonicalName, IsAuthentic = answer.IsAuthentic }));
        }
        if (found.Count > 0)
        {
            return new AddressSelection([.. found.Take(options.Limits.AddressesTriedMax)], null);
        }
        return new AddressSelection([], anyFailed ? MxSelection.LookUpFailed : MxSelection.NoAddress);
    }

    private async ValueTask<DnsAnswer<IPAddress>> LookUpAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out IPAddress? address)
            ? new DnsAnswer<IPAddress>(DnsOutcome.Found, [address])
            : await resolver.ResolveAddressesAsync(host, cancellationToken);
}
