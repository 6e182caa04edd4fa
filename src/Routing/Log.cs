using Microsoft.Extensions.Logging;

namespace MailAccess.Routing;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "table {Table} cannot be asked: {Problem}; mail that needs it waits")]
    public static partial void TableFailed(ILogger log, string table, string? problem);

    [LoggerMessage(2, LogLevel.Warning, "{Place}: {Problem}; mail that needs it waits")]
    public static partial void TableWrong(ILogger log, string place, string problem);

    [LoggerMessage(3, LogLevel.Warning, "{File} is not honoured: {Problem}")]
    public static partial void ForwardIgnored(ILogger log, string file, string problem);

    [LoggerMessage(4, LogLevel.Warning, "{Address}: {Problem}; its mail waits")]
    public static partial void BadExpansion(ILogger log, string address, string problem);

    [LoggerMessage(5, LogLevel.Warning, "addresses cannot be rewritten, a message has to wait: {Reason}")]
    public static partial void RewritingFailed(ILogger log, string reason);

    [LoggerMessage(6, LogLevel.Warning, "{Address}: mail loops: {Chain}")]
    public static partial void Loop(ILogger log, string address, string chain);
}
