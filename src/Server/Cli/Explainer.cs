using System.Net;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;

namespace MailAccess.Server.Cli;

/// <summary>A host that mail would be brought to, or why not.</summary>
/// <param name="Preference">Of its MX record; null: there is none.</param>
/// <param name="Name">Its name, or its address; the path of a socket.</param>
/// <param name="Addresses">In words where there are none.</param>
/// <param name="Code">The exit code that this comes to where there is no other host.</param>
internal sealed record ExplainedHost(int? Preference, string Name, string Addresses, int Code = ExitCodes.Ok)
{
    /// <summary>What TLS is asked for, as in <see cref="HostExplanation.Policy"/>; null: it is not tried.</summary>
    public string? Tls { get; init; }

    /// <summary>Who says so.</summary>
    public string? Why { get; init; }
}

/// <summary>Where one copy goes.</summary>
internal sealed record ExplainedRecipient(RoutedRecipient Recipient, string Goes, IReadOnlyList<ExplainedHost> Hosts)
{
    /// <summary>Why it goes to none of the hosts; null: it goes to one.</summary>
    public SmtpReply? Failure { get; init; }

    /// <summary>Why the domain's MTA-STS policy does not count; null: it does, or there is none.</summary>
    public string? StsFailure { get; init; }
}

/// <summary>What becomes of the sender's address.</summary>
/// <param name="Where">The envelope, or the header's fields of senders.</param>
/// <param name="Path">The address in the end.</param>
/// <param name="Steps">What was done.</param>
/// <param name="Error">Why mail has to wait; null: it need not.</param>
internal sealed record ExplainedSender(AddressClasses Where, MailPath Path, List<RoutingStep> Steps, string? Error);

/// <summary>Whether a client may send there.</summary>
internal sealed record ExplainedClient(IPAddress Address, bool IsAllowed, string Why, string? Key);

/// <summary>Everything that can be said of mail to an address.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Senders">None where nothing is rewritten: nobody sends, it is not our own mail, or nothing is configured.</param>
/// <param name="Resolution">The recipient's way.</param>
/// <param name="Recipients">Where it ends.</param>
/// <param name="Client">Null: none was named.</param>
internal sealed record Explanation(
    RoutingRequest Request, IReadOnlyList<ExplainedSender> Senders, Resolution Resolution, IReadOnlyList<ExplainedRecipient> Recipients, ExplainedClient? Client)
{
    /// <summary>The worst answer counts: a refusal, then what must wait.</summary>
    public int ExitCode
    {
        get
        {
            int[] codes = [.. Recipients.Select(CodeOf)];
            return Client is { IsAllowed: false } || codes.Contains(ExitCodes.Refused) ? ExitCodes.Refused
                : codes.Contains(ExitCodes.TemporaryFailure) || Senders.Any(s => s.Error is not null) ? ExitCodes.TemporaryFailure
                : ExitCodes.Ok;
        }
    }

    // One host that can be reached is enough; where there is none, one that might be is something to wait for.
    private static int CodeOf(ExplainedRecipient recipient) => ((recipient.Recipient.Target as Target.Failure)?.Reply ?? recipient.Failure) is { } failure
        ? failure.IsPermanent ? ExitCodes.Refused : ExitCodes.TemporaryFailure
        : recipient.Hosts.Count == 0 || recipient.Hosts.Any(h => h.Code == ExitCodes.Ok) ? ExitCodes.Ok
        : recipient.Hosts.Any(h => h.Code == ExitCodes.TemporaryFailure) ? ExitCodes.TemporaryFailure : ExitCodes.Refused;
}

/// <summary>Asks what rewrites addresses, the router, and the queue and the DNS for what comes behind it.</summary>
internal sealed class Explainer(ServerConfiguration configuration, MailRouter router, QueueOptions queue, IResolver resolver)
{
    private const int SmtpPort = 25;

    private readonly RemoteTlsExplainer _remote = new(queue, resolver, TimeProvider.System);

