using MailAccess.Smtp;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Everything this project says; deliveries in the words that readers of maillog know.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Id}: unfinished {Suffix} file removed")]
    public static partial void OrphanSwept(ILogger logger, SpoolId id, string suffix);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Id}: error: the spool files are damaged and were left as they are (content file present: {HasContent})")]
    public static partial void SpoolDamaged(ILogger logger, SpoolId id, bool hasContent);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Id}: warning: spool")]
    public static partial void SpoolFailed(ILogger logger, SpoolId id, IOException exception);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "queue started: {Count} messages")]
    public static partial void Started(ILogger logger, int count);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "queue stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(EventId = 6, Level = LogLevel.Information, Message = "{Id}: client={Client}, proto={Protocol}, session={Connection}, account={Account}")]
    public static partial void Received(ILogger logger, SpoolId id, System.Net.IPAddress? client, string protocol, string? connection, string? account);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "{Id}: from=<{Sender}>, size={Octets}, nrcpt={Recipients} (queue active)")]
    public static partial void Active(ILogger logger, SpoolId id, MailPath sender, long octets, int recipients);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information, Message = "{Id}: to=<{Recipient}>, relay={Relay}, delay={DelaySeconds}, dsn={Dsn}, status={Status} ({Reply})")]
    public static partial void Recipient(ILogger logger, SpoolId id, MailPath recipient, string relay, double delaySeconds, EnhancedCode dsn, string status, SmtpReply? reply);

    [LoggerMessage(EventId = 9, Level = LogLevel.Information, Message = "{Id}: removed")]
    public static partial void Removed(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 10, Level = LogLevel.Information, Message = "{Id}: sender {Kind} notification: {NotificationId}")]
    public static partial void Notified(ILogger logger, SpoolId id, NotificationKind kind, SpoolId notificationId);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "{Id}: double bounce: a message without sender cannot be returned")]
    public static partial void DoubleBounce(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information, Message = "{Id}: reject: {Reply}; from=<{Sender}>")]
    public static partial void Refused(ILogger logger, SpoolId id, SmtpReply reply, MailPath sender);

    [LoggerMessage(EventId = 13, Level = LogLevel.Error, Message = "{Id}: error: the message could not be worked on; it stays in the queue")]
    public static partial void WorkerFailed(ILogger logger, SpoolId id, Exception exception);

    [LoggerMessage(EventId = 14, Level = LogLevel.Error, Message = "{Id}: error: the message is in the schedule but cannot be read from the spool")]
    public static partial void Unreadable(ILogger logger, SpoolId id);

    [LoggerMessage(EventId = 17, Level = LogLevel.Error, Message = "messages cannot be moved from the spool's journal into files; tried again later")]
    public static partial void JournalStuck(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 18, Level = LogLevel.Error, Message = "{Name} in the spool is damaged; it is left alone")]
    public static partial void SegmentDamaged(ILogger logger, string name);

    [LoggerMessage(EventId = 19, Level = LogLevel.Error, Message = "{Octets} octets of the spool's journal are damaged and may have held a message; they are kept as {Aside}")]
    public static partial void RecordDamaged(ILogger logger, int octets, string aside);

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "{Trust} TLS connection established to {Peer}: {Protocol} with cipher {Cipher} ({Why})")]
    public static partial void Encrypted(ILogger logger, PeerTrust trust, string peer, string protocol, string cipher, string why);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "no TLS connection to {Peer}: {Problem} ({Why})")]
    public static partial void NotEncrypted(ILogger logger, string peer, string problem, string why);

    [LoggerMessage(EventId = 42, Level = LogLevel.Information, Message = "MTA-STS: the policy of {Domain} could not be fetched: {Reason}")]
    public static partial void PolicyNotFetched(ILogger logger, string domain, string? reason);

    [LoggerMessage(EventId = 43, Level = LogLevel.Warning, Message = "MTA-STS: warning: the policy of {Domain} could not be refreshed: {Reason}; the one that is kept holds until {Ends}")]
    public static partial void PolicyNotRefreshed(ILogger logger, string domain, string? reason, DateTimeOffset ends);

    [LoggerMessage(EventId = 44, Level = LogLevel.Warning, Message = "MTA-STS: warning: the policy of {Domain} could not be kept on disk")]
    public static partial void PolicyNotKept(ILogger logger, string domain, Exception exception);

    [LoggerMessage(EventId = 45, Level = LogLevel.Information, Message = "TLSRPT: report about {Domain} of {Day:yyyy-MM-dd} handed to {Address}")]
    public static partial void TlsReported(ILogger logger, string domain, DateTimeOffset day, Uri address);

    [LoggerMessage(EventId = 46, Level = LogLevel.Information, Message = "TLSRPT: report about {Domain} of {Day:yyyy-MM-dd} not handed to {Address}: {Reason}")]
    public static partial void TlsNotReported(ILogger logger, string domain, DateTimeOffset day, Uri address, string reason);

    [LoggerMessage(EventId = 47, Level = LogLevel.Warning, Message = "TLSRPT: warning: the counts for reports could not be kept on disk")]
    public static partial void OutcomesNotKept(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 48, Level = LogLevel.Warning, Message = "TLS policies and reports: warning: this hour's upkeep failed")]
    public static partial void UpkeepFailed(ILogger logger, Exception exception);
}
