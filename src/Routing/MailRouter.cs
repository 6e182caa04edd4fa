using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>The routing pipeline.</summary>
public sealed class MailRouter(RoutingOptions options, ILocalDirectory directory) : IMailRouter
{
    private static readonly SmtpReply BadDomain = new(553, new(5, 1, 3), "the domain cannot be written in the domain name system");
    private static readonly SmtpReply NoRelay = new(550, new(5, 7, 1), "mail to other domains is not delivered here");

    private readonly LocalRecipients _local = new(directory, options);

    /// <inheritdoc/>
    public ValueTask<bool> AcceptsDomainAsync(MailPath recipient, CancellationToken cancellationToken) => new(_local.IsLocal(recipient));

    /// <inheritdoc/>
    public async ValueTask<Resolution> ResolveAsync(RoutingRequest request, CancellationToken cancellationToken)
    {
        Target target = _local.IsLocal(request.Recipient) ? await LocalAsync(request.Recipient, cancellationToken) : Remote(request.Recipient.Domain);
        return new Resolution([new RoutedRecipient { Path = request.Recipient, Target = target }], []);
    }

    private async ValueTask<Target> LocalAsync(MailPath recipient, CancellationToken cancellationToken)
    {
        LocalLookUp found = await _local.FindAsync(recipient, cancellationToken);
        return found.Outcome switch
        {
            LocalOutcome.Found => new Target.Mailbox(found.AccountName!),
            LocalOutcome.Unknown => new Target.Failure(SmtpReplies.UnknownRecipient),
            _ => new Target.Failure(SmtpReplies.TryAgainLater),
        };
    }

    private Target Remote(string domain)
    {
        if (!MailDomain.TryNormalize(domain, out string name))
        {
            return new Target.Failure(BadDomain);
        }
        NextHop? route = options.Routes?.Invoke(name);
        return route is null && !options.RelaysOutside
            ? new Target.Failure(NoRelay)
            : new Target.Relay(route ?? options.SmartHost ?? new NextHop { Domain = name });
    }
}
