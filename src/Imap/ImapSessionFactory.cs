using MailAccess.Auth;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Urls;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap;

/// <summary>Runs IMAP4rev1 sessions over connections. Thread-safe; one for all listeners of the protocol.</summary>
public sealed class ImapSessionFactory(IAuthenticator authenticator, IMailStore store, ImapOptions options, TimeProvider clock, ILogger log)
{
    private readonly ImapServices _services = new(authenticator, store, options, clock, log)
    {
        Urls = options.Urls is { } urls && store is AccessMailStore access ? new UrlFetcher(access, urls, options.Limits, clock) : null,
    };

    /// <summary>What users may send of their mail without uploading it; null where URLs cannot be authorized.</summary>
    public SubmissionUrls? Urls => _services.IsDisabled(UrlCommands.Capability) ? null : new SubmissionUrls(_services.Urls!);

    /// <summary>One conversation from greeting to end. Never throws; the connection stays the caller's, to be closed.</summary>
    public async Task<SessionEnd> RunAsync(IConnection connection)
    {
        await using ImapSession session = new(connection, _services);
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
            log.SessionFault(connection.Id, bug);
            return await session.SayFaultAsync();
        }
    }
}
