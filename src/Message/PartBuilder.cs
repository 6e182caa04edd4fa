namespace MailAccess.Message;

/// <summary>What stands inside a part.</summary>
internal enum PartKind
{
    Leaf,
    Multipart,
    Message,
}

/// <summary>A part while it is read, and what its rendering needs afterwards.</summary>
internal sealed class PartBuilder : IMultipart
{
    public bool IsMessageRoot { get; init; }

    /// <summary>A part of a multipart/digest is a message unless it says otherwise. RFC 2046 §5.1.5</summary>
    public bool IsInDigest { get; init; }

    public long HeaderOffset { get; init; }

    public long HeaderOctets { get; set; }

    public long BodyOffset { get; set; }

    public long BodyOctets { get; set; }

    public long BodyLines { get; set; }

    public long BodyStartLines { get; set; }

    public PartKind Kind { get; set; }

    /// <summary>Set while a delimiter of this multipart may still come.</summary>
    public byte[]? Boundary { get; set; }

    public ContentDescription Content { get; set; } = ContentDescription.PlainText();

    /// <summary>The rendered ENVELOPE of a message.</summary>
    public byte[]? Envelope { get; set; }

    public List<PartBuilder> Children { get; } = [];

    public bool IsDigest => Kind == PartKind.Multipart && Content.Subtype == "DIGEST";

    public void AddWholeBodyAsText() => Children.Add(new PartBuilder
    {
        HeaderOffset = BodyOffset,
        BodyOffset = BodyOffset,
        BodyOctets = BodyOctets,
        BodyLines = BodyLines,
    });

    public MimePart Build() => new()
    {
        Type = Content.Type,
        Subtype = Content.Subtype,
        TransferEncoding = Content.TransferEncoding,
        Charset = Content.Charset,
        HeaderOffset = HeaderOffset,
        HeaderOctets = HeaderOctets,
        BodyOffset = BodyOffset,
        BodyOctets = BodyOctets,
        BodyLines = BodyLines,
        Parts = Children.Count == 0 ? [] : [.. Children.Select(c => c.Build())],
    };
}
