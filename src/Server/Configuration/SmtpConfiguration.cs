using System.Net;
using MailAccess.Submission;
using MailAccess.Submission.Policy;

namespace MailAccess.Server.Configuration;

/// <summary>The section <c>submission</c>.</summary>
internal sealed record SubmissionConfiguration(FromPolicy From, RateLimits Rates, IReadOnlyList<string> Unlimited, IReadOnlyList<ClientsWithoutLogin> WithoutLogin)
{
    // RFC 4865 §3: nine digits of seconds.
    private static readonly TimeSpan FutureReleaseLimit = TimeSpan.FromSeconds(999_999_999);

    public required TimeSpan FutureReleaseMax { get; init; }

    public required int PriorityMax { get; init; }

    public required bool AnswersVrfy { get; init; }

    public static SubmissionConfiguration Read(ConfigurationView view, string file, List<ConfigurationError> errors)
    {
        List<ClientsWithoutLogin> clients = [];
        foreach (ConfigurationView entry in view.Sections(SmtpSettings.WithoutLogin))
        {
            IReadOnlyList<IPNetwork> networks = entry.Get(SmtpSettings.ClientNetworks);
            if (networks.Count == 0 || networks.Any(n => n.PrefixLength == 0))
            {
                errors.Add(entry.Error(file, SmtpSettings.ClientNetworks, "must name networks, and not the whole Internet: whoever is there may send"));
            }
            clients.Add(new ClientsWithoutLogin(networks, entry.Get(SmtpSettings.ClientAccount)));
        }
        TimeSpan release = view.Get(SmtpSettings.FutureReleaseMax);
        if (release > FutureReleaseLimit || (release > TimeSpan.Zero && release < TimeSpan.FromSeconds(1)))
        {
            errors.Add(view.Error(file, SmtpSettings.FutureReleaseMax, "must be 0s, or from 1s to 999999999s (RFC 4865 §3)"));
        }
        return new SubmissionConfiguration(
            view.Get(SmtpSettings.FromHeader) switch
            {
                FromHeaderRule.AddSender => FromPolicy.AddSender,
                FromHeaderRule.Allow => FromPolicy.Allow,
                _ => FromPolicy.Reject,
            },
            new RateLimits { Messages = view.Get(SmtpSettings.AccountMessages), Recipients = view.Get(SmtpSettings.AccountRecipients) },
            view.Get(SmtpSettings.UnlimitedAccounts),
            clients)
        {
            FutureReleaseMax = release,
            PriorityMax = view.Get(SmtpSettings.PriorityMax),
            AnswersVrfy = view.Get(SmtpSettings.AnswersVrfy),
        };
    }
}

/// <summary>submission.withoutLogin</summary>
internal sealed record ClientsWithoutLogin(IReadOnlyList<IPNetwork> Networks, string Account);

/// <summary>The section <c>exchange</c>.</summary>
internal sealed record ExchangeConfiguration(TimeSpan GreetingDelay, RateLimits Rates, bool LooksForNames, IReadOnlyList<IPNetwork> Trusted)
{
    private static readonly TimeSpan GreetingDelayMax = TimeSpan.FromMinutes(1);

    public static ExchangeConfiguration Read(ConfigurationView view, string file, List<ConfigurationError> errors)
    {
        if (view.Get(SmtpSettings.GreetingDelay) > GreetingDelayMax)
        {
            errors.Add(view.Error(file, SmtpSettings.GreetingDelay, "must be at most 1m: servers do not wait for ever"));
        }
        return new ExchangeConfiguration(
            view.Get(SmtpSettings.GreetingDelay),
            new RateLimits
            {
                Connections = view.Get(SmtpSettings.NetworkConnections),
                Messages = view.Get(SmtpSettings.NetworkMessages),
                Recipients = view.Get(SmtpSettings.NetworkRecipients),
            },
            view.Get(SmtpSettings.ClientNames),
            view.Get(SmtpSettings.Trusted));
    }
}
