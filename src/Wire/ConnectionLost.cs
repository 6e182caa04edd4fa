using System.Net.Sockets;
using System.Security.Authentication;

namespace MailAccess.Wire;

/// <summary>The many ways in which the platform reports a lost connection, made one: <see cref="IOException"/>.</summary>
internal static class ConnectionLost
{
    /// <remarks>InvalidOperationException: SslStream says so when it was disposed or failed while a call was under way.</remarks>
    public static bool Explains(Exception exception) => exception
        is IOException
        or SocketException
        or ObjectDisposedException
        or AuthenticationException
        or OperationCanceledException
        or InvalidOperationException;

    public static IOException Wrap(Exception exception) =>
        exception as IOException ?? new IOException("The connection was lost.", exception);
}
