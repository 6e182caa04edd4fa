using MailAccess.Auth;

namespace MailAccess.Imap.Urls;

/// <summary>What the submission server of the same process fetches by URL for those who have logged in to it. RFC 4468. Thread-safe.</summary>
public sealed class SubmissionUrls
{
    private readonly UrlFetcher _fetcher;

    internal SubmissionUrls(UrlFetcher fetcher) => _fetcher = fetcher;

    /// <summary>
    /// The arguments of BURL in the answer to EHLO: authorized URLs, and by the server's names also the account's own URLs as they are (RFC 4468
    /// §3.3). Null: authorizing URLs is switched off for this account.
    /// </summary>
    public string? OfferTo(Account account) =>
        UrlFetcher.IsOffFor(account) ? null : string.Join(' ', _fetcher.HostNames.Select(h => "imap://" + h).Prepend("imap"));

    /// <summary>What the URL names; the caller's. Of other accounts' mail only what they have authorized him to send, or anybody to read.</summary>
    public async ValueTask<(AuthorizedContent? Content, UrlRefusal Refusal)> OpenAsync(ReadOnlyMemory<byte> url, Account account)
    {
        (OpenedUrl? opened, UrlRefusal refusal) = await _fetcher.OpenAsync(url, new UrlReader(account.Name, IsSubmission: true), takesPlain: true);
        return (opened is null ? null : new AuthorizedContent(opened), refusal);
    }
}

/// <summary>The octets that a URL names. Holds its mailbox open until it is disposed.</summary>
public sealed class AuthorizedContent : IAsyncDisposable
{
    private readonly OpenedUrl _opened;

    internal AuthorizedContent(OpenedUrl opened) => _opened = opened;

    /// <summary>How many.</summary>
    public long Octets => _opened.Content!.Octets;

    /// <summary>Fills the destination as far as there are octets from the offset on; 0 at the end, or where they are gone. Throws <see cref="IOException"/>.</summary>
    public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        _opened.Content!.ReadAsync(offset, destination, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _opened.DisposeAsync();
}
