using MailAccess.Imap.Urls;

namespace MailAccess.Imap;

/// <summary>What an administrator may choose for IMAP.</summary>
public sealed record ImapOptions
{
    /// <summary>
    /// Capabilities not announced and not served, as they would be announced (<c>IDLE</c>). RFC 2971 forbids deciding by
    /// the client's ID, so this is the way around a client that an extension breaks. What RFC 3501 demands cannot be switched off.
    /// </summary>
    public IReadOnlyList<string> DisabledCapabilities { get; init; } = [];

    /// <summary>
    /// A client that has not enabled UTF8=ACCEPT is shown surrogates (RFC 6858) of messages with UTF-8 in their headers, and cannot append such
    /// messages (RFC 6855 §4). Else it has them as they are, as with other servers: what moves or keeps mail for people gets it unchanged.
    /// </summary>
    public bool DowngradesHeaders { get; init; }

    /// <summary>What ID tells of the server, RFC 2971 §3.3; empty: NIL.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> IdFields { get; init; } = [new("name", "MailAccess")];

    /// <summary>What is needed to authorize URLs (RFC 4467); null: that is not offered.</summary>
    public UrlOptions? Urls { get; init; }

    /// <summary>Bounds.</summary>
    public ImapLimits Limits { get; init; } = new();
}
