using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>What of a message is text.</summary>
public enum TextScope
{
    /// <summary>Text parts, and the headers of messages inside: SEARCH BODY.</summary>
    Body,

    /// <summary>The header as well, and the headers of the parts: SEARCH TEXT.</summary>
    Everything,
}

/// <summary>Fills the destination as far as there are octets of the message from the offset on; 0 only at the end.</summary>
public delegate ValueTask<int> OctetReader(long offset, Memory<byte> destination, CancellationToken cancellationToken);

/// <summary>Reads a message's text in the decoded form that people search for: transfer encodings, charsets and HTML undone.</summary>
/// <remarks>Memory is bounded: one window of octets and its text at a time.</remarks>
public sealed class TextExtractor(OctetReader read)
{
    private const int WindowOctets = 64 * 1024;

    private readonly byte[] _window = new byte[WindowOctets];

    /// <summary>Gives the sink the text of the part and what is inside; false where the sink wanted no more.</summary>
    public async ValueTask<bool> ExtractAsync(MimePart part, TextScope scope, ITextSink sink, CancellationToken cancellationToken)
    {
        if (scope == TextScope.Everything && !await ExtractHeaderAsync(part, sink, cancellationToken))
        {
            return false;
        }
        return await ExtractBodyAsync(part, scope, sink, cancellationToken);
    }

    /// <summary>The fields of the part's header, unfolded and with encoded words decoded, each a text of its own.</summary>
    public async ValueTask<bool> ExtractHeaderAsync(MimePart part, ITextSink sink, CancellationToken cancellationToken)
    {
        long position = part.HeaderOffset;
        long end = part.HeaderOffset + part.HeaderOctets;
        while (position < end)
        {
            int length = await FillAsync(position, end, cancellationToken);
            if (length == 0)
            {
                break;
            }
            bool isLast = position + length >= end;
            int consumed = WriteFields(_window.AsSpan(0, length), isLast, sink, out bool goesOn);
            if (!goesOn)
            {
                return false;
            }
            position += consumed;
        }
        return true;
    }

    private async ValueTask<bool> ExtractBodyAsync(MimePart part, TextScope scope, ITextSink sink, CancellationToken cancellationToken)
    {
        if (part.Parts.Count == 0)
        {
            return !part.IsReadable || await ExtractTextAsync(part, sink, cancellationToken);
        }
        foreach (MimePart child in part.Parts)
        {
            bool hasHeaderText = scope == TextScope.Everything || part.IsMessage;
            if (hasHeaderText && !await ExtractHeaderAsync(child, sink, cancellationToken))
            {
                return false;
            }
            if (!await ExtractBodyAsync(child, scope, sink, cancellationToken))
            {
                return false;
            }
        }
        return true;
    }

    private async ValueTask<bool> ExtractTextAsync(MimePart part, ITextSink sink, CancellationToken cancellationToken)
    {
        var decoder = new BodyTextDecoder(part, sink);
        long position = part.BodyOffset;
        long end = part.BodyOffset + part.BodyOctets;
        bool goesOn = true;
        while (goesOn && position < end)
        {
            int length = await FillAsync(position, end, cancellationToken);
            if (length == 0)
            {
                break; // The message is shorter than its structure said; search what there is.
            }
            goesOn = decoder.Feed(_window.AsSpan(0, length));
            position += length;
        }
        return goesOn && decoder.Finish();
    }

    private async ValueTask<int> FillAsync(long position, long end, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Min(_window.Length, end - position);
        int length = 0;
        while (length < wanted)
        {
            int count = await read(position + length, _window.AsMemory(length, wanted - length), cancellationToken);
            if (count == 0)
            {
                break;
            }
            length += count;
        }
        return length;
    }

    /// <summary>Gives all whole fields of the window; the octets that need not be seen again.</summary>
    private static int WriteFields(ReadOnlySpan<byte> window, bool isLast, ITextSink sink, out bool goesOn)
    {
        HeaderReader reader = new(window);
        goesOn = true;
        bool hasField = reader.TryRead(out HeaderField field);
        while (hasField && goesOn)
        {
            HeaderField current = field;
            hasField = reader.TryRead(out field);
            if (!hasField && !isLast && current.Offset > 0)
            {
                return current.Offset; // It may go on behind the window.
            }
            goesOn = sink.Write(Encoding.ASCII.GetString(current.Name) + ": " + current.Decode());
            sink.EndOfText();
        }
        return window.Length;
    }
}
