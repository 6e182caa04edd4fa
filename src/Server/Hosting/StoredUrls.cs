using MailAccess.Auth;
using MailAccess.Imap.Urls;
using MailAccess.Submission;

namespace MailAccess.Server.Hosting;

/// <summary>Gives the submission server what URLs name in this server's own mailboxes. No connection is ever made for it.</summary>
internal sealed class StoredUrls(SubmissionUrls urls) : IMessageUrls
{
    public string? OfferTo(Account account) => urls.OfferTo(account);

    public async ValueTask<MessageUrlResult> OpenAsync(ReadOnlyMemory<byte> url, Account account, CancellationToken cancellationToken)
    {
        (AuthorizedContent? content, UrlRefusal refusal) = await urls.OpenAsync(url, account);
        return new MessageUrlResult(content is null ? null : new Content(content), ToProblem(refusal));
    }

    private static MessageUrlProblem ToProblem(UrlRefusal refusal) => refusal switch
    {
        UrlRefusal.None => MessageUrlProblem.None,
        UrlRefusal.Malformed => MessageUrlProblem.Malformed,
        UrlRefusal.OtherServer => MessageUrlProblem.OtherServer,
        UrlRefusal.NotAuthorized => MessageUrlProblem.NotAuthorized,
        UrlRefusal.NotFound => MessageUrlProblem.NotAvailable,
        UrlRefusal.Unavailable => MessageUrlProblem.Temporary,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal)),
    };

    private sealed class Content(AuthorizedContent content) : IUrlContent
    {
        public long Octets => content.Octets;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
            content.ReadAsync(offset, destination, cancellationToken);

        public ValueTask DisposeAsync() => content.DisposeAsync();
    }
}
