using System.Buffers;
using System.Text;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Searching;

/// <summary>
/// Looks for texts in one message as a person would read it: encoded words, transfer encodings and charsets decoded.
/// In one pass over its text parts, in bounded memory. One for many messages, one after the other.
/// </summary>
internal sealed class ContentSearch(int headerOctetsMax)
{
    private const int ChunkOctets = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _decoded = new(ChunkOctets);
    private readonly byte[] _chunk = new byte[ChunkOctets];
    private readonly Dictionary<SearchKey, bool> _matches = [];
    private readonly List<SearchKey.Content> _open = [];
    private byte[] _header = new byte[4096];
    private char[] _text = new char[ChunkOctets];
    private IMessageContent _content = null!;

    /// <summary>Of the Date field, after <see cref="MatchAsync"/>.</summary>
    public DateOnly? SentDay { get; private set; }

    /// <summary>Says of each Header and Content key whether the message has it. The answer lasts until the next message.</summary>
    public async ValueTask<Dictionary<SearchKey, bool>> MatchAsync(IReadOnlyList<SearchKey> keys, IMessageContent content, MimePart root)
    {
        _content = content;
        _matches.Clear();
        _open.Clear();
        int headerOctets = await ReadHeaderAsync(root);
        BeginMatch(keys, _header.AsSpan(0, headerOctets));
        await SearchPartAsync(root);
        return _matches;
    }

    private void BeginMatch(IReadOnlyList<SearchKey> keys, ReadOnlySpan<byte> header)
    {
        SentDay = HeaderReader.Find(header, "Date"u8) is { } date && MailDates.TryParseDay(date, out DateOnly day) ? day : null;
        string? decodedHeader = null;
        foreach (SearchKey key in keys)
        {
            switch (key)
            {
                case SearchKey.Header field:
                    _matches[key] = SearchFacts.Contains(header, field.Name, field.Text);
                    break;
                case SearchKey.Content text:
                    decodedHeader ??= text.IncludesHeader ? DecodeHeader(header) : null;
                    bool found = text.Text.Length == 0
                        || (text.IncludesHeader && decodedHeader!.Contains(text.Text, StringComparison.OrdinalIgnoreCase));
                    _matches[key] = found;
                    if (!found && !_open.Contains(text))
                    {
                        _open.Add(text);
                    }
                    break;
            }
        }
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

    private async ValueTask SearchPartAsync(MimePart part)
    {
        if (_open.Count == 0)
        {
            return;
        }
        if (part.IsMessage)
        {
            // A message inside: its header is text of this one's body.
            int octets = await ReadHeaderAsync(part.Parts[0]);
            Mark(DecodeHeader(_header.AsSpan(0, octets)));
        }
        foreach (MimePart child in part.Parts)
        {
            await SearchPartAsync(child);
        }
        if (part.Parts.Count == 0 && part.Type == "TEXT")
        {
            await SearchTextAsync(part);
        }
    }

    /// <summary>Decodes a text part piece by piece; a piece begins with the end of the last one, so that no hit is cut in two.</summary>
    private async ValueTask SearchTextAsync(MimePart part)
    {
        TransferDecoder transfer = TransferDecoder.For(part.TransferEncoding);
        Decoder charset = Charsets.ForReading(part.Charset).GetDecoder();
        int kept = 0;
        long offset = part.BodyOffset;
        long end = part.BodyOffset + part.BodyOctets;
        bool isLast = false;
        while (!isLast && _open.Count > 0)
        {
            int wanted = (int)Math.Min(ChunkOctets, end - offset);
            int read = wanted == 0 ? 0 : await _content.ReadAsync(offset, _chunk.AsMemory(0, wanted), CancellationToken.None);
            offset += read;
            isLast = read == 0 || offset == end;
            _decoded.ResetWrittenCount();
            transfer.Decode(_chunk.AsSpan(0, read), _decoded);
            if (isLast)
            {
                transfer.Finish(_decoded);
            }
            int needed = kept + charset.GetCharCount(_decoded.WrittenSpan, isLast);
            if (_text.Length < needed)
            {
                Array.Resize(ref _text, needed);
            }
            int length = kept + charset.GetChars(_decoded.WrittenSpan, _text.AsSpan(kept), isLast);
            Mark(_text.AsSpan(0, length));
            kept = Math.Min(_open.Count == 0 ? 0 : _open.Max(k => k.Text.Length) - 1, length);
            _text.AsSpan(length - kept, kept).CopyTo(_text);
        }
    }

    private void Mark(ReadOnlySpan<char> text)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (text.ContainsAny(_open[i].Needle))
            {
                _matches[_open[i]] = true;
                _open.RemoveAt(i);
            }
        }
    }

    private async ValueTask<int> ReadHeaderAsync(MimePart message)
    {
        int octets = (int)Math.Min(message.HeaderOctets, headerOctetsMax);
        if (_header.Length < octets)
        {
            _header = new byte[octets];
        }
        int length = 0;
        while (length < octets
               && await _content.ReadAsync(message.HeaderOffset + length,
                   _header.AsMemory(length, octets - length), CancellationToken.None) is int read and > 0)
        {
            length += read;
        }
        return length;
    }
}
