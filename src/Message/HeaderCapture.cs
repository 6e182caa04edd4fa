using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>The header fields that a summary is made of.</summary>
internal enum CapturedField
{
    None,
    ContentType,
    TransferEncoding,
    ContentId,
    ContentDescription,
    Disposition,
    Language,
    Location,
    Md5,
    Date,
    Subject,
    From,
    Sender,
    ReplyTo,
    To,
    Cc,
    Bcc,
    InReplyTo,
    MessageId,
    References,
}

/// <summary>Takes a header line by line and keeps the unfolded values of the fields a summary needs, within the limits.</summary>
internal sealed class HeaderCapture(MessageLimits limits)
{
    private static readonly (byte[] Name, CapturedField Field)[] Names =
    [
        ("Content-Type"u8.ToArray(), CapturedField.ContentType),
        ("Content-Transfer-Encoding"u8.ToArray(), CapturedField.TransferEncoding),
        ("Content-ID"u8.ToArray(), CapturedField.ContentId),
        ("Content-Description"u8.ToArray(), CapturedField.ContentDescription),
        ("Content-Disposition"u8.ToArray(), CapturedField.Disposition),
        ("Content-Language"u8.ToArray(), CapturedField.Language),
        ("Content-Location"u8.ToArray(), CapturedField.Location),
        ("Content-MD5"u8.ToArray(), CapturedField.Md5),
        ("Date"u8.ToArray(), CapturedField.Date),
        ("Subject"u8.ToArray(), CapturedField.Subject),
        ("From"u8.ToArray(), CapturedField.From),
        ("Sender"u8.ToArray(), CapturedField.Sender),
        ("Reply-To"u8.ToArray(), CapturedField.ReplyTo),
        ("To"u8.ToArray(), CapturedField.To),
        ("Cc"u8.ToArray(), CapturedField.Cc),
        ("Bcc"u8.ToArray(), CapturedField.Bcc),
        ("In-Reply-To"u8.ToArray(), CapturedField.InReplyTo),
        ("Message-ID"u8.ToArray(), CapturedField.MessageId),
        ("References"u8.ToArray(), CapturedField.References),
    ];

    private static readonly byte[][] KeptNames = [.. MessageSummary.KeptHeaderFields.Select(Encoding.ASCII.GetBytes)];

    private readonly BoundedBuffer _values = new(limits.HeaderOctetsMax);
    private readonly List<(CapturedField Field, int Start, int Length)> _fields = [];
    private readonly ArrayBufferWriter<byte> _kept = new();
    private CapturedField _current;
    private bool _isRoot;
    private bool _isKeeping;
    private bool _isKeptComplete = true;
    private long _total;
    private int _addresses;

    /// <summary>The root's fields of <see cref="MessageSummary.KeptHeaderFields"/>; null where they are too many octets to keep.</summary>
    public byte[]? KeptFields => _isKeptComplete ? _kept.WrittenSpan.ToArray() : null;

    /// <summary>A line so far, of any header, held UTF-8 that is not US-ASCII alone.</summary>
    public bool HasInternationalized { get; private set; }

    public void Begin(bool isRoot)
    {
        _values.Clear();
        _fields.Clear();
        _current = CapturedField.None;
        _isRoot = isRoot;
        _isKeeping = false;
    }

    /// <summary>A line with its line end; not the empty line.</summary>
    public void Line(ReadOnlySpan<byte> line, bool isTruncated)
    {
        HasInternationalized |= isTruncated ? !Ascii.IsValid(line) : HeaderDowngrade.IsInternationalized(line);
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            Keep(line, isTruncated);
            AppendValue(line);
            return;
        }
        _current = CapturedField.None;
        _isKeeping = false;
        if (!HeaderReader.TrySplit(line, out int nameLength, out int valueStart))
        {
            return;
        }
        ReadOnlySpan<byte> name = line[..nameLength];
        if (_isRoot)
        {
            _isKeeping = IsKept(name);
            Keep(line, isTruncated);
        }
        foreach ((byte[] known, CapturedField field) in Names)
        {
            if (known.Length == nameLength && _fields.Count < limits.FieldsMax && Ascii.EqualsIgnoreCase(known, name))
            {
                _current = field;
                _fields.Add((field, _values.Written.Length, 0));
                AppendValue(line[valueStart..]);
                break;
            }
        }
    }

    /// <summary>The root's header ended in its empty line: so do the fields that are kept.</summary>
    public void EmptyLine()
    {
        if (_isRoot)
        {
            _kept.Write("\r\n"u8);
        }
    }

    /// <summary>After the header's last line: what it says of the content.</summary>
    public ContentDescription Finish(bool isInDigest)
    {
        _total += _values.Written.Length;
        return ContentDescription.Read(this, isInDigest, limits);
    }

    /// <summary>The first field of the kind, without white space around; false where there is none.</summary>
    public bool TryGet(CapturedField kind, out ReadOnlySpan<byte> value)
    {
        foreach ((CapturedField field, int start, int length) in _fields)
        {
            if (field == kind)
            {
                value = _values.Written.Slice(start, length).Trim(" \t"u8);
                return true;
            }
        }
        value = [];
        return false;
    }

    public byte[]? Get(CapturedField kind) => TryGet(kind, out ReadOnlySpan<byte> value) ? value.ToArray() : null;

    /// <summary>
    /// The addresses of all fields of the kind: repeated ones count as one list, as RFC 5322 §4.5.3 has it for destinations. Each is read by
    /// itself, so that a quote or group that never ends does not swallow the next.
    /// </summary>
    public List<MailAddress> Addresses(CapturedField kind, int addressesMax)
    {
        addressesMax = Math.Min(addressesMax, limits.AddressesTotalMax - _addresses);
        List<MailAddress> addresses = [];
        foreach ((CapturedField field, int start, int length) in _fields)
        {
            if (field == kind && addresses.Count < addressesMax)
            {
                addresses.AddRange(AddressParser.Parse(_values.Written.Slice(start, length), addressesMax - addresses.Count));
            }
        }
        _addresses += addresses.Count;
        return addresses;
    }

    private static bool IsKept(ReadOnlySpan<byte> name)
    {
        foreach (byte[] kept in KeptNames)
        {
            if (kept.Length == name.Length && Ascii.EqualsIgnoreCase(kept, name))
            {
                return true;
            }
        }
        return false;
    }

    private void AppendValue(ReadOnlySpan<byte> text)
    {
        if (_current == CapturedField.None || _total + _values.Written.Length > limits.HeaderOctetsTotalMax)
        {
            return;
        }
        _values.Append(text.TrimEnd("\r\n"u8));
        (CapturedField field, int start, _) = _fields[^1];
        _fields[^1] = (field, start, _values.Written.Length - start);
    }

    private void Keep(ReadOnlySpan<byte> line, bool isTruncated)
    {
        if (!_isKeeping)
        {
            return;
        }
        if (isTruncated || _kept.WrittenCount + line.Length > limits.HeaderOctetsMax)
        {
            _isKeptComplete = false; // Complete for these names, or not there at all.
            return;
        }
        HeaderFilter.WriteCrlf(line, _kept);
    }
}
