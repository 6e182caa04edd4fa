using MailAccess.Auth;
using MailAccess.Imap;
using MailAccess.Imap.Urls;
using MailAccess.Pop3;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Submission;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>One session factory for each protocol, shared by all its listeners; two where they treat bare line ends differently.</summary>
internal sealed class SessionFactories
{
    private readonly Dictionary<(ListenerProtocol, BareLineEndPolicy), Func<IConnection, Task<SessionEnd>>> _sessions;

    public SessionFactories(
        ServerConfiguration configuration, IAuthenticator authenticator, AccessMailStore access, IMailStore mail, IMailSink sink, IAccountDirectory accounts,
        TimeProvider clock, ILoggerFactory loggers)
    {
        LimitsConfiguration limits = configuration.Limits;
        ImapOptions imap = new()
        {
            DisabledCapabilities = configuration.DisabledCapabilities,
            DowngradesHeaders = configuration.DowngradesHeaders,
            IdFields = [new("name", "MailAccess")],
            Urls = new UrlOptions
            {
                HostNames = [configuration.HostName, .. configuration.UrlHostNames.Except([configuration.HostName], StringComparer.OrdinalIgnoreCase)],
                Submitters = configuration.UrlSubmitters,
                FindAccount = async (name, stop) => await accounts.FindByLoginAsync(name, stop) is { } found
                    && found.Credential != StoredCredential.Disabled ? found.Account : null, // Who may not log in authorizes nothing.
            },
            Limits = new ImapLimits
            {
                IdleTimeout = limits.ImapIdleTimeout,
                AppendOctetsMax = configuration.Mail.MessageSizeMax,
                MessagesPerCommandMax = configuration.MessagesPerCommandMax,
                SavesPerCommandMax = configuration.SavesPerCommandMax,
            },
        };
        ImapSessionFactory imapSessions = new(authenticator, access, imap, clock, loggers.CreateLogger("MailAccess.Imap"));
        IMessageUrls? urls = imapSessions.Urls is { } ofMailboxes ? new StoredUrls(ofMailboxes) : null;
        _sessions = new()
        {
            [(ListenerProtocol.Imap, BareLineEndPolicy.Refuse)] = imapSessions.RunAsync,
            [(ListenerProtocol.Pop3, BareLineEndPolicy.Refuse)] = new Pop3SessionFactory(
                authenticator, mail, configuration.Pop3, new Pop3Limits { IdleTimeout = limits.Pop3IdleTimeout }, clock, loggers.CreateLogger("MailAccess.Pop3")).RunAsync,
        };
        foreach (BareLineEndPolicy bareLineEnds in Enum.GetValues<BareLineEndPolicy>())
        {
            SubmissionRole submission = configuration.Queue.RelayOutside ? SubmissionRole.Submission : SubmissionRole.SubmissionWithoutRelay;
            _sessions[(ListenerProtocol.Submission, bareLineEnds)] = Smtp(submission, authenticator, bareLineEnds);
            _sessions[(ListenerProtocol.Smtp, bareLineEnds)] = Smtp(SubmissionRole.Exchange, null, bareLineEnds);
            _sessions[(ListenerProtocol.Lmtp, bareLineEnds)] = Smtp(SubmissionRole.Lmtp, null, bareLineEnds);
        }

        Func<IConnection, Task<SessionEnd>> Smtp(SubmissionRole role, IAuthenticator? logins, BareLineEndPolicy bareLineEnds)
        {
            SubmissionConfiguration submission = configuration.Submission;
            SubmissionOptions options = new()
            {
                Role = role,
                HostName = configuration.HostName,
                From = submission.From,
                Rates = role == SubmissionRole.Exchange ? configuration.Exchange.Rates : submission.Rates,
                Trusted = configuration.Exchange.Trusted,
                UnlimitedAccounts = submission.Unlimited,
                TrustedClients = logins is null || submission.WithoutLogin.Count == 0 ? null : new TrustedClients(submission.WithoutLogin, accounts),
                BareLineEnds = bareLineEnds,
                DetailDelimiter = configuration.RecipientDelimiter,
            };
            SubmissionLimits bounds = new() { RecipientsMax = limits.Recipients, EarlyTalkerDelay = configuration.Exchange.GreetingDelay };
            return new SubmissionSessionFactory(options, sink, logins, bounds, clock, loggers.CreateLogger("MailAccess." + role.Name), urls).RunAsync;
        }
    }

    public Func<IConnection, Task<SessionEnd>> For(ListenerConfiguration listener) => _sessions[(listener.Protocol, listener.BareLineEnds)];
}
