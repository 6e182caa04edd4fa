using System.Net;
using MailAccess.Auth;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission;

/// <summary>All that this project logs. The connection's id comes first; no password, no message text.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Information, "{ConnectionId}: authenticated as {Account} from {Remote}")]
    public static partial void Authenticated(this ILogger log, string connectionId, string account, IPAddress remote);

    [LoggerMessage(5002, LogLevel.Information, "{ConnectionId}: authentication failed from {Remote}: {Failure}")]
    public static partial void AuthenticationFailed(this ILogger log, string connectionId, IPAddress remote, AuthenticationFailure failure);

    [LoggerMessage(5003, LogLevel.Information, "{ConnectionId}: message {MessageId} from <{Sender}> to {Recipients} recipients, {Octets} octets: {Reply}")]
    public static partial void MessageEnded(
        this ILogger log, string connectionId, string messageId, string sender, int recipients, long octets, string reply);

    // Of the shape that fail2ban's filter "postfix" looks for; a test runs it. Nothing that the client chose stands before its address.
    [LoggerMessage(5007, LogLevel.Information, "NOQUEUE: reject: RCPT from unknown[{Remote}]: {Code} {EnhancedCode} <{Recipient}>: {Reason}; from=<{Sender}> to=<{Recipient}> proto={Protocol} helo=<{Hello}> session={ConnectionId}")]
    public static partial void RecipientRejected(
        this ILogger log, IPAddress remote, int code, string enhancedCode, string recipient, string reason, string sender, string protocol, string hello, string connectionId);

    [LoggerMessage(5004, LogLevel.Warning, "{ConnectionId}: the store or spool failed")]
    public static partial void SinkFailed(this ILogger log, string connectionId, Exception failure);

    [LoggerMessage(5006, LogLevel.Warning, "{ConnectionId}: the account source failed")]
    public static partial void AccountsFailed(this ILogger log, string connectionId, Exception failure);

    [LoggerMessage(5012, LogLevel.Information, "{ConnectionId}: {Peer} exceeds its rate of {What}: {Count} in {Period}")]
    public static partial void RateExceeded(this ILogger log, string connectionId, string peer, string what, int count, TimeSpan period);

    [LoggerMessage(5011, LogLevel.Warning, "{ConnectionId}: what a URL names could not be read")]
    public static partial void UrlFailed(this ILogger log, string connectionId, Exception failure);

    [LoggerMessage(5010, LogLevel.Information, "{ConnectionId}: priority {Asked} asked for, {Granted} granted")]
    public static partial void PriorityAsked(this ILogger log, string connectionId, int asked, int granted);

    [LoggerMessage(5008, LogLevel.Information, "{ConnectionId}: speaks for another client: {Attributes}")]
    public static partial void ClientOverridden(this ILogger log, string connectionId, ClientAttributes attributes);

    [LoggerMessage(5009, LogLevel.Information, "{ConnectionId}: forwards for another client: {Attributes}")]
    public static partial void ClientForwarded(this ILogger log, string connectionId, ClientAttributes attributes);

    [LoggerMessage(5005, LogLevel.Error, "{ConnectionId}: internal error")]
    public static partial void SessionFault(this ILogger log, string connectionId, Exception bug);
}
