using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Store.Access;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap;

/// <summary>What all sessions share.</summary>
internal sealed record ImapServices(IAuthenticator Authenticator, IMailStore Store, ImapOptions Options, TimeProvider Clock, ILogger Log)
{
    /// <summary>Bounds.</summary>
    public ImapLimits Limits => Options.Limits;

    /// <summary>LIST-MYRIGHTS is nothing without ACL, nor without extended LIST. RFC 8440 §3.</summary>
    public bool ListsMyRights => Store is AccessMailStore { Sharing: not null }
        && !IsDisabled("ACL") && !IsDisabled("LIST-EXTENDED") && !IsDisabled("LIST-MYRIGHTS");

    /// <summary>Neither announced nor served.</summary>
    public bool IsDisabled(string? capability) =>
        capability is not null && Options.DisabledCapabilities.Contains(capability, StringComparer.OrdinalIgnoreCase);
}
