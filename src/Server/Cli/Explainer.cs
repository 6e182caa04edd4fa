using System.Net;
using MailAccess.Dns;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;

namespace MailAccess.Server.Cli;

/// <summary>A host that mail would be brought to.</summary>
/// <param name="Preference">Of its MX record; null: there is none.</param>
/// <param name="Name">Its name, or its address.</param>
/// <param name="Addresses">In words where there are none.</param>
/// <param name="Code">The exit code that this comes to where there is no other host.</param>
internal sealed record ExplainedHost(int? Preference, string Name, string Addresses, int Code = ExitCodes.Ok);

/// <summary>Where one copy goes.</summary>
internal sealed record ExplainedRecipient(RoutedRecipient Recipient, string Goes, IReadOnlyList<ExplainedHost> Hosts, string? Tls);

/// <summary>Whether a client may send there.</summary>
internal sealed record ExplainedClient(IPAddress Address, bool IsAllowed, string Why, string? Key);

/// <summary>Everything that can be said of mail to an address.</summary>
internal sealed record Explanation(RoutingRequest Request, Resolution Resolution, IReadOnlyList<ExplainedRecipient> Recipients, ExplainedClient? Client)
{
    /// <summary>The worst answer counts: a refusal, then what must wait.</summary>
    public int ExitCode
    {
        get
        {
            int[] codes = [.. Recipients.Select(CodeOf)];
            return Client is { IsAllowed: false } || codes.Contains(ExitCodes.Refused) ? ExitCodes.Refused : codes.Contains(ExitCodes.TemporaryFailure) ? ExitCodes.TemporaryFailure : ExitCodes.Ok;
        }
    }

    // One host that can be reached is enough; where there is none, one that might be is something to wait for.
    private static int CodeOf(ExplainedRecipient recipient) => recipient.Recipient.Target is Target.Failure failure
        ? failure.Reply.IsPermanent ? ExitCodes.Refused : ExitCodes.TemporaryFailure
        : recipient.Hosts.Count == 0 || recipient.Hosts.Any(h => h.Code == ExitCodes.Ok) ? ExitCodes.Ok
        : recipient.Hosts.Any(h => h.Code == ExitCodes.TemporaryFailure) ? ExitCodes.TemporaryFailure : ExitCodes.Refused;
}

/// <summary>Asks the router, and the DNS for what comes behind it.</summary>
internal sealed class Explainer(ServerConfiguration configuration, MailRouter router, IResolver resolver)
{
    private const int SmtpPort = 25;

    public async Task<Explanation> ExplainAsync(RoutingRequest request, IPAddress? client, CancellationToken cancellationToken)
    {
        Resolution resolution = await router.ResolveAsync(request, cancellationToken);
        List<ExplainedRecipient> recipients = [];
        foreach (RoutedRecipient recipient in resolution.Recipients)
        {
            NextHop? hop = (recipient.Target as Target.Relay)?.Hop;
            IReadOnlyList<ExplainedHost> hosts = hop is null ? [] : await HostsAsync(hop, cancellationToken);
            recipients.Add(new ExplainedRecipient(recipient, Describe(recipient.Target), hosts, hop is null ? null : DescribeTls(hop)));
        }
        return new Explanation(request, resolution, recipients, client is null ? null : MayRelay(client, resolution));
    }

    private static string Describe(Target target) => target switch
    {
        Target.Mailbox mailbox => $"mailbox of {mailbox.AccountName}",
        Target.Relay { Hop: var hop } => $"{(hop.Protocol == HopProtocol.Lmtp ? "LMTP" : "SMTP")} to {hop}"
            + (hop.Credentials is { } login ? $", logged in as {login}" : ""),
        Target.File file => $"file {file.Path}{(file.User is { } owner ? $", as {owner}" : "")}",
        Target.Command command => $"command {command.Line}{(command.User is { } owner ? $", as {owner}" : "")}",
        Target.Agent agent => $"agent {agent.Name}{(agent.NextHop.Length > 0 ? $", next hop {agent.NextHop}" : "")}",
        Target.Discard => "thrown away",
        Target.Failure failure => $"{(failure.Reply.IsPermanent ? "refused" : "put off")}: {failure.Reply}",
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };

