using MailAccess.Auth;

namespace MailAccess.Imap.Urls;

/// <summary>What the server must know to authorize URLs. RFC 4467.</summary>
public sealed record UrlOptions
{
    /// <summary>The server's names, as they stand in URLs; compared without case. URLs of other servers are refused.</summary>
    public required IReadOnlyList<string> HostNames { get; init; }

    /// <summary>The account that a user's name in a URL stands for, as at login, or null. May throw <see cref="IOException"/>: temporary.</summary>
    public required Func<string, CancellationToken, ValueTask<Account?>> FindAccount { get; init; }

    /// <summary>
    /// Accounts of submission servers elsewhere: they may fetch what a <c>submit+</c> URL names, and answer for the user that it names (RFC 4467
    /// §3). The submission server of this process needs none.
    /// </summary>
    public IReadOnlyList<string> Submitters { get; init; } = [];
}
