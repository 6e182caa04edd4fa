using System.Globalization;
using System.Net;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>The rule for a next hop, before its hosts are looked at.</summary>
/// <param name="Policy">What is asked.</param>
/// <param name="Source">For people: who says so.</param>
/// <param name="Sts">The domain's MTA-STS policy, where that may have a say.</param>
/// <param name="IsOurs">A route or a table of ours speaks of this very next hop.</param>
internal sealed record TlsRule(TlsPolicy Policy, string Source, StsLookUp Sts = default, bool IsOurs = false)
{
    /// <summary>The rule could not be told.</summary>
    public SmtpReply? Failure { get; init; }

    /// <summary>A password may go without encryption.</summary>
    public bool AllowsPlaintextAuth { get; init; }
}

/// <summary>Decides without connecting what TLS a host must offer: our own rules, DANE (RFC 7672), MTA-STS (RFC 8461), in this order.</summary>
internal sealed class TlsDecider(QueueOptions options, IResolver resolver, StsPolicies? policies)
{
    private static readonly SmtpReply RuleUnknown = new(451, new(4, 3, 0), "the TLS policy for the next hop cannot be read now");

    /// <summary>The name that policies are looked up for; null: it has none.</summary>
    public static string? NameOf(NextHop hop)
    {
        string? name = hop.Domain ?? hop.Host;
        return name is null || name[0] == '[' || IPAddress.TryParse(name, out _) ? null : name.TrimEnd('.').ToLowerInvariant();
    }

    /// <summary>Throws for cancellation only.</summary>
    public async Task<TlsRule> RuleAsync(NextHop hop, TlsNeed need, CancellationToken cancellationToken)
    {
        if (need == TlsNeed.Optional && hop.Credentials is null) // A message's sender does not dispose of our password.
        {
            return new TlsRule(TlsPolicy.Opportunistic, "TLS-Required: No");
        }
        NextHopPolicy? own;
        try
        {
            own = options.TlsPolicies is { } table ? await table(hop, cancellationToken) : null;
        }
        catch (IOException)
        {
            return new TlsRule(TlsPolicy.Never, "the TLS policies") { Failure = RuleUnknown };
        }
        TlsRule rule = own is not null ? new TlsRule(own.Policy, own.Source, IsOurs: true)
            : hop.Tls is { } routed ? new TlsRule(routed, hop.Credentials is null ? "the route" : "the password", IsOurs: true)
            : new TlsRule(hop.Domain is not null || options.Tls == TlsPolicy.Dane ? options.Tls : TlsPolicy.Opportunistic, "the default");
        return await WithStsAsync(ForPassword(rule, hop, own is { IsForThisHop: true }), NameOf(hop), cancellationToken);
    }

    // A password is shown to nobody who listens, unless that was said of this very host.
    private static TlsRule ForPassword(TlsRule rule, NextHop hop, bool isForThisHop) =>
        !NeedsEncryption(hop) || rule.Policy is not (TlsPolicy.Never or TlsPolicy.Opportunistic) ? rule
        : rule.Policy == TlsPolicy.Never && isForThisHop ? rule with { AllowsPlaintextAuth = true }
        : rule with { Policy = TlsPolicy.Required, Source = $"{rule.Source}, with a password" };

    private static bool NeedsEncryption(NextHop hop) => hop is { Credentials: not null, AllowPlaintextAuth: false };

