using Microsoft.Extensions.Logging;

namespace MailAccess.Imap;

/// <summary>What IMAP sessions log. Never a password, a SASL message or mail.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "{Connection}: {Account} logged in over IMAP")]
    public static partial void LoggedIn(this ILogger log, string connection, string account);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "{Connection}: IMAP login failed: {Reason}")]
    public static partial void LoginFailed(this ILogger log, string connection, Auth.AuthenticationFailure reason);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "{Connection}: mail of {Account} cannot be opened: {Error}")]
    public static partial void AccountUnavailable(this ILogger log, string connection, string account, Store.StoreError error);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Debug, Message = "{Connection}: client is {Id}")]
    public static partial void ClientId(this ILogger log, string connection, string id);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Debug, Message = "{Connection}: BAD: {Text}")]
    public static partial void BadCommand(this ILogger log, string connection, string text);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Warning,
        Message = "{Connection}: message {Uid} of {Mailbox} is shorter than its index says; connection cut")]
    public static partial void MessageShrank(this ILogger log, string connection, uint uid, string mailbox);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Error, Message = "{Connection}: IMAP session failed")]
    public static partial void SessionFault(this ILogger log, string connection, Exception bug);
}
