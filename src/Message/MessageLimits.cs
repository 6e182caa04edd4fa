namespace MailAccess.Message;

/// <summary>How much of a message is kept while it is read: what is beyond is passed over, and the octets still counted.</summary>
public sealed record MessageLimits
{
    /// <summary>The defaults.</summary>
    public static MessageLimits Default { get; } = new();

    /// <summary>Octets of field values kept of one header.</summary>
    public int HeaderOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Octets of field values kept of all headers of a message; parts beyond are described by their defaults.</summary>
    public int HeaderOctetsTotalMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Fields kept of one header; more of the same kind are passed over.</summary>
    public int FieldsMax { get; init; } = 10_000;

    /// <summary>Parts of a message; the last one holds what would have been more.</summary>
    public int PartsMax { get; init; } = 10_000;

    /// <summary>Parts inside parts; a container deeper than this is opaque (application/octet-stream, RFC 2046 §4.5.1).</summary>
    public int NestingMax { get; init; } = 100;

    /// <summary>Parameters of one Content-Type or Content-Disposition field.</summary>
    public int ParametersMax { get; init; } = 200;

    /// <summary>A multipart's boundary. RFC 2046 §5.1.1 allows 70; more is seen, but never more than a line, RFC 5322 §2.1.1.</summary>
    public int BoundaryOctetsMax { get; init; } = 998;

    /// <summary>Addresses of one field in ENVELOPE.</summary>
    public int AddressesMax { get; init; } = 10_000;

    /// <summary>Addresses of all ENVELOPEs of a message, those inside included: the shortest grow by thirty when they are rendered.</summary>
    public int AddressesTotalMax { get; init; } = 50_000;

    /// <summary>Message-ids of References that are kept to thread by: the first and the last ones.</summary>
    public int ReferencesMax { get; init; } = 100;

    /// <summary>Characters of a preview. RFC 8970 §3.3: SHOULD be at most 200, MUST be at most 256.</summary>
    public int PreviewCharactersMax { get; init; } = 200;

    /// <summary>Octets of a body that a preview is looked for in.</summary>
    public int PreviewOctetsMax { get; init; } = 16 * 1024;

    /// <summary>An IMAP string up to this length is quoted, a longer one is a literal.</summary>
    public int QuotedOctetsMax { get; init; } = 1_000;

    /// <summary>Octets of a delimiter line with the white space behind it, RFC 2046 §5.1.1.</summary>
    internal int DelimiterOctetsMax => BoundaryOctetsMax + 256;
}