    /// <summary>What is asked of one of the next hop's hosts. Throws for cancellation only.</summary>
    public async Task<HostTls> DecideAsync(TlsRule rule, NextHop hop, AddressSelection selection, HostAddress host, int port, CancellationToken cancellationToken)
    {
        string next = NameOf(hop) ?? host.Host;
        HostTls plain = new()
        {
            Policy = rule.Policy,
            Why = $"{PolicyNames.Of(rule.Policy)}, {rule.Source}",
            IsHostCertain = selection.AreHostsCertain,
            AllowsPlaintextAuth = rule.AllowsPlaintextAuth,
        };
        switch (rule.Policy)
        {
            case TlsPolicy.Never:
                return plain;
            case TlsPolicy.Verified:
                return plain with { Policy = TlsPolicy.Required, MustVerify = true, Names = [host.Host] };
            case TlsPolicy.Secure:
                // DNS is not asked who may answer for the domain, so it need not be protected.
                return plain with { Policy = TlsPolicy.Required, MustVerify = true, Names = [next, "." + next], IsHostCertain = true };
        }
        // Records of which none can be used prove nothing: they are no reason to forget what an enforced MTA-STS policy demands.
        if (rule.Policy is TlsPolicy.Dane or TlsPolicy.DaneOnly && await DaneAsync(rule, plain, hop, selection, host, port, cancellationToken) is { } dane
            && (dane.UsesDane || dane.Refusal is not null || rule.Sts.Policy is not { Mode: StsMode.Enforce }))
        {
            return dane;
        }
        HostTls usual = rule.Policy == TlsPolicy.Dane
            ? plain with { Policy = NeedsEncryption(hop) ? TlsPolicy.Required : TlsPolicy.Opportunistic, Why = $"{plain.Why}, without TLSA records that DNSSEC protects" }
            : plain;
        return rule.Sts.Policy is { } sts ? WithSts(usual, sts, rule.Sts.Id, hop, host) : usual;
    }

    /// <summary>A verified server, whatever else is the rule, for what needs REQUIRETLS. RFC 8689 §4.2.1.</summary>
    public static HostTls Verified(HostTls terms, string host) => terms.MustVerify || terms.UsesDane ? terms
        : terms with { Policy = TlsPolicy.Required, MustVerify = true, Names = [host], Why = "REQUIRETLS" };

    // What an administrator has said of a domain stands; only where that leaves it to the domain is the domain asked.
    private async Task<TlsRule> WithStsAsync(TlsRule rule, string? name, CancellationToken cancellationToken)
    {
        bool mayAsk = rule.Policy == TlsPolicy.Dane || (!rule.IsOurs && rule.Policy is TlsPolicy.Opportunistic or TlsPolicy.Required);
        return mayAsk && name is not null && policies is not null ? rule with { Sts = await policies.FindAsync(name, cancellationToken) } : rule;
    }

    private static HostTls WithSts(HostTls usual, StsPolicy sts, string? id, NextHop hop, HostAddress host)
    {
        string domain = NameOf(hop)!;
        string why = $"MTA-STS {StsPolicy.NameOf(sts.Mode)}, policy {id} of {domain}";
        bool isAllowed = sts.Allows(host.Host);
        bool isEnforced = sts.Mode == StsMode.Enforce;
        HostTls terms = usual with { Sts = sts, Names = [host.Host], DnsNamesOnly = true, Why = why };
        if (!isAllowed)
        {
            // RFC 8461 §5: no mail for this host; but a policy that is only tested is only reported.
            SmtpReply reply = new(451, new(4, 7, 5), $"the MTA-STS policy of {domain} does not allow the mail exchanger {host.Host}");
            return terms with { Refusal = isEnforced ? reply : null, RefusalKind = "validation-failure" };
        }
        return isEnforced ? terms with { Policy = TlsPolicy.Required, MustVerify = true, IsHostCertain = true } : terms;
    }

