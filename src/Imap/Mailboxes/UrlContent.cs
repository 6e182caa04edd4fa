using System.Buffers;
using MailAccess.Imap.Fetching;
using MailAccess.Imap.Grammar;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Mailboxes;

/// <summary>Octets of a stored message that a URL names. Owns the message.</summary>
internal sealed class UrlContent : IAsyncDisposable
{
    private const int ChunkOctets = 64 * 1024;

    private readonly IMessageContent _message;
    private readonly OctetRange _range;
    private readonly ReadOnlyMemory<byte>? _picked;

    /// <summary>As they stand in the message.</summary>
    private UrlContent(IMessageContent message, OctetRange range)
    {
        _message = message;
        _range = range;
    }

    /// <summary>Picked from it.</summary>
    private UrlContent(IMessageContent message, ReadOnlyMemory<byte> picked)
        : this(message, new OctetRange(0, picked.Length)) => _picked = picked;

    /// <summary>How many.</summary>
    public long Octets => _range.Octets;

    /// <summary>
    /// What the URL names in its mailbox; the caller's. None: <see cref="StoreError.NotFound"/> where there is no such message or part or the
    /// URL is stale (RFC 5092 §5), else why it cannot be read.
    /// </summary>
    public static async ValueTask<(UrlContent? Content, StoreError Error)> OpenAsync(IMailbox mailbox, ImapUrl url, ImapLimits limits)
    {
        MailboxSnapshot now = mailbox.Snapshot;
        int index = now.IndexOf(url.Uid);
        if (index < 0 || (url.UidValidity is { } validity && validity != now.UidValidity.Value))
        {
            return (null, StoreError.NotFound);
        }
        StoreResult<IMessageContent> opened = await mailbox.OpenMessageAsync(url.Uid, CancellationToken.None);
        if (!opened.TryGet(out IMessageContent? message))
        {
            return (null, opened.Error);
        }
        StoreError error = StoreError.NotFound;
        try
        {
            if (await CutAsync(url, message, now[index], mailbox, limits) is { } cut)
            {
                return (cut, StoreError.None);
            }
        }
        catch (IOException)
        {
            error = StoreError.Unavailable; // The store's files; nothing here speaks to the client.
        }
        await message.DisposeAsync();
        return (null, error);
    }

    /// <summary>Fills the destination as far as there are octets from the offset on; 0 at the end, or where the message is shorter than it was. Throws <see cref="IOException"/>.</summary>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Clamp(_range.Octets - offset, 0, destination.Length);
        if (_picked is { } picked)
        {
            picked.Slice((int)Math.Min(offset, picked.Length), wanted).CopyTo(destination);
            return wanted;
        }
        return wanted == 0 ? 0 : await _message.ReadAsync(_range.Offset + offset, destination[..wanted], cancellationToken);
    }

    /// <summary>Unchanged, a bounded piece at a time; false where they cannot be read.</summary>
    public async ValueTask<bool> CopyToAsync(MessageDraft draft)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
        try
        {
            for (long at = 0; at < Octets;)
            {
                int read = await ReadAsync(at, chunk.AsMemory(0, ChunkOctets), CancellationToken.None);
                if (read == 0)
                {
                    return false;
                }
                await draft.WriteAsync(new ReadOnlySequence<byte>(chunk, 0, read));
                at += read;
            }
            return true;
        }
        catch (IOException)
        {
            return false; // The store's files; nothing here speaks to the client.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    public ValueTask DisposeAsync() => _message.DisposeAsync();

    /// <summary>The octets of the section; null where the message has none such.</summary>
    private static async ValueTask<UrlContent?> CutAsync(
        ImapUrl url, IMessageContent content, MessageRecord record, IMailbox mailbox, ImapLimits limits)
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
        if (!await HeaderFieldsReader.ReadAsync(section, range, content, limits.HeaderOctetsMax, fields))
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
