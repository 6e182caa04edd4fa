using System.Buffers;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>
/// The structure of the message last read in parts: a client that fetches a big part in pieces makes us look it up once.
/// </summary>
internal sealed class StructureCache(IMailbox mailbox)
{
    private const int ChunkOctets = 64 * 1024;

    private Uid _uid;
    private MimePart? _structure;

    /// <summary>The message's structure: from the last time, from its summary, or else by reading it through.</summary>
    public async ValueTask<MimePart> GetAsync(MessageRecord record, IMessageContent content)
    {
        if (_structure is null || _uid != record.Uid)
        {
            _structure = mailbox.TryGetSummary(record, out MessageSummary summary) ? summary.Structure : null;
            _structure ??= (await ParseAsync(content)).Finish();
            _uid = record.Uid;
        }
        return _structure;
    }

    /// <summary>Reads a message through.</summary>
    public static async ValueTask<MessageParser> ParseAsync(IMessageContent content, bool describesGlobal = false)
    {
        MessageParser parser = new() { DescribesGlobal = describesGlobal };
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
        long offset = 0;
        while (await content.ReadAsync(offset, chunk, CancellationToken.None) is int read and > 0)
        {
            parser.Feed(chunk.AsSpan(0, read));
            offset += read;
        }
        ArrayPool<byte>.Shared.Return(chunk);
        return parser;
    }
}