    private static string DescribeTls(NextHop hop) =>
        hop.Socket is not null ? "none (a socket of this machine)"
        : (hop.ImplicitTls ? "from the first octet, " : "") + (hop.Tls ?? TlsPolicy.Opportunistic) switch
        {
            TlsPolicy.Never => "none",
            TlsPolicy.Required => "required, certificate not looked at",
            TlsPolicy.Verified => "required, certificate verified for the host's name",
            _ => "where offered, certificate not looked at",
        };

    private async Task<IReadOnlyList<ExplainedHost>> HostsAsync(NextHop hop, CancellationToken cancellationToken)
    {
        if (hop.Socket is { } socket)
        {
            return [new ExplainedHost(null, socket, "")];
        }
        if (hop.Host is { } host)
        {
            return [await HostAsync(null, host, cancellationToken)];
        }
        if (MailDomain.TryReadLiteral(hop.Domain!, out IPAddress? literal))
        {
            return [new ExplainedHost(null, hop.Domain!, literal!.ToString())];
        }
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync(hop.Domain!, cancellationToken);
        switch (answer.Outcome)
        {
            case DnsOutcome.Failed:
                return [new ExplainedHost(null, hop.Domain!, "the DNS gives no answer now", ExitCodes.TemporaryFailure)];
            case DnsOutcome.NoSuchName:
                return [new ExplainedHost(null, hop.Domain!, "the domain does not exist: mail comes back", ExitCodes.Refused)];
            case DnsOutcome.NoData:
                return [await HostAsync(null, hop.Domain!, cancellationToken)]; // RFC 5321 §5.1: the implicit MX.
        }
        if (answer.Records is [{ Exchange: "." }])
        {
            return [new ExplainedHost(0, ".", "the domain accepts no mail (null MX): mail comes back", ExitCodes.Refused)]; // RFC 7505
        }
        List<ExplainedHost> hosts = [];
        foreach (MxRecord record in answer.Records.OrderBy(r => r.Preference).ThenBy(r => r.Exchange, StringComparer.OrdinalIgnoreCase))
        {
            ExplainedHost found = await HostAsync(record.Preference, record.Exchange.TrimEnd('.'), cancellationToken);
            hosts.Add(found);
            if (found.Name.Equals(configuration.HostName, StringComparison.OrdinalIgnoreCase))
            {
                hosts[^1] = found with { Addresses = "this host: neither it nor any behind it is tried", Code = ExitCodes.Refused }; // RFC 5321 §5.1.
            }
        }
        return hosts;
    }

    private async Task<ExplainedHost> HostAsync(int? preference, string name, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(name, out _))
        {
            return new ExplainedHost(preference, name, name);
        }
        DnsAnswer<IPAddress> answer = await resolver.ResolveAddressesAsync(name, cancellationToken);
        return new ExplainedHost(preference, name, answer.Outcome switch
        {
            DnsOutcome.Found => string.Join(", ", answer.Records),
            DnsOutcome.Failed => "the DNS gives no answer now",
            _ => "has no address",
        }, answer.Outcome switch { DnsOutcome.Found => ExitCodes.Ok, DnsOutcome.Failed => ExitCodes.TemporaryFailure, _ => ExitCodes.Refused });
    }

    /// <summary>Mail for our domains is taken from anybody; for others from those who have logged in, or are known by their address.</summary>
    private ExplainedClient MayRelay(IPAddress client, Resolution resolution)
    {
        if (configuration.Submission.WithoutLogin.FirstOrDefault(e => e.Networks.Any(n => n.Contains(client))) is { } known
            && configuration.Listeners.Any(l => l.Protocol == ListenerProtocol.Submission))
        {
            return new ExplainedClient(client, true, $"may relay by submission, without login, as {known.Account}", "submission.withoutLogin");
        }
        return resolution.IsUndecided ? new ExplainedClient(client, true, "is told to come again: whose the domain is cannot be found out now", null)
            : resolution.IsOurs ? new ExplainedClient(client, true, "needs no leave to relay: mail for this domain is taken from anybody", null)
            : new ExplainedClient(client, false, $"may not relay: on port {SmtpPort} only mail for our own domains is taken; by submission after login", null);
    }
}
