using MailAccess.Dns;
using MailAccess.Routing;

namespace MailAccess.Server.Hosting;

/// <summary>Asks the DNS whether this host is among a domain's mail exchangers.</summary>
internal sealed class MailExchangers(IResolver resolver, string hostName) : IMailExchangers
{
    public async ValueTask<bool?> AreWeAmongAsync(string domain, CancellationToken cancellationToken)
    {
        DnsAnswer<MxRecord> answer = await resolver.ResolveMxAsync(domain, cancellationToken);
        return answer.Outcome == DnsOutcome.Failed ? null
            : answer.Records.Any(r => r.Exchange.TrimEnd('.').Equals(hostName, StringComparison.OrdinalIgnoreCase));
    }
}
