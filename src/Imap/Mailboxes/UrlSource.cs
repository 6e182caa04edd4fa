using System.Buffers;
using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Message;
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
        (IMailbox? mailbox, StoreError unopened) = await FindMailboxAsync(url);
        if (mailbox is null)
        {
            return (null, MayWorkLater(unopened) ? ImapErrors.ToCompletion(unopened) : bad);
        }
        MailboxSnapshot now = mailbox.Snapshot;
        int index = now.IndexOf(url.Uid);
        if (index < 0 || (url.UidValidity is { } validity && validity != now.UidValidity.Value))
        {
            return (null, bad);
        }
        StoreResult<IMessageContent> opened = await mailbox.OpenMessageAsync(url.Uid, CancellationToken.None);
        if (!opened.TryGet(out IMessageContent? content))
        {
            return (null, MayWorkLater(opened.Error) ? ImapErrors.ToCompletion(opened.Error) : bad);
        }
        try
        {
            if (await CutAsync(url, content, now[index], mailbox) is { } cut)
            {
                return (cut, default);
            }
        }
        catch (IOException)
        {
            bad = ImapErrors.ToCompletion(StoreError.Unavailable); // The store's files; nothing here speaks to the client.
        }
        await content.DisposeAsync();
        return (null, bad);
    }

    public ValueTask DisposeAsync() => _mailbox?.DisposeAsync() ?? default;

    private static bool MayWorkLater(StoreError error) => error is StoreError.Busy or StoreError.Unavailable;

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

    /// <summary>The octets of the section; null where the message has none such.</summary>
    private async ValueTask<UrlContent?> CutAsync(ImapUrl url, IMessageContent content, MessageRecord record, IMailbox mailbox)
    {
        if (url.Section is not { } section || !SectionWriter.NeedsStructure(section))
        {
            return new UrlContent(content, Part(url, new OctetRange(0, content.Octets)));
        }
        MimePart structure = await new StructureCache(mailbox).GetAsync(record, content);
        if (SectionLocator.Find(structure, content.Octets, section) is not { } range)
        {
            return null;
        }
        if (!section.PicksFields)
        {
            return new UrlContent(content, Part(url, range));
        }
        ArrayBufferWriter<byte> fields = new();
        if (!await HeaderFieldsReader.ReadAsync(section, range, content, session.Services.Limits.HeaderOctetsMax, fields))
        {
            throw new IOException("a message is shorter than its structure says");
        }
        OctetRange picked = Part(url, new OctetRange(0, fields.WrittenCount));
        return new UrlContent(content, fields.WrittenMemory.Slice((int)picked.Offset, (int)picked.Octets));
    }

    /// <summary>As a partial FETCH cuts it: beyond the end there is nothing. RFC 3501 §6.4.5.</summary>
    private static OctetRange Part(ImapUrl url, OctetRange range)
    {
        long first = Math.Min(url.Partial.First, range.Octets);
        return new OctetRange(range.Offset + first, Math.Min(url.Partial.Count ?? long.MaxValue, range.Octets - first));
    }
}
