using System.Net;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue;

/// <summary>One host that mail would be offered to.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Addresses">In the order to try.</param>
/// <param name="Port">The port.</param>
/// <param name="Policy">What is asked: <c>none</c>, <c>may</c>, <c>encrypt</c>, <c>verify</c> or <c>dane</c>; <see cref="RemoteTlsExplainer.Refused"/>: the host would not be used now.</param>
/// <param name="Why">Which rule led to that.</param>
public sealed record HostExplanation(string Host, IReadOnlyList<IPAddress> Addresses, int Port, string Policy, string Why);

/// <summary>Where a next hop leads, and how safely.</summary>
/// <param name="NextHop">As tables write it.</param>
/// <param name="Failure">Why there is no host; null: there are some.</param>
/// <param name="AreHostsCertain">The hosts' names come from DNS that DNSSEC protects, or from our configuration.</param>
/// <param name="StsPolicy">The MTA-STS policy of the next hop's domain, where it was asked for and has one.</param>
/// <param name="StsFailure">DNS names such a policy, but it could not be had.</param>
/// <param name="Hosts">In the order to try.</param>
public sealed record RemoteExplanation(
    string NextHop, SmtpReply? Failure, bool AreHostsCertain, StsPolicy? StsPolicy, string? StsFailure, IReadOnlyList<HostExplanation> Hosts);

/// <summary>Tells what the queue would do with mail for a next hop, by the code that does it, and connects to no mail server.</summary>
public sealed class RemoteTlsExplainer
{
    /// <summary>In place of a policy: the host would not be used now.</summary>
    public const string Refused = "refused";

    private readonly QueueOptions _options;
    private readonly HostResolver _hosts;
    private readonly TlsDecider _decider;

    /// <summary>Reads the kept MTA-STS policies of the queue, and changes nothing there.</summary>
    public RemoteTlsExplainer(QueueOptions options, IResolver resolver, TimeProvider clock)
    {
        _options = options;
        _hosts = new HostResolver(options, resolver, Random.Shared);
        StsPolicies? policies = options is { HonoursMtaSts: true, PolicyFetcher: { } fetcher }
            ? new StsPolicies(new StsCache(RemoteSecurity.FolderOf(options), options.Limits.StsPoliciesMax, isReadOnly: true), fetcher, resolver, clock, NullLogger.Instance)
            : null;
        _decider = new TlsDecider(options, resolver, policies);
    }

    /// <summary>Where the queue keeps MTA-STS policies; null: nowhere. One who may not read it is told what DNS and policy hosts say now.</summary>
    public static string? KeptPolicies(QueueOptions options) => RemoteSecurity.FolderOf(options);

    /// <summary>Asks DNS, and a policy host where there is a policy that is not kept. Throws for cancellation only.</summary>
    public async Task<RemoteExplanation> ExplainAsync(NextHop hop, CancellationToken cancellationToken)
    {
        AddressSelection selection = await _hosts.ResolveAsync(hop, cancellationToken);
        if (selection.Failure is { } failure)
        {
            return new RemoteExplanation(hop.ToString(), failure, selection.AreHostsCertain, null, null, []);
        }
        TlsRule rule = await _decider.RuleAsync(hop, TlsNeed.AsConfigured, cancellationToken);
        List<HostExplanation> hosts = [];
        int port = RemoteConnector.PortOf(hop, _options);
        foreach (IGrouping<string, HostAddress> host in selection.Addresses.GroupBy(a => a.Host, StringComparer.OrdinalIgnoreCase))
        {
            HostTls terms = await _decider.DecideAsync(rule, hop, selection, host.First(), port, cancellationToken);
            string policy = terms.Refusal is not null ? Refused : terms.UsesDane ? "dane" : terms.MustVerify ? "verify" : PolicyNames.Of(terms.Policy);
            string why = terms.Refusal is { } refusal ? $"{refusal.Text} ({terms.Why})" : terms.Why;
            hosts.Add(new HostExplanation(host.Key, [.. host.Select(a => a.Address)], port, policy, why));
        }
        return new RemoteExplanation(hop.ToString(), rule.Failure, selection.AreHostsCertain, rule.Sts.Policy, rule.Sts.FetchFailure?.Reason, hosts);
    }
}
