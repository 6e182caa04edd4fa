using System.Net;
using MailAccess.Dns;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>One address to try.</summary>
internal sealed record HostAddress(string Host, IPAddress Address)
{
    /// <summary>What the host's name is an alias for; null: none.</summary>
    public string? CanonicalName { get; init; }

    /// <summary>The look-up of the addresses was authentic (DNSSEC).</summary>
    public bool IsAuthentic { get; init; }
}

/// <summary>Hosts in the order to try, or why there are none.</summary>
internal readonly record struct HostSelection(IReadOnlyList<string> Hosts, SmtpReply? Failure);

/// <summary>Chooses mail exchangers. RFC 5321 §5.1. Pure but for the random order of equals, which is handed in.</summary>
internal static class MxSelection
{
    public static readonly SmtpReply NullMx = new(556, new(5, 1, 10), "the domain accepts no mail (null MX)"); // RFC 7505 §4.1
    public static readonly SmtpReply NoSuchDomain = new(550, new(5, 1, 2), "the domain does not exist");
    public static readonly SmtpReply NoAddress = new(550, new(5, 4, 4), "the domain has no mail exchanger with an address");
    public static readonly SmtpReply LookUpFailed = new(451, new(4, 4, 3), "the domain name system gave no answer");
    public static readonly SmtpReply LoopsBack = new(554, new(5, 4, 6), "mail for the domain loops back to this host");

    /// <summary>Hosts by preference, equals in random order, cut off where we ourselves stand.</summary>
    public static HostSelection Select(string domain, DnsAnswer<MxRecord> answer, Func<string, bool> isOwnHost, int hostsMax, Random random)
    {
        switch (answer.Outcome)
        {
            case DnsOutcome.Failed:
                return new HostSelection([], LookUpFailed);
            case DnsOutcome.NoSuchName:
                return new HostSelection([], NoSuchDomain);
            case DnsOutcome.NoData:
                // "the address RR ... as an implicit MX": RFC 5321 §5.1.
                return isOwnHost(domain) ? new HostSelection([], LoopsBack) : new HostSelection([domain], null);
        }
        if (answer.Records is [{ Exchange: "." }])
        {
            return new HostSelection([], NullMx);
        }
        MxRecord[] records = [.. answer.Records.Where(r => r.Exchange != ".")];
        // "all MX records with preference ... greater than or equal to that of the relay host MUST be discarded": §5.1.
        int own = records.Where(r => isOwnHost(r.Exchange)).Select(r => r.Preference).DefaultIfEmpty(int.MaxValue).Min();
        string[] hosts = [.. records.Where(r => r.Preference < own)
            .Select(r => (Record: r, Order: random.Next()))
            .OrderBy(r => r.Record.Preference).ThenBy(r => r.Order)
            .Select(r => r.Record.Exchange)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Take(hostsMax)];
        return hosts.Length > 0 ? new HostSelection(hosts, null) : new HostSelection([], own == int.MaxValue ? NoAddress : LoopsBack);
    }
}
