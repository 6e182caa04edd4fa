using MailAccess.Auth;
using MailAccess.Imap;
using MailAccess.Imap.Urls;
using MailAccess.Pop3;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Submission;
using MailAccess.Submission.Policy;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>One session factory for each protocol, shared by all its listeners.</summary>
internal sealed class SessionFactories
{
    private readonly Dictionary<ListenerProtocol, Func<IConnection, ListenerConfiguration, Task<SessionEnd>>> _sessions;

    public SessionFactories(
        ServerConfiguration configuration, IAuthenticator authenticator, AccessMailStore access, IMailStore mail, IMailSink sink, IAccountDirectory accounts,
        IClientNames names, TimeProvider clock, ILoggerFactory loggers)
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
        Pop3SessionFactory pop3Sessions = new(
            authenticator, mail, configuration.Pop3, new Pop3Limits { IdleTimeout = limits.Pop3IdleTimeout }, clock, loggers.CreateLogger("MailAccess.Pop3"));
        _sessions = new()
        {
            [ListenerProtocol.Imap] = (connection, _) => imapSessions.RunAsync(connection),
            [ListenerProtocol.Pop3] = (connection, _) => pop3Sessions.RunAsync(connection),
            [ListenerProtocol.Submission] = Smtp(configuration.Queue.RelayOutside ? SubmissionRole.Submission : SubmissionRole.SubmissionWithoutRelay, authenticator),
            [ListenerProtocol.Smtp] = Smtp(SubmissionRole.Exchange, null),
            [ListenerProtocol.Lmtp] = Smtp(SubmissionRole.Lmtp, null),
        };

        Func<IConnection, ListenerConfiguration, Task<SessionEnd>> Smtp(SubmissionRole role, IAuthenticator? logins)
        {
            SubmissionConfiguration submission = configuration.Submission;
            SubmissionOptions options = new()
            {
                Role = role,
                HostName = configuration.HostName,
                From = submission.From,
                Rates = role == SubmissionRole.Exchange ? configuration.Exchange.Rates : submission.Rates,
                Trusted = configuration.Exchange.Trusted,
                ClientNames = role == SubmissionRole.Exchange && configuration.Exchange.LooksForNames ? names : null,
                UnlimitedAccounts = submission.Unlimited,
                TrustedClients = logins is null || submission.WithoutLogin.Count == 0 ? null : new TrustedClients(submission.WithoutLogin, accounts),
                DetailDelimiter = configuration.RecipientDelimiter,
                AnswersVrfy = submission.AnswersVrfy,
                Domains = configuration.Domains,
                FindAccount = async (login, token) => (await accounts.FindByLoginAsync(login, token))?.Account,
            };
            SubmissionLimits bounds = new()
            {
                RecipientsMax = limits.Recipients,
                EarlyTalkerDelay = configuration.Exchange.GreetingDelay,
                FutureReleaseMax = submission.FutureReleaseMax,
                PriorityMax = submission.PriorityMax,
            };
            SubmissionSessionFactory sessions = new(options, sink, logins, bounds, clock, loggers.CreateLogger("MailAccess." + role.Name), urls);
            return (connection, listener) => sessions.RunAsync(connection, new SubmissionListener { Proxies = listener.XclientFrom, BareLineEnds = listener.BareLineEnds });
        }
    }

    public Func<IConnection, Task<SessionEnd>> For(ListenerConfiguration listener)
    {
        Func<IConnection, ListenerConfiguration, Task<SessionEnd>> run = _sessions[listener.Protocol];
        return connection => run(connection, listener);
    }
}
