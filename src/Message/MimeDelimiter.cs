namespace MailAccess.Message;

/// <summary>The lines between the parts of a multipart. RFC 2046 §5.1.1.</summary>
internal static class MimeDelimiter
{
    /// <summary>What of a line is compared with boundaries: without its dashes and the padding behind. False: no delimiter begins so.</summary>
    public static bool TryTextOf(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> text)
    {
        bool begins = line.StartsWith("--"u8);
        text = begins ? line[2..].TrimEnd(" \t\r\n"u8) : [];
        return begins;
    }

    /// <summary>
    /// delimiter := "--" boundary, close-delimiter := delimiter "--", then transport padding. The whole line is compared, so that one
    /// boundary may begin with another.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> boundary, out bool closes)
    {
        closes = false;
        if (!text.StartsWith(boundary))
        {
            return false;
        }
        ReadOnlySpan<byte> rest = text[boundary.Length..];
        closes = rest.SequenceEqual("--"u8);
        return rest.IsEmpty || closes;
    }
}