    public async Task<Explanation> ExplainAsync(RoutingRequest request, IPAddress? client, CancellationToken cancellationToken)
    {
        MailPath sender = request.ReversePath;
        List<ExplainedSender> senders = [];
        bool isOwnMail = client is null || KnownBySubmission(client) is not null;
        if (queue.Rewriting is { } rewriting && !sender.IsNull && isOwnMail)
        {
            foreach (AddressClasses where in (AddressClasses[])[AddressClasses.EnvelopeSender, AddressClasses.HeaderSender])
            {
                senders.Add(await RewriteAsync(rewriting.Incoming, new ExplainedSender(where, sender, [], null), cancellationToken));
            }
            sender = senders[0].Path; // Mail is routed by its sender as it stands in the queue.
        }
        Resolution resolution = await router.ResolveAsync(request with { ReversePath = sender, IsOwnMail = isOwnMail }, cancellationToken);
        List<ExplainedRecipient> recipients = [];
        foreach (RoutedRecipient recipient in resolution.Recipients)
        {
            ExplainedRecipient explained = new(recipient, Describe(recipient.Target), []);
            recipients.Add(recipient.Target is Target.Relay { Hop: var hop } ? await WithHostsAsync(explained, hop, cancellationToken) : explained);
        }
        if (recipients.Any(r => r.Recipient.Target is Target.Relay { Hop.Protocol: HopProtocol.Smtp }))
        {
            for (int i = 0; i < senders.Count; i++)
            {
                senders[i] = await RewriteAsync(queue.Rewriting!.Outgoing, senders[i], cancellationToken);
            }
        }
        return new Explanation(request, senders, resolution, recipients, client is null ? null : MayRelay(client, resolution));
    }

    private static async Task<ExplainedSender> RewriteAsync(IAddressRewriter rewriter, ExplainedSender sender, CancellationToken cancellationToken)
    {
        if (sender.Error is not null)
        {
            return sender;
        }
        AddressRewriting result = await rewriter.RewriteAsync(sender.Path, sender.Where, sender.Steps, cancellationToken);
        return sender with { Path = result.Path, Error = result.Error };
    }

    private static string Describe(Target target) => target switch
    {
        Target.Mailbox mailbox => $"mailbox of {mailbox.AccountName}",
        Target.Relay { Hop: var hop } => $"{(hop.Protocol == HopProtocol.Lmtp ? "LMTP" : "SMTP")} to {hop}"
            + (hop.All.Any(h => h.Credentials is not null) ? $", logged in as {string.Join(", ", hop.All.Select(h => h.Credentials?.UserName ?? "nobody"))}" : ""),
        Target.File file => $"file {file.Path}{(file.User is { } owner ? $", as {owner}" : "")}",
        Target.Command command => $"command {command.Line}{(command.User is { } owner ? $", as {owner}" : "")}",
        Target.Agent agent => $"agent {agent.Name}{(agent.NextHop.Length > 0 ? $", next hop {agent.NextHop}" : "")}",
        Target.Discard => "thrown away",
        Target.Failure failure => $"{(failure.Reply.IsPermanent ? "refused" : "put off")}: {failure.Reply}",
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };

    private async Task<ExplainedRecipient> WithHostsAsync(ExplainedRecipient recipient, NextHop hops, CancellationToken cancellationToken)
    {
        List<ExplainedRecipient> each = [];
        foreach (NextHop hop in hops.All)
        {
            each.Add(await WithHostsOfOneAsync(recipient, hop, cancellationToken));
        }
        return each.Count == 1 ? each[0] : recipient with
        {
            Hosts = [.. each.Zip(hops.All).SelectMany(e => e.First.Failure is { } failure && e.First.Hosts.Count == 0 ? [Unreachable(e.Second, failure)] : e.First.Hosts)],
            Failure = each.TrueForAll(e => e.Failure is not null) ? (each.Find(e => e.Failure is { IsPermanent: false }) ?? each[0]).Failure : null,
            StsFailure = each.Find(e => e.StsFailure is not null)?.StsFailure,
        };
    }

    private static ExplainedHost Unreachable(NextHop hop, SmtpReply failure) =>
        new(null, hop.ToString(), failure.ToString(), failure.IsPermanent ? ExitCodes.Refused : ExitCodes.TemporaryFailure);

