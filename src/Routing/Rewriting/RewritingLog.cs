using Microsoft.Extensions.Logging;

namespace MailAccess.Routing;

/// <summary>Log messages of rewriting.</summary>
internal static partial class RewritingLog
{
    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "addresses cannot be rewritten, a message has to wait: {Reason}")]
    public static partial void RewritingFailed(ILogger logger, string reason);
}
