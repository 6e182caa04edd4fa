using Microsoft.Extensions.Logging;

namespace MailAccess.Directories;

/// <summary>All log messages of this project. Nothing of a password is ever an argument here.</summary>
internal static partial class Log
{
    [LoggerMessage(40, LogLevel.Warning, "{Source}: {Account} has mail but cannot log in: {Problem}")]
    public static partial void LoginDisabled(ILogger log, string source, string account, string problem);

    [LoggerMessage(41, LogLevel.Warning, "{Source}: {Account} is left out: {Problem}")]
    public static partial void AccountSkipped(ILogger log, string source, string account, string problem);
}
