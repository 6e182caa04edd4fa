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
}
