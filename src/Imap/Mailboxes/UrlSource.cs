using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>Finds what the URLs of CATENATE name, as far as this session's user may read it. RFC 4469 §3.</summary>
internal sealed class UrlSource(ImapSession session) : IAsyncDisposable
{
    private IMailbox? _mailbox;

    /// <summary>The octets that a URL names, owned by the caller; or why there are none: BADURL, unless it may work later.</summary>
    public async ValueTask<(UrlContent? Content, ImapCompletion Refusal)> OpenAsync(byte[] text)
    {
        // badurl-response-code = "BADURL" SP url-resp-text     RFC 4469 §5
        ImapCompletion bad = ImapCompletion.No($"BADURL {ImapUrl.ForResponse(text)}", "this URL names nothing that can be appended here");
        if (!ImapUrl.TryParse(text, session.Services, out ImapUrl? url))
        {
            return (null, bad);
        }
        UrlContent? content = null;
        (IMailbox? mailbox, StoreError error) = await FindMailboxAsync(url);
        if (mailbox is not null)
        {
            (content, error) = await UrlContent.OpenAsync(mailbox, url, session.Services.Limits);
        }
        return content is not null ? (content, default)
            : (null, error is StoreError.Busy or StoreError.Unavailable ? ImapErrors.ToCompletion(error) : bad);
    }

    public ValueTask DisposeAsync() => _mailbox?.DisposeAsync() ?? default;

    /// <summary>The mailbox of the last URL is kept open for the next one: often it is the same.</summary>
    private async ValueTask<(IMailbox? Mailbox, StoreError Error)> FindMailboxAsync(ImapUrl url)
    {
        if (url.Mailbox is null)
        {
            return (session.Selected?.Mailbox, StoreError.NotFound);
        }
        if (_mailbox?.Name != url.Mailbox)
        {
            await DisposeAsync();
            _mailbox = null;
            StoreResult<IMailbox> opened = await session.Account!.OpenAsync(url.Mailbox, CancellationToken.None);
            opened.TryGet(out _mailbox);
            return (_mailbox, opened.Error);
        }
        return (_mailbox, StoreError.None);
    }
}