    private async Task<ExplainedRecipient> WithHostsOfOneAsync(ExplainedRecipient recipient, NextHop hop, CancellationToken cancellationToken)
    {
        if (hop.Socket is { } socket)
        {
            return recipient with { Hosts = [new ExplainedHost(null, socket, "") { Tls = "none", Why = "a socket of this machine" }] };
        }
        RemoteExplanation told = await _remote.ExplainAsync(hop, cancellationToken);
        IReadOnlyList<MxRecord> records = hop.Domain is [not '[', ..] domain ? (await resolver.ResolveMxAsync(domain, cancellationToken)).Records : [];
        List<ExplainedHost> hosts = [];
        foreach (HostExplanation host in told.Hosts)
        {
            int code = host.Policy == RemoteTlsExplainer.Refused ? ExitCodes.TemporaryFailure : ExitCodes.Ok;
            string why = (hop.ImplicitTls ? "from the first octet; " : "") + host.Why;
            hosts.Add(new ExplainedHost(records.FirstOrDefault(r => IsSame(r, host.Host))?.Preference, host.Host, string.Join(", ", host.Addresses), code) { Tls = host.Policy, Why = why });
        }
        foreach (MxRecord record in records.Where(r => r.Exchange != "." && !hosts.Any(h => IsSame(r, h.Name))))
        {
            hosts.Add(await UntriedAsync(record, cancellationToken));
        }
        return recipient with
        {
            Hosts = [.. hosts.OrderBy(h => h.Preference).ThenBy(h => h.Name, StringComparer.OrdinalIgnoreCase)],
            Failure = told.Failure,
            StsFailure = told.StsFailure,
        };
    }

    private static bool IsSame(MxRecord record, string host) => record.Exchange.TrimEnd('.').Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    /// <summary>A mail exchanger that the queue passes over.</summary>
    private async Task<ExplainedHost> UntriedAsync(MxRecord record, CancellationToken cancellationToken)
    {
        const string thisHost = "this host: neither it nor any behind it is tried"; // RFC 5321 §5.1.
        string name = record.Exchange.TrimEnd('.');
        if (name.Equals(configuration.HostName, StringComparison.OrdinalIgnoreCase))
        {
            return new ExplainedHost(record.Preference, name, thisHost, ExitCodes.Refused);
        }
        DnsAnswer<IPAddress> answer = await resolver.ResolveAddressesAsync(name, cancellationToken);
        string addresses = string.Join(", ", answer.Records);
        return answer.Outcome switch
        {
            DnsOutcome.Found when answer.Records.Any(queue.OwnAddresses.Contains) => new ExplainedHost(record.Preference, name, $"{addresses}, {thisHost}", ExitCodes.Refused),
            DnsOutcome.Found => new ExplainedHost(record.Preference, name, $"{addresses}: not tried, behind this host or behind others enough", ExitCodes.Refused),
            DnsOutcome.Failed => new ExplainedHost(record.Preference, name, "the DNS gives no answer now", ExitCodes.TemporaryFailure),
            _ => new ExplainedHost(record.Preference, name, "has no address", ExitCodes.Refused),
        };
    }

    /// <summary>Mail for our domains is taken from anybody; for others from those who have logged in, or are known by their address.</summary>
    private ExplainedClient MayRelay(IPAddress client, Resolution resolution)
    {
        if (KnownBySubmission(client) is { } account)
        {
            return new ExplainedClient(client, true, $"may relay by submission, without login, as {account}", "submission.withoutLogin");
        }
        return resolution.IsUndecided ? new ExplainedClient(client, true, "is told to come again: whose the domain is cannot be found out now", null)
            : resolution.IsOurs ? new ExplainedClient(client, true, "needs no leave to relay: mail for this domain is taken from anybody", null)
            : new ExplainedClient(client, false, $"may not relay: on port {SmtpPort} only mail for our own domains is taken; by submission after login", null);
    }

    private string? KnownBySubmission(IPAddress client) => configuration.Listeners.Any(l => l.Protocol == ListenerProtocol.Submission)
        ? configuration.Submission.WithoutLogin.FirstOrDefault(e => e.Networks.Any(n => n.Contains(client)))?.Account : null;
}
