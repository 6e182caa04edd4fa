using System.Buffers;
using MailAccess.Message;
using MailAccess.Message.Searching;

namespace MailAccess.Store.Search;

/// <summary>Looks for terms in a message that is too big to lie in memory: window by window, all of it decoded.</summary>
internal sealed class MessageTextSearchLarge(IReadOnlyList<TextTerm> terms)
{
    private const int ChunkOctets = 64 * 1024;

    private static readonly TextTermKind[] Kinds = [TextTermKind.Body, TextTermKind.Text];

    private readonly bool[] _found = new bool[terms.Count];

    public bool IsFound(int index) => _found[index];

    /// <summary>Searches the message; where its structure is not known it is read through for that first.</summary>
    public async ValueTask MatchAsync(IMessageContent content, MimePart? root, CancellationToken cancellationToken)
    {
        Array.Clear(_found);
        root ??= await ParseAsync(content, cancellationToken);
        TextExtractor extractor = new(content.ReadAsync);
        foreach (TextTermKind kind in Kinds)
        {
            int[] indices = [.. Enumerable.Range(0, terms.Count).Where(i => terms[i].Kind == kind)];
            if (indices.Length > 0)
            {
                TextMatcher matcher = new([.. indices.Select(i => terms[i].Needle.Text)]);
                await extractor.ExtractAsync(root, kind == TextTermKind.Body ? TextScope.Body : TextScope.Everything, matcher, cancellationToken);
                foreach ((int place, int index) in indices.Index())
                {
                    _found[index] = matcher.IsFound(place);
                }
            }
        }
        await MatchFieldsAsync(content, root, cancellationToken);
    }

    private async ValueTask MatchFieldsAsync(IMessageContent content, MimePart root, CancellationToken cancellationToken)
    {
        if (!terms.Any(t => t.Kind == TextTermKind.Header))
        {
            return;
        }
        byte[] header = new byte[Math.Min(root.HeaderOctets, MessageLimits.Default.HeaderOctetsTotalMax)];
        int length = 0;
        while (length < header.Length
               && await content.ReadAsync(root.HeaderOffset + length, header.AsMemory(length), cancellationToken) is int read and > 0)
        {
            length += read;
        }
        for (int i = 0; i < terms.Count; i++)
        {
            _found[i] |= terms[i].Kind == TextTermKind.Header && terms[i].Needle.IsInField(header.AsSpan(0, length), terms[i].FieldName.Span);
        }
    }

    private static async ValueTask<MimePart> ParseAsync(IMessageContent content, CancellationToken cancellationToken)
    {
        MessageParser parser = new();
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
        long offset = 0;
        while (await content.ReadAsync(offset, chunk, cancellationToken) is int read and > 0)
        {
            parser.Feed(chunk.AsSpan(0, read));
            offset += read;
        }
        ArrayPool<byte>.Shared.Return(chunk);
        return parser.Finish();
    }
}
