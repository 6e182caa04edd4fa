using MailAccess.Store.Index;

namespace MailAccess.Store.Mbox;

/// <summary>Takes octets in pieces.</summary>
internal delegate void OctetSink(ReadOnlySpan<byte> octets);

/// <summary>
/// Writes a message's octets as they lie in an mbox: lines end in LF, a line that is <c>From </c> after any number of <c>&gt;</c> gets one more,
/// a header field that would be taken for one of ours gets <see cref="MetaHeader.KeptPrefix"/>. <see cref="MessageDecoder"/> is the inverse.
/// </summary>
internal static class MessageEncoder
{
    /// <summary>Returns the hash by which the message is known again; the sink got all but the From_ line, our fields and the blank line at the end.</summary>
    public static uint Encode(LineReader lines, MessageForm form, OctetSink sink)
    {
        bool isExact = (form & MessageForm.Exact) != 0;
        bool inHeader = true;
        bool isFirst = true;
        bool owesCr = false;
        var hash = new HeaderHash();
        while (lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart))
        {
            if (isLineStart)
            {
                if (inHeader && MetaHeader.IsBlank(line))
                {
                    inHeader = false;
                }
                bool isKept = inHeader
                    && (MetaHeader.IsHidden(line, out _) || MetaHeader.HasKeptPrefix(line) || (isFirst && MetaHeader.IsContinuation(line)));
                sink(isKept ? MetaHeader.KeptPrefixSpan : Quoting.IsFromLine(line) ? ">"u8 : default);
                isFirst = false;
            }
            if (inHeader)
            {
                hash.Add(line);
            }
            if (isExact)
            {
                sink(line);
                continue;
            }
            if (owesCr && line is not [(byte)'\n'])
            {
                sink("\r"u8);
            }
            owesCr = line[^1] == (byte)'\r';
            if (owesCr)
            {
                sink(line[..^1]);
            }
            else if (line.EndsWith("\r\n"u8))
            {
                sink(line[..^2]);
                sink("\n"u8);
            }
            else
            {
                sink(line);
            }
        }
        if (owesCr)
        {
            sink("\r"u8);
        }
        if ((form & MessageForm.OpenEnd) != 0)
        {
            sink("\n"u8);
        }
        return hash.Value;
    }
}

/// <summary>Lines that begin a message, or would.</summary>
internal static class Quoting
{
    /// <summary>True for <c>From </c> after any number of <c>&gt;</c>.</summary>
    public static bool IsFromLine(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] is not ((byte)'>' or (byte)'F'))
        {
            return false;
        }
        int text = line.IndexOfAnyExcept((byte)'>');
        return text >= 0 && FromLine.HasPrefix(line[text..]);
    }
}

/// <summary>A checksum of a message's header as clients see it, without line ends: the same wherever and however the message lies.</summary>
internal struct HeaderHash
{
    private uint _inverted;

    public readonly uint Value => _inverted;

    public void Add(ReadOnlySpan<byte> line) => _inverted = ~Crc.Continue(~_inverted, line.TrimEnd("\r\n"u8));
}