    /// <returns>Null: DANE has no say here.</returns>
    private async Task<HostTls?> DaneAsync(
        TlsRule rule, HostTls plain, NextHop hop, AddressSelection selection, HostAddress host, int port, CancellationToken cancellationToken)
    {
        bool isMandatory = rule.Policy == TlsPolicy.DaneOnly;
        // Where MX records are not protected, a domain's enforced MTA-STS policy is worth more than its host's records.
        bool isWorthWhile = selection.AreHostsCertain || isMandatory || rule.Sts.Policy is not { Mode: StsMode.Enforce };
        (DnsOutcome outcome, DanePolicy? found) = isWorthWhile ? await FindAsync(host, port, cancellationToken) : (DnsOutcome.NoData, null);
        if (outcome == DnsOutcome.Failed)
        {
            // RFC 7672 §2.1.2: as if it could not be reached.
            SmtpReply reply = new(451, new(4, 4, 3), $"the TLSA records of {host.Host} could not be looked up");
            return plain with { Policy = TlsPolicy.Required, Refusal = reply, RefusalKind = "dnssec-invalid", Why = "DANE, look-up of TLSA records failed" };
        }
        if (isMandatory && (found is not { IsUsableAtAll: true } || !selection.AreHostsCertain))
        {
            // RFC 7672 §2.2.1, §6: it waits.
            SmtpReply reply = new(451, new(4, 7, 5), $"DANE is required, but {host.Host} has no usable TLSA records that DNSSEC protects");
            return plain with { Policy = TlsPolicy.Required, Dane = found, Refusal = reply, RefusalKind = "dane-required" };
        }
        if (found is null)
        {
            return null;
        }
        string records = string.Create(CultureInfo.InvariantCulture, $"{found.Records.Count} TLSA record{(found.Records.Count == 1 ? "" : "s")} of {found.BaseDomain}");
        return plain with
        {
            Policy = TlsPolicy.Required,
            Dane = found,
            Names = NamesFor(found, hop, selection),
            Why = found.IsUsableAtAll ? $"DANE, {records}" : $"DANE, {records}, none usable: encryption without proof",
        };
    }

    // RFC 7672 §3.2.2: the base domain; where DNSSEC protects the way to it, the domain that it serves, and what that is an alias for.
    private static List<string> NamesFor(DanePolicy dane, NextHop hop, AddressSelection selection)
    {
        List<string> names = [dane.BaseDomain];
        if (selection.AreHostsCertain && NameOf(hop) is { } next)
        {
            names.Add(next);
            if (selection.CanonicalDomain is { } canonical)
            {
                names.Add(canonical);
            }
        }
        return names;
    }

    // RFC 7672 §2.2.2, §2.2.3.
    private async Task<(DnsOutcome Outcome, DanePolicy? Policy)> FindAsync(HostAddress host, int port, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host.Host, out _) || host.Host[0] == '[')
        {
            return (DnsOutcome.NoData, null);
        }
        List<string> candidates = [];
        if (host.IsAuthentic)
        {
            candidates = host.CanonicalName is { } canonical ? [canonical, host.Host] : [host.Host];
        }
        else if (host.CanonicalName is not null)
        {
            DnsAnswer<string> alias = await resolver.ResolveAliasAsync(host.Host, cancellationToken);
            if (alias.Outcome == DnsOutcome.Failed)
            {
                return (DnsOutcome.Failed, null);
            }
            candidates = alias.IsAuthentic ? [host.Host] : [];
        }
        foreach (string candidate in candidates)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"_{port}._tcp.{candidate}");
            DnsAnswer<TlsaRecord> answer = await resolver.ResolveTlsaAsync(name, cancellationToken);
            if (answer.Outcome == DnsOutcome.Failed)
            {
                return (DnsOutcome.Failed, null);
            }
            if (answer is { Outcome: DnsOutcome.Found, IsAuthentic: true })
            {
                return (DnsOutcome.Found, new DanePolicy(candidate, answer.Records));
            }
        }
        return (DnsOutcome.NoData, null);
    }
}

/// <summary>The words of configuration and tables for TLS policies; they are Postfix's.</summary>
public static class PolicyNames
{
    private static readonly (string Name, TlsPolicy Policy)[] Known =
    [
        ("none", TlsPolicy.Never), ("may", TlsPolicy.Opportunistic), ("encrypt", TlsPolicy.Required), ("verify", TlsPolicy.Verified),
        ("secure", TlsPolicy.Secure), ("dane", TlsPolicy.Dane), ("dane-only", TlsPolicy.DaneOnly),
    ];

    /// <summary>All words, in order of strictness.</summary>
    public static IReadOnlyList<(string Name, TlsPolicy Policy)> All => Known;

    /// <summary>The word for a policy.</summary>
    public static string Of(TlsPolicy policy) => Known.First(k => k.Policy == policy).Name;

    /// <summary>The policy of a word; attributes behind it (<c>protocols=…</c>) are not known and make it none.</summary>
    public static bool TryParse(string text, out TlsPolicy policy)
    {
        (string? name, policy) = Known.FirstOrDefault(k => k.Name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
        return name is not null;
    }
}
