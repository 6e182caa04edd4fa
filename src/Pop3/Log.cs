using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Pop3;

/// <summary>All log messages of this project.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Id} pop3 user={User} retrieved {Retrieved} deleted {Deleted} of {Messages} messages")]
    public static partial void Summary(ILogger logger, string id, string user, int retrieved, int deleted, int messages);

    [LoggerMessage(2, LogLevel.Warning, "{Id} pop3 user={User}: the store could not {Operation}: {Error}")]
    public static partial void StoreFailed(ILogger logger, string id, string user, string operation, StoreError error);

    [LoggerMessage(3, LogLevel.Error, "{Id} pop3 session failed")]
    public static partial void SessionFault(ILogger logger, Exception exception, string id);

    [LoggerMessage(4, LogLevel.Warning, "{Id} pop3 user={User}: a message could not be read to its end: hung up")]
    public static partial void MessageCutOff(ILogger logger, string id, string user);
}
