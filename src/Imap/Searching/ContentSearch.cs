using System.Buffers;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>
/// Looks for texts in one message as a person would read it: encoded words, transfer encodings and charsets decoded.
/// In one pass over its text parts, in bounded memory.
/// </summary>
internal sealed class ContentSearch(IMessageContent content, int headerOctetsMax)
{
    private const int ChunkOctets = 32 * 1024;

    /// <summary>Of the Date field, after <see cref="MatchAsync"/>.</summary>
    public DateOnly? SentDay { get; private set; }

    /// <summary>Says of each Header and Content key whether the message has it.</summary>
    public async ValueTask<Dictionary<SearchKey, bool>> MatchAsync(IReadOnlyList<SearchKey> keys, Func<ValueTask<MimePart>> structure)
    {
        Dictionary<SearchKey, bool> matches = [];
        MimePart root = await structure();
        byte[] header = await ReadHeaderAsync(root);
        SentDay = HeaderReader.Find(header, "Date"u8) is { } date && MailDates.TryParseDay(date, out DateOnly day) ? day : null;
        string? decodedHeader = null;
        List<SearchKey.Content> open = [];
        foreach (SearchKey key in keys)
        {
            switch (key)
            {
                case SearchKey.Header field:
                    matches[key] = SearchFacts.Contains(header, field.Name, field.Text);
                    break;
                case SearchKey.Content text:
                    decodedHeader ??= text.IncludesHeader ? DecodeHeader(header) : null;
                    bool found = text.Text.Length == 0
                        || (text.IncludesHeader && decodedHeader!.Contains(text.Text, StringComparison.OrdinalIgnoreCase));
                    matches[key] = found;
                    if (!found && !open.Contains(text))
                    {
                        open.Add(text);
                    }
                    break;
            }
        }
        await SearchPartAsync(root, open, matches);
        return matches;
    }

    private static string DecodeHeader(ReadOnlySpan<byte> header)
    {
        StringBuilder decoded = new(header.Length);
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            decoded.Append(Encoding.Latin1.GetString(field.Name)).Append(": ").Append(field.Decode()).Append("\r\n");
        }
        return decoded.ToString();
    }

    private async ValueTask SearchPartAsync(MimePart part, List<SearchKey.Content> open, Dictionary<SearchKey, bool> matches)
    {
        if (open.Count == 0)
        {
            return;
        }
        if (part.IsMessage)
        {
            // A message inside: its header is text of this one's body.
            Mark(DecodeHeader(await ReadHeaderAsync(part.Parts[0])), open, matches);
        }
        foreach (MimePart child in part.Parts)
        {
            await SearchPartAsync(child, open, matches);
        }
        if (part.Parts.Count == 0 && part.Type == "TEXT")
        {
            await SearchTextAsync(part, open, matches);
        }
    }

    /// <summary>Decodes a text part piece by piece; a piece begins with the end of the last one, so that no hit is cut in two.</summary>
    private async ValueTask SearchTextAsync(MimePart part, List<SearchKey.Content> open, Dictionary<SearchKey, bool> matches)
    {
        TransferDecoder transfer = TransferDecoder.For(part.TransferEncoding);
        Decoder charset = Charsets.ForReading(part.Charset).GetDecoder();
        ArrayBufferWriter<byte> decoded = new(ChunkOctets);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkOctets);
        char[] text = [];
        int kept = 0;
        int overlap = open.Max(k => k.Text.Length) - 1;
        long offset = part.BodyOffset;
        long end = part.BodyOffset + part.BodyOctets;
        bool isLast = false;
        while (!isLast && open.Count > 0)
        {
            int wanted = (int)Math.Min(ChunkOctets, end - offset);
            int read = wanted == 0 ? 0 : await content.ReadAsync(offset, chunk.AsMemory(0, wanted), CancellationToken.None);
            offset += read;
            isLast = read == 0;
            decoded.ResetWrittenCount();
            transfer.Decode(chunk.AsSpan(0, read), decoded);
            if (isLast)
            {
                transfer.Finish(decoded);
            }
            int needed = kept + charset.GetCharCount(decoded.WrittenSpan, isLast);
            if (text.Length < needed)
            {
                Array.Resize(ref text, needed);
            }
            int length = kept + charset.GetChars(decoded.WrittenSpan, text.AsSpan(kept), isLast);
            Mark(text.AsSpan(0, length), open, matches);
            kept = Math.Min(overlap, length);
            text.AsSpan(length - kept, kept).CopyTo(text);
        }
        ArrayPool<byte>.Shared.Return(chunk);
    }

    private static void Mark(ReadOnlySpan<char> text, List<SearchKey.Content> open, Dictionary<SearchKey, bool> matches)
    {
        for (int i = open.Count - 1; i >= 0; i--)
        {
            if (text.Contains(open[i].Text, StringComparison.OrdinalIgnoreCase))
            {
                matches[open[i]] = true;
                open.RemoveAt(i);
            }
        }
    }

    private async ValueTask<byte[]> ReadHeaderAsync(MimePart message)
    {
        byte[] header = new byte[Math.Min(message.HeaderOctets, headerOctetsMax)];
        int length = 0;
        while (length < header.Length
               && await content.ReadAsync(message.HeaderOffset + length, header.AsMemory(length), CancellationToken.None) is int read and > 0)
        {
            length += read;
        }
        return header;
    }
}
