using Microsoft.Extensions.Logging;

namespace MailAccess.Tables;

/// <summary>All log messages of this project. Nothing of a table's content is an argument but what an error has to quote.</summary>
internal static partial class Log
{
    [LoggerMessage(60, LogLevel.Warning, "{Place}: {Problem}; what the table said before stays in force")]
    public static partial void ReloadRefused(ILogger log, TablePlace place, string problem);

    [LoggerMessage(61, LogLevel.Warning, "{Path}: {Problem}; what the table said before stays in force")]
    public static partial void ReloadFailed(ILogger log, string path, string problem);

    [LoggerMessage(62, LogLevel.Warning, "{Place}: {Problem}")]
    public static partial void Suspicious(ILogger log, TablePlace place, string problem);

    [LoggerMessage(63, LogLevel.Information, "{Path}: read again, entries={Entries}")]
    public static partial void Reloaded(ILogger log, string path, int entries);
}
