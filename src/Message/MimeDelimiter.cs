using System.Buffers;

namespace MailAccess.Message;

/// <summary>A multipart while it is read.</summary>
internal interface IMultipart
{
    /// <summary>Null where no delimiter of it can come any more.</summary>
    byte[]? Boundary { get; }
}

/// <summary>
/// The lines between the parts of a multipart: delimiter := "--" boundary, close-delimiter := delimiter "--", then transport padding — RFC
/// 2046 §5.1.1.
/// </summary>
internal static class MimeDelimiter
{
    // bcharsnospace
    private static readonly SearchValues<byte> BoundaryOctets =
        SearchValues.Create("'()+_,-./:=?0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>
    /// Which of the open multiparts the line delimits. A line that is a delimiter and nothing else counts before one that has something stuck
    /// to it, and inner multiparts count before outer ones, so that one boundary may begin with another.
    /// </summary>
    /// <param name="line">A line, or as much of it as a delimiter can be long.</param>
    /// <param name="open">The outermost first.</param>
    /// <param name="frame">Index of the multipart; -1 for none.</param>
    /// <param name="closes">It is the last delimiter.</param>
    public static bool TryMatch<T>(ReadOnlySpan<byte> line, List<T> open, out int frame, out bool closes)
        where T : IMultipart
    {
        frame = -1;
        closes = false;
        if (!line.StartsWith("--"u8))
        {
            return false;
        }
        ReadOnlySpan<byte> text = line[2..].TrimEnd(" \t\r\n"u8);
        for (int i = open.Count - 1; i >= 0; i--)
        {
            if (open[i].Boundary is not byte[] boundary || !text.StartsWith(boundary))
            {
                continue;
            }
            ReadOnlySpan<byte> rest = text[boundary.Length..];
            if (rest.IsEmpty || rest.TrimStart(" \t"u8).SequenceEqual("--"u8))
            {
                frame = i;
                closes = !rest.IsEmpty;
                return true;
            }
            if (frame < 0 && IsStuckToBoundary(rest, out bool stuckToLast))
            {
                frame = i;
                closes = stuckToLast;
            }
        }
        return frame >= 0;
    }

    /// <summary>
    /// "An exact match of the entire candidate line is not required", says RFC 2046: a footer is stuck to the last delimiter where a message
    /// did not end in a line end. But what goes on as a boundary can is another boundary: those of inner multiparts, and of messages that are
    /// not looked into, do begin with outer ones.
    /// </summary>
    private static bool IsStuckToBoundary(ReadOnlySpan<byte> rest, out bool closes)
    {
        closes = rest.StartsWith("--"u8);
        return closes || !BoundaryOctets.Contains(rest[0]);
    }
}
