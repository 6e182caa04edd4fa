namespace MailAccess.Message;

/// <summary>
/// What FETCH of headers needs of one message, made once when it is delivered and kept encoded, ready to send.
/// A view on octets that somebody else owns (the store's cache).
/// </summary>
/// <remarks>
/// Encoded form, little-endian: version u8; count u8; then per field kind u8, length u32; then the fields' octets in that
/// order. Unknown kinds are skipped, a wrong version or a length that does not add up makes <see cref="IsValid"/> false.
/// </remarks>
public readonly struct MessageSummary(ReadOnlyMemory<byte> encoded)
{
    /// <summary>Raised with every change of meaning; an older one in a cache is made anew.</summary>
    public const byte Version = 3;

    /// <summary>The encoded form, as the store keeps it.</summary>
    public ReadOnlyMemory<byte> Encoded => encoded;

    /// <summary>Of this version, and whole.</summary>
    public bool IsValid => MessageSummaryCodec.IsValid(encoded.Span);

    /// <summary>The value of FETCH ENVELOPE: a parenthesized list in IMAP syntax. RFC 9051 §7.5.2.</summary>
    public ReadOnlyMemory<byte> Envelope => MessageSummaryCodec.Get(encoded, MessageSummaryField.Envelope);

    /// <summary>The value of FETCH BODYSTRUCTURE, with extension data.</summary>
    public ReadOnlyMemory<byte> BodyStructure => MessageSummaryCodec.Get(encoded, MessageSummaryField.BodyStructure);

    /// <summary>The value of FETCH BODY, without extension data.</summary>
    public ReadOnlyMemory<byte> Body => MessageSummaryCodec.Get(encoded, MessageSummaryField.Body);

    /// <summary>
    /// The header fields that clients ask for by name, unchanged but with CRLF line ends, in message order
    /// (<see cref="KeptHeaderFields"/>), and the header's empty line if it has one; complete for those names where <see cref="HasHeaderFields"/>.
    /// </summary>
    public ReadOnlyMemory<byte> HeaderFields => MessageSummaryCodec.Get(encoded, MessageSummaryField.HeaderFields);

    /// <summary>The header fields were few enough to be kept: <see cref="HeaderFields"/> is all there is of them.</summary>
    public bool HasHeaderFields => MessageSummaryCodec.Has(encoded, MessageSummaryField.HeaderFields);

    /// <summary>The MIME structure, decoded anew at each call; null where it was not kept.</summary>
    public MimePart? Structure => StructureCodec.Decode(MessageSummaryCodec.Get(encoded, MessageSummaryField.Structure).Span);

    /// <summary>
    /// EMAILID: a hash of the message's octets with CRLF line ends, so that copies have the same, and the same again when the index is
    /// lost. RFC 8474 §5.1.
    /// </summary>
    public ObjectId EmailId => new(ObjectId.EmailPrefix, Id(0));

    /// <summary>
    /// THREADID: a hash of the first message-id of References, else of In-Reply-To, else of Message-ID, else what EMAILID has.
    /// Known without looking at any other message. RFC 8474 §5.2.
    /// </summary>
    public ObjectId ThreadId => new(ObjectId.ThreadPrefix, Id(16));

    /// <summary>Beginning of the message's text in UTF-8, without control characters; may be empty. RFC 8970.</summary>
    public ReadOnlyMemory<byte> Preview => MessageSummaryCodec.Get(encoded, MessageSummaryField.Preview);

    /// <summary>A header of the message or of a part holds UTF-8 that is not US-ASCII alone (RFC 6532): see <see cref="HeaderDowngrade"/>.</summary>
    public bool IsInternationalized => MessageSummaryCodec.Has(encoded, MessageSummaryField.Internationalized);

    /// <summary>What SORT compares.</summary>
    public MessageSortKeys SortKeys => new(MessageSummaryCodec.Get(encoded, MessageSummaryField.SortKeys));

    /// <summary>What THREAD=REFERENCES compares.</summary>
    public MessageThreadKeys ThreadKeys => new(MessageSummaryCodec.Get(encoded, MessageSummaryField.ThreadKeys));

    private UInt128 Id(int at) =>
        MessageSummaryCodec.Get(encoded, MessageSummaryField.ObjectIds) is { Length: 32 } ids
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(ids.Span[at..]) : default;

    /// <summary>Names of the fields in <see cref="HeaderFields"/>: what Thunderbird, Outlook, Apple Mail, K-9 and mutt ask for.</summary>
    public static readonly IReadOnlyList<string> KeptHeaderFields =
    [
        "Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Message-ID", "In-Reply-To", "References",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Priority", "X-Priority", "Importance", "Newsgroups", "List-Id",
        "List-Post", "List-Unsubscribe", "Auto-Submitted", "Disposition-Notification-To", "X-Spam-Status", "X-Mailer", "User-Agent",
        "Chat-Version",
    ];
}

/// <summary>The kinds of field in an encoded <see cref="MessageSummary"/>. Numbers are on disk: never reuse one.</summary>
public enum MessageSummaryField : byte
{
    /// <summary>FETCH ENVELOPE.</summary>
    Envelope = 1,
    /// <summary>FETCH BODYSTRUCTURE.</summary>
    BodyStructure = 2,
    /// <summary>FETCH BODY.</summary>
    Body = 3,
    /// <summary>Kept header fields.</summary>
    HeaderFields = 4,
    /// <summary>The tree of parts with offsets.</summary>
    Structure = 5,
    /// <summary>EMAILID and THREADID, 16 octets each.</summary>
    ObjectIds = 6,
    /// <summary>Preview text.</summary>
    Preview = 7,
    /// <summary><see cref="MessageSortKeys"/>.</summary>
    SortKeys = 8,
    /// <summary><see cref="MessageThreadKeys"/>.</summary>
    ThreadKeys = 9,
    /// <summary>Empty: that it is there says all.</summary>
    Internationalized = 10,
}
