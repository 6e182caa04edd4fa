using System.Text;

namespace MailAccess.Message;

/// <summary>What the MIME fields of one header say.</summary>
internal sealed class ContentDescription
{
    private const int TypeOctetsMax = 127; // RFC 6838 §4.2

    private const string DefaultEncoding = "7BIT"; // RFC 2045 §6.1

    public string Type { get; private set; } = "TEXT";

    public string Subtype { get; private set; } = "PLAIN";

    public List<MimeParameter> Parameters { get; private set; } = [];

    public string TransferEncoding { get; private set; } = DefaultEncoding;

    public byte[]? Id { get; private set; }

    public byte[]? Description { get; private set; }

    public byte[]? Disposition { get; private set; }

    public List<MimeParameter> DispositionParameters { get; private set; } = [];

    public List<byte[]> Languages { get; } = [];

    public byte[]? Location { get; private set; }

    public byte[]? Md5 { get; private set; }

    public bool IsMultipart => Type == "MULTIPART";

    public bool IsMessage => Type == "MESSAGE" && Subtype is "RFC822" or "GLOBAL";

    /// <summary>Of a message: with envelope and body. IMAP4rev1 knows those in message/rfc822 only (RFC 3501 §9, media-message), IMAP4rev2 in message/global too.</summary>
    public bool IsDescribedAsMessage(bool describesGlobal) => Subtype == "RFC822" || describesGlobal;

    public bool IsEncoded => TransferEncoding is "BASE64" or "QUOTED-PRINTABLE";

    public string? Charset => Find("CHARSET") is byte[] value ? Encoding.Latin1.GetString(value) : null;

    /// <summary>What a part without header is. RFC 2045 §5.2</summary>
    public static ContentDescription PlainText() => new();

    public static ContentDescription Read(HeaderCapture header, bool isInDigest, MessageLimits limits)
    {
        var content = new ContentDescription();
        if (!header.TryGet(CapturedField.ContentType, out ReadOnlySpan<byte> type) || !content.ReadType(type, limits))
        {
            content.Type = isInDigest ? "MESSAGE" : "TEXT";
            content.Subtype = isInDigest ? "RFC822" : "PLAIN";
        }
        if (header.TryGet(CapturedField.TransferEncoding, out ReadOnlySpan<byte> encoding))
        {
            content.TransferEncoding = ReadEncoding(encoding);
        }
        content.Id = header.Get(CapturedField.ContentId);
        content.Description = header.Get(CapturedField.ContentDescription);
        content.Location = header.Get(CapturedField.Location);
        content.Md5 = header.Get(CapturedField.Md5);
        if (header.TryGet(CapturedField.Disposition, out ReadOnlySpan<byte> disposition))
        {
            content.ReadDisposition(disposition, limits);
        }
        if (header.TryGet(CapturedField.Language, out ReadOnlySpan<byte> languages))
        {
            content.ReadLanguages(languages, limits);
        }
        return content;
    }

    /// <summary>The boundary, or null where there is none that could be compared.</summary>
    public byte[]? Boundary(int octetsMax)
    {
        // No boundary ends in white space: "must be presumed to have been added by a gateway", RFC 2046 §5.1.1.
        byte[] value = Find("BOUNDARY").AsSpan().TrimEnd(" \t"u8).ToArray();
        return value.Length == 0 || value.Length > octetsMax ? null : value;
    }

    /// <summary>A message that is not looked into.</summary>
    public void BecomeOpaque()
    {
        Type = "APPLICATION";
        Subtype = "OCTET-STREAM";
    }

    private static string ReadEncoding(ReadOnlySpan<byte> value)
    {
        MimeScanner scanner = new(value);
        scanner.SkipWhiteSpaceAndComments();
        ReadOnlySpan<byte> token = scanner.ReadToken();
        return token.Length is 0 or > TypeOctetsMax ? DefaultEncoding : Encoding.ASCII.GetString(token).ToUpperInvariant();
    }

    private byte[]? Find(string name)
    {
        MimeParameter? found = Parameters.Find(p => p.Name == name) ?? Parameters.Find(p => p.BaseName == name);
        return found is { IsExtended: true } ? Encoding.UTF8.GetBytes(found.Decode()) : found?.Value;
    }

    /// <summary>content := "Content-Type" ":" type "/" subtype *(";" parameter) — RFC 2045 §5.1.</summary>
    private bool ReadType(ReadOnlySpan<byte> value, MessageLimits limits)
    {
        MimeScanner scanner = new(value);
        scanner.SkipWhiteSpaceAndComments();
        ReadOnlySpan<byte> type = scanner.ReadToken();
        scanner.SkipWhiteSpaceAndComments();
        bool hasSubtype = scanner.TryTake((byte)'/');
        scanner.SkipWhiteSpaceAndComments();
        ReadOnlySpan<byte> subtype = hasSubtype ? scanner.ReadToken() : [];
        if (type.Length is 0 or > TypeOctetsMax || subtype.Length is 0 or > TypeOctetsMax)
        {
            return false; // RFC 2045 §5.2: a type that cannot be read is text/plain.
        }
        Type = Encoding.ASCII.GetString(type).ToUpperInvariant();
        Subtype = Encoding.ASCII.GetString(subtype).ToUpperInvariant();
        Parameters = MimeParameter.ReadAll(ref scanner, limits.ParametersMax);
        return true;
    }

    private void ReadDisposition(ReadOnlySpan<byte> value, MessageLimits limits)
    {
        MimeScanner scanner = new(value);
        scanner.SkipWhiteSpaceAndComments();
        ReadOnlySpan<byte> token = scanner.AtQuote ? scanner.ReadQuoted() : scanner.ReadToken();
        DispositionParameters = MimeParameter.ReadAll(ref scanner, limits.ParametersMax);
        if (MimeScanner.IsToken(token))
        {
            Disposition = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(token).ToUpperInvariant());
        }
        else if (DispositionParameters.Count > 0)
        {
            Disposition = "ATTACHMENT"u8.ToArray(); // What a type that is not known counts as, RFC 2183 §2.8.
        }
    }

    /// <summary>Content-Language: 1#language-tag — RFC 3282 §2.</summary>
    private void ReadLanguages(ReadOnlySpan<byte> value, MessageLimits limits)
    {
        MimeScanner scanner = new(value);
        do
        {
            scanner.SkipWhiteSpaceAndComments();
            ReadOnlySpan<byte> tag = scanner.ReadToken();
            if (!tag.IsEmpty)
            {
                Languages.Add(tag.ToArray());
            }
        }
        while (Languages.Count < limits.ParametersMax && scanner.SkipPast((byte)','));
    }
}
