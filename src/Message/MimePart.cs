namespace MailAccess.Message;

/// <summary>
/// One part of a message's MIME structure, with where it stands in the message. The root is the message itself.
/// </summary>
/// <remarks>
/// Offsets and lengths count the message's octets with CRLF line ends, from its first octet. A multipart always has a part:
/// where no delimiter was found, one text/plain part stands for its whole body (RFC 2045 §5.2).
/// </remarks>
public sealed class MimePart
{
    /// <summary>Type in upper case as rendered: <c>TEXT</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Subtype in upper case: <c>PLAIN</c>.</summary>
    public required string Subtype { get; init; }

    /// <summary>Decoded content transfer encoding name in upper case; <c>7BIT</c> where absent.</summary>
    public string TransferEncoding { get; init; } = "7BIT";

    /// <summary>The charset parameter as written, or null.</summary>
    public string? Charset { get; init; }

    /// <summary>Start of the part's header.</summary>
    public long HeaderOffset { get; init; }

    /// <summary>The header's octets, with the empty line that ends it.</summary>
    public long HeaderOctets { get; init; }

    /// <summary>Start of the part's body.</summary>
    public long BodyOffset { get; init; }

    /// <summary>The body's octets; not the line end before the boundary.</summary>
    public long BodyOctets { get; init; }

    /// <summary>Line ends in the body.</summary>
    public long BodyLines { get; init; }

    /// <summary>A multipart's parts; a message/rfc822's one part, the message inside; else none.</summary>
    public IReadOnlyList<MimePart> Parts { get; init; } = [];

    /// <summary>True for multipart.</summary>
    public bool IsMultipart => Type == "MULTIPART";

    /// <summary>What people and servers write for people to read: text of any kind, and the lines of a report (message/delivery-status, RFC 3464).</summary>
    public bool IsReadable => Parts.Count == 0 && (Type is "TEXT" or "MESSAGE");

    /// <summary>True for message/rfc822 and message/global.</summary>
    public bool IsMessage => Type == "MESSAGE" && Subtype is "RFC822" or "GLOBAL" && Parts.Count == 1;
}
