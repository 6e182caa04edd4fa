using System.Net;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire;

/// <summary>All log messages of this project. What a client does is never above Information.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listener {Listener} listens at {EndPoint}")]
    public static partial void Listening(ILogger logger, string listener, EndPoint endPoint);

    [LoggerMessage(2, LogLevel.Debug, "{Id} {Listener} connection from {Remote}")]
    public static partial void Accepted(ILogger logger, string id, string listener, IPEndPoint remote);

    [LoggerMessage(3, LogLevel.Information,
        "{Id} {Listener} {Remote} ended: {Reason} after {Seconds:F1} s, {OctetsIn} octets in, {OctetsOut} out, TLS {Tls}")]
    public static partial void Ended(
        ILogger logger, string id, string listener, IPEndPoint remote, SessionEnd reason, double seconds, long octetsIn, long octetsOut, string tls);

    [LoggerMessage(4, LogLevel.Debug, "{Id} TLS handshake failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, string id, string reason);

    [LoggerMessage(5, LogLevel.Information, "{Id} plaintext was waiting behind the TLS upgrade: hung up")]
    public static partial void Injection(ILogger logger, string id);

    [LoggerMessage(6, LogLevel.Information, "{Listener} refused {Address}: {Limit}")]
    public static partial void Refused(ILogger logger, string listener, IPAddress address, string limit);

    [LoggerMessage(7, LogLevel.Information, "{Id} {Listener} no valid PROXY header from {Address}")]
    public static partial void ProxyHeaderInvalid(ILogger logger, string id, string listener, IPAddress address);

    [LoggerMessage(8, LogLevel.Warning, "Listener {Listener} cannot accept: {Error}")]
    public static partial void AcceptFailed(ILogger logger, string listener, string error);

    [LoggerMessage(9, LogLevel.Error, "{Id} {Listener} session failed")]
    public static partial void SessionFault(ILogger logger, Exception exception, string id, string listener);

    [LoggerMessage(10, LogLevel.Information, "Stopping: {Connections} connections are asked to end within {Seconds} s")]
    public static partial void Stopping(ILogger logger, int connections, double seconds);

    [LoggerMessage(11, LogLevel.Information, "Grace period over: {Connections} connections are aborted")]
    public static partial void Aborting(ILogger logger, int connections);

    [LoggerMessage(12, LogLevel.Error, "{Connections} sessions did not end although their connections were cut")]
    public static partial void SessionsStuck(ILogger logger, int connections);

    [LoggerMessage(13, LogLevel.Debug, "{Id} took no output for too long: aborted")]
    public static partial void OutputTimeout(ILogger logger, string id);

    [LoggerMessage(14, LogLevel.Debug, "{Id} connection lost: {Reason}")]
    public static partial void Lost(ILogger logger, string id, string reason);

    [LoggerMessage(15, LogLevel.Information, "{Id} the client's certificate is not accepted: {Reason}")]
    public static partial void ClientCertificateRefused(ILogger logger, string id, string reason);
}
