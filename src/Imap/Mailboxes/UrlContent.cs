using System.Buffers;
using MailAccess.Imap.Fetching;
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
    public UrlContent(IMessageContent message, OctetRange range)
    {
        _message = message;
        _range = range;
    }

    /// <summary>Picked from it.</summary>
    public UrlContent(IMessageContent message, ReadOnlyMemory<byte> picked)
        : this(message, new OctetRange(0, picked.Length)) => _picked = picked;

    /// <summary>How many.</summary>
    public long Octets => _range.Octets;

    /// <summary>Unchanged, a bounded piece at a time; false where they cannot be read.</summary>
    public async ValueTask<bool> CopyToAsync(MessageDraft draft)
    {
        if (_picked is { } picked)
        {
            await draft.WriteAsync(new ReadOnlySequence<byte>(picked));
            return true;
        }
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
        try
        {
            for (long at = 0; at < _range.Octets;)
            {
                int wanted = (int)Math.Min(ChunkOctets, _range.Octets - at);
                int read = await _message.ReadAsync(_range.Offset + at, chunk.AsMemory(0, wanted), CancellationToken.None);
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
}
