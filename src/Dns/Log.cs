using System.Net;
using Microsoft.Extensions.Logging;

namespace MailAccess.Dns;

/// <summary>Everything this project says.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Server} for {Name} {Type}: {ResponseCode}, no use")]
    public static partial void ServerFailed(ILogger logger, IPEndPoint server, string name, DnsType type, DnsResponseCode? responseCode);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "look-up of {Name} {Type} failed: no server answered it")]
    public static partial void LookUpFailed(ILogger logger, string name, DnsType type);
}
