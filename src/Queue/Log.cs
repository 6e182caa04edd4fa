using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Everything this project says; deliveries in the words that readers of maillog know.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Id}: unfinished {Suffix} file removed")]
    public static partial void OrphanSwept(ILogger logger, SpoolId id, string suffix);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Id}: the spool files are damaged and were left as they are (content file present: {HasContent})")]
    public static partial void SpoolDamaged(ILogger logger, SpoolId id, bool hasContent);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Id}: the spool failed")]
    public static partial void SpoolFailed(ILogger logger, SpoolId id, IOException exception);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "queue started: {Count} messages")]
    public static partial void Started(ILogger logger, int count);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "queue stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(EventId = 6, Level = LogLevel.Information, Message = "{Id}: client={Client}{Login}, proto={Protocol}, session={Connection}")]
    public static partial void Received(ILogger logger, SpoolId id, string client, string login, string protocol, string connection);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "{Id}: from=<{Sender}>, size={Octets}, nrcpt={Recipients} (queue active)")]
    public static partial void Active(ILogger logger, SpoolId id, MailPath sender, long octets, int recipients);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information, Message = "{Id}: to=<{Recipient}>{Original}, relay={Relay}, delay={Delay}, delays={Delays}, dsn={Dsn}, status={Status} ({Reply})")]
    public static partial void Recipient(
        ILogger logger, SpoolId id, MailPath recipient, string original, string relay, string delay, string delays, EnhancedCode dsn, string status, SmtpReply? reply);

    [LoggerMessage(EventId = 9, Level = LogLevel.Information, Message = "{Id}: removed")]
    public static partial void Removed(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 10, Level = LogLevel.Information, Message = "{Id}: {Kind} notification: {NotificationId}")]
    public static partial void Notified(ILogger logger, SpoolId id, string kind, SpoolId notificationId);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "{Id}: double bounce: a message without sender cannot be returned")]
    public static partial void DoubleBounce(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information, Message = "{Id}: reject: {Reply}; from=<{Sender}>")]
    public static partial void Refused(ILogger logger, SpoolId id, SmtpReply reply, MailPath sender);

    [LoggerMessage(EventId = 13, Level = LogLevel.Error, Message = "{Id}: the message could not be worked on; it stays in the queue")]
    public static partial void WorkerFailed(ILogger logger, SpoolId id, Exception exception);

    [LoggerMessage(EventId = 14, Level = LogLevel.Error, Message = "{Id}: the message is in the schedule but cannot be read from the spool")]
    public static partial void Unreadable(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 17, Level = LogLevel.Error, Message = "messages cannot be moved from the spool's journal into files; tried again later")]
    public static partial void JournalStuck(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 18, Level = LogLevel.Error, Message = "{Name} in the spool is damaged; it is left alone")]
    public static partial void SegmentDamaged(ILogger logger, string name);

    [LoggerMessage(EventId = 19, Level = LogLevel.Error, Message = "{Octets} octets of the spool's journal are damaged and may have held a message; they are kept as {Aside}")]
    public static partial void RecordDamaged(ILogger logger, int octets, string aside);

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "The system has no user {User}; what is to be delivered with that user's rights waits")]
    public static partial void AgentUserUnknown(ILogger logger, string user);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "The system's users cannot be asked; what is to be delivered with their rights waits")]
    public static partial void AgentUsersFailed(ILogger logger, IOException exception);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning, Message = "Nothing is delivered with the rights of user {User}: it is root, or the server does not run as root and is somebody else; mail waits")]
    public static partial void AgentUserRefused(ILogger logger, string user);

    [LoggerMessage(EventId = 63, Level = LogLevel.Warning, Message = "{Id}: {Program} cannot be started: {Reason}")]
    public static partial void AgentNotStarted(ILogger logger, SpoolId id, string program, string? reason);

    [LoggerMessage(EventId = 64, Level = LogLevel.Error, Message = "{Id}: the content could not be read to its end for {Program}, which was ended")]
    public static partial void AgentContentFailed(ILogger logger, SpoolId id, string program, Exception? exception);

    [LoggerMessage(EventId = 65, Level = LogLevel.Warning, Message = "{Id}: the program of agent {Agent} is missing: {Program}")]
    public static partial void AgentProgramMissing(ILogger logger, SpoolId id, string agent, string program);

    [LoggerMessage(EventId = 67, Level = LogLevel.Warning, Message = "{Id}: the program of agent {Agent} cannot be run: {Program} ({Output})")]
    public static partial void AgentProgramBroken(ILogger logger, SpoolId id, string agent, string program, string output);

    [LoggerMessage(EventId = 66, Level = LogLevel.Warning, Message = "{Id}: no agent for {Target} is configured")]
    public static partial void AgentUnknown(ILogger logger, SpoolId id, string target);

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "{Id}: placed on hold ({Reason})")]
    public static partial void Held(ILogger logger, SpoolId id, string reason);

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message = "{Id}: released from hold")]
    public static partial void Released(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 22, Level = LogLevel.Information, Message = "{Id}: requeued")]
    public static partial void Requeued(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 23, Level = LogLevel.Information, Message = "{Id}: deleted by the administrator, from=<{Sender}>")]
    public static partial void Deleted(ILogger logger, SpoolId id, MailPath sender);

    [LoggerMessage(EventId = 24, Level = LogLevel.Information, Message = "{Id}: message-id={MessageId}")]
    public static partial void MessageId(ILogger logger, SpoolId id, string messageId);

    [LoggerMessage(EventId = 25, Level = LogLevel.Warning, Message = "the history of deliveries cannot be written; what waited for it is dropped")]
    public static partial void HistoryFailed(ILogger logger, Exception exception);

    /// <summary>Who brought it, as <c>name[address]</c>. Mail made here was brought by nobody.</summary>
    public static void Client(ILogger logger, SpoolId id, MailOrigin origin)
    {
        if (origin.Remote is { } remote)
        {
            string client = $"{origin.RemoteName ?? "unknown"}[{remote}]";
            string login = (origin.SaslMechanism is { } mechanism ? $", sasl_method={mechanism}" : "") + (origin.AccountName is { } account ? $", sasl_username={account}" : "");
            Received(logger, id, client, login, origin.Protocol, origin.ConnectionId ?? "-");
        }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "{Trust} TLS connection established to {Peer}: {Protocol} with cipher {Cipher} ({Why})")]
    public static partial void Encrypted(ILogger logger, PeerTrust trust, string peer, string protocol, string cipher, string why);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "no TLS connection to {Peer}: {Problem} ({Why})")]
    public static partial void NotEncrypted(ILogger logger, string peer, string problem, string why);

    [LoggerMessage(EventId = 42, Level = LogLevel.Information, Message = "MTA-STS: the policy of {Domain} could not be fetched: {Reason}")]
    public static partial void PolicyNotFetched(ILogger logger, string domain, string? reason);

    [LoggerMessage(EventId = 43, Level = LogLevel.Warning, Message = "MTA-STS: the policy of {Domain} could not be refreshed: {Reason}; the one that is kept holds until {Ends}")]
    public static partial void PolicyNotRefreshed(ILogger logger, string domain, string? reason, DateTimeOffset ends);

    [LoggerMessage(EventId = 44, Level = LogLevel.Warning, Message = "MTA-STS: the policy of {Domain} could not be kept on disk")]
    public static partial void PolicyNotKept(ILogger logger, string domain, Exception exception);

    [LoggerMessage(EventId = 45, Level = LogLevel.Information, Message = "TLSRPT: report about {Domain} of {Day:yyyy-MM-dd} handed to {Address}")]
    public static partial void TlsReported(ILogger logger, string domain, DateTimeOffset day, Uri address);

    [LoggerMessage(EventId = 46, Level = LogLevel.Information, Message = "TLSRPT: report about {Domain} of {Day:yyyy-MM-dd} not handed to {Address}: {Reason}")]
    public static partial void TlsNotReported(ILogger logger, string domain, DateTimeOffset day, Uri address, string reason);

    [LoggerMessage(EventId = 47, Level = LogLevel.Warning, Message = "TLSRPT: the counts for reports could not be kept on disk")]
    public static partial void OutcomesNotKept(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 48, Level = LogLevel.Warning, Message = "TLS policies and reports: this hour's upkeep failed")]
    public static partial void UpkeepFailed(ILogger logger, Exception exception);
}
