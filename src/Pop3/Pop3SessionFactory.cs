using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Pop3;

/// <summary>Runs POP3 sessions over connections. Thread-safe; one for all listeners of the protocol.</summary>
public sealed class Pop3SessionFactory(
    IAuthenticator authenticator, IMailStore store, Pop3Options options, Pop3Limits limits, TimeProvider clock, ILogger logger)
{
    internal Pop3Options Options => options;

    internal LoginDelays LoginDelays { get; } = new(options.LoginDelay, clock);

    internal IAuthenticator Authenticator => authenticator;

    internal IMailStore Store => store;

    internal Pop3Limits Limits => limits;

    internal ILogger Logger => logger;

    /// <summary>One conversation from greeting to end. Never throws; the connection stays the caller's, to be closed.</summary>
    public async Task<SessionEnd> RunAsync(IConnection connection)
    {
        await using Pop3Session session = new(connection, this);
        try
        {
            return await session.RunAsync();
        }
        catch (IOException)
        {
            return SessionEnd.ClientGone;
        }
#pragma warning disable CA1031 // The session's boundary: a bug of ours ends this connection and no other.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            Log.SessionFault(logger, bug, connection.Id);
            return await session.SayFaultAsync();
        }
    }
}
