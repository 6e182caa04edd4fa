using System.Globalization;
using System.Net;
using MailAccess.Dns;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Addresses to try in order, or why there are none.</summary>
/// <param name="Addresses">In the order to try.</param>
/// <param name="Failure">Why there are none.</param>
/// <param name="AreHostsCertain">The hosts' names come from the recipient's domain itself, from our configuration, or from DNS that DNSSEC protects. RFC 8689 §4.2.1.</param>
internal readonly record struct AddressSelection(IReadOnlyList<HostAddress> Addresses, SmtpReply? Failure, bool AreHostsCertain = false);

/// <summary>From a recipient's domain to addresses: routes, smart host, MX.</summary>
internal sealed class Router(QueueOptions options, IResolver resolver, Random random)
{
    private static readonly SmtpReply BadDomain = new(553, new(5, 1, 3), "the domain cannot be written in the domain name system");
    private static readonly SmtpReply NoRelay = new(550, new(5, 7, 1), "mail to other domains is not delivered here");
    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = false };

    /// <summary>Where mail for this domain goes; no look-up yet. False: the domain can never be one, or we deliver nothing there.</summary>
    public bool TryChoose(string domain, out Destination? destination, out SmtpReply? failure)
    {
        destination = null;
        failure = null;
        if (!TryNormalize(domain, out string name))
        {
            failure = BadDomain;
            return false;
        }
        Route? route = options.Routes?.Invoke(name);
        if (route is null && !options.RelaysOutside)
        {
            failure = NoRelay;
            return false;
        }
        route ??= options.SmartHost;
        destination = route is not null ? new Destination(null, route) : new Destination(name, null);
        return true;
    }

    /// <summary>Never throws for what DNS answers.</summary>
    public async Task<AddressSelection> ResolveAsync(Destination destination, CancellationToken cancellationToken)
    {
        if (destination.Fixed is { } route)
        {
            return (await AddressesOfAsync([route.Host], checkLoop: false, cancellationToken)) with { AreHostsCertain = true };
        }
        string domain = destination.Domain!;
        if (domain[0] == '[')
        {
            return TryReadLiteral(domain, out IPAddress? literal)
                ? new AddressSelection([new HostAddress(domain, literal!)], null, AreHostsCertain: true)
                : new AddressSelection([], BadDomain);
        }
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync(domain, cancellationToken);
        HostSelection selection = MxSelection.Select(domain, answer, IsOwnHost, options.Limits.MxHostsMax, random);
        return selection.Failure is { } failure
            ? new AddressSelection([], failure)
            : (await AddressesOfAsync(selection.Hosts, checkLoop: true, cancellationToken)) with { AreHostsCertain = answer.IsAuthentic || answer.Outcome == DnsOutcome.NoData };
    }

    /// <summary>Lower case, without final dot, U-labels as A-labels (RFC 5891). Address literals as they are.</summary>
    public static bool TryNormalize(string domain, out string name)
    {
        name = domain.TrimEnd('.').ToLowerInvariant();
        if (name.Length == 0)
        {
            return false;
        }
        if (name[0] == '[' || System.Text.Ascii.IsValid(name))
        {
            return true;
        }
        try
        {
            name = Idn.GetAscii(name);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / … ) "]"     RFC 5321 §4.1.3
    internal static bool TryReadLiteral(string literal, out IPAddress? address)
    {
        address = null;
        if (literal.Length < 3 || literal[^1] != ']')
        {
            return false;
        }
        string inner = literal[1..^1];
        return inner.StartsWith("ipv6:", StringComparison.OrdinalIgnoreCase)
            ? IPAddress.TryParse(inner[5..], out address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            : inner.Count(c => c == '.') == 3 && IPAddress.TryParse(inner, out address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
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
            (bool failed, IReadOnlyList<IPAddress> addresses) = await LookUpAsync(host, cancellationToken);
            anyFailed |= failed;
            if (checkLoop && addresses.Any(a => options.OwnAddresses.Contains(a)))
            {
                // This host is us under another name: it, and all behind it, are no way out. RFC 5321 §5.1.
                return found.Count > 0 ? new AddressSelection(found, null) : new AddressSelection([], MxSelection.LoopsBack);
            }
            found.AddRange(addresses.Select(a => new HostAddress(host.TrimEnd('.'), a)));
        }
        if (found.Count > 0)
        {
            return new AddressSelection([.. found.Take(options.Limits.AddressesTriedMax)], null);
        }
        return new AddressSelection([], anyFailed ? MxSelection.LookUpFailed : MxSelection.NoAddress);
    }

    private async Task<(bool Failed, IReadOnlyList<IPAddress> Addresses)> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return (false, [address]);
        }
        DnsAnswer<IPAddress> answer = await resolver.ResolveAddressesAsync(host, cancellationToken);
        return (answer.Outcome == DnsOutcome.Failed, answer.Records);
    }
}
