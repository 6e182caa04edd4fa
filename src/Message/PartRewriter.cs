using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>How the body of a part is written in another form.</summary>
internal interface IBodyEncoder
{
    /// <summary>Something was written.</summary>
    bool HasLines { get; }

    void Append(ReadOnlySpan<byte> octets, IBufferWriter<byte> output);

    /// <summary>No more octets come: what was held back. A line end follows that is not the body's.</summary>
    void Finish(IBufferWriter<byte> output);

    /// <summary>The same where nothing follows: ends with a line end that is not the body's, or with none.</summary>
    void FinishMessage(IBufferWriter<byte> output);
}

/// <summary>What becomes of a part.</summary>
/// <param name="Encoding">The value of Content-Transfer-Encoding that it gets; null: its header stays as it is.</param>
/// <param name="Encoder">Writes its body; null: that stays as it is.</param>
internal readonly record struct PartTreatment(string? Encoding, IBodyEncoder? Encoder = null);

/// <summary>
/// Passes a message on as it flows, part by part, some of them in another transfer encoding. What is not rewritten comes out as it went in.
/// </summary>
/// <remarks>
/// Memory is bounded by <see cref="MessageLimits"/>. Where a bound leaves it unknown where parts begin, <see cref="HasGivenUp"/> says so,
/// and the message must not be used.
/// </remarks>
public abstract class PartRewriter
{
    private enum Region
    {
        Header,
        Lines,
        Encoded,
    }

    private readonly MessageLimits _limits;
    private readonly HeaderCapture _capture;
    private readonly BoundedBuffer _header;
    private readonly BoundedBuffer _line;
    private readonly List<Multipart> _open = [];
    private IBodyEncoder? _encoder;
    private Region _region = Region.Header;
    private byte[] _lineEnd = [];
    private long _headerOctets;
    private int _depth = 1;
    private int _parts = 1;
    private bool _isMessageRoot = true;
    private bool _isInDigest;
    private bool _headerIsFresh = true;
    private bool _atLineStart = true;
    private bool _collecting;
    private bool _isInDelimiter;

    private protected PartRewriter(MessageLimits limits)
    {
        _limits = limits;
        _capture = new HeaderCapture(limits);
        _header = new BoundedBuffer(limits.HeaderOctetsMax);
        _line = new BoundedBuffer(limits.HeaderOctetsMax);
        _capture.Begin(isRoot: false);
    }

    /// <summary>A header is too long, or parts are too many or too deeply nested, to know where they begin.</summary>
    public bool HasGivenUp { get; private protected set; }

    /// <summary>Multiparts that the current part is inside of.</summary>
    private protected int OpenMultiparts => _open.Count;

    /// <summary>The current part is inside of a multipart whose parts somebody signed as they are (RFC 1847 §2.1).</summary>
    private protected bool IsSigned => _open.Count > 0 && _open[^1].IsSigned;

    /// <summary>The next octets of the message; what is known of them goes to the output.</summary>
    public void Feed(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        while (!octets.IsEmpty && !HasGivenUp)
        {
            int fed = _isInDelimiter ? FeedDelimiter(octets, output) : _region == Region.Header ? FeedHeader(octets, output) : FeedBody(octets, output);
            octets = octets[fed..];
        }
    }

    /// <summary>After the last octet: what was held back.</summary>
    public void Finish(IBufferWriter<byte> output)
    {
        if (_region == Region.Header)
        {
            if (_line.Octets > 0)
            {
                HeaderLine(_line.Written, output);
            }
            while (_region == Region.Header && !HasGivenUp)
            {
                EndHeader([], output);
            }
        }
        else if (_collecting)
        {
            BodyLine(_line.Written, output);
        }
        if (_region == Region.Encoded)
        {
            _encoder!.Append(_lineEnd, output);
            _encoder.FinishMessage(output);
            _region = Region.Lines;
        }
    }

    private int FeedHeader(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        int lineFeed = octets.IndexOf((byte)'\n');
        int length = lineFeed < 0 ? octets.Length : lineFeed + 1;
        _line.Append(octets[..length]);
        if (_line.IsTruncated)
        {
            HasGivenUp = true;
        }
        else if (lineFeed >= 0)
        {
            HeaderLine(_line.Written, output);
            _line.Clear();
        }
        return length;
    }

    private void HeaderLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        bool isFirst = _headerIsFresh;
        _headerIsFresh = false;
        if (HeaderReader.IsEmptyLine(line))
        {
            EndHeader(line, output);
        }
        else if (MimeDelimiter.TryMatch(line, _open, out int multipart, out bool closes))
        {
            while (_region == Region.Header && !HasGivenUp)
            {
                EndHeader([], output);
            }
            TakeDelimiter(multipart, closes, line, output);
        }
        else if (isFirst && !_isMessageRoot && !HeaderReader.IsFieldStart(line))
        {
            // A part without header and without the empty line, RFC 2046 §5.1.
            EndHeader([], output);
            if (_region == Region.Header)
            {
                HeaderLine(line, output);
            }
            else
            {
                BodyOctets(line, output);
            }
        }
        else
        {
            _capture.Line(line, isTruncated: false);
            _header.Append(line);
            HasGivenUp |= _header.IsTruncated;
        }
    }

    private void EndHeader(ReadOnlySpan<byte> emptyLine, IBufferWriter<byte> output)
    {
        _headerOctets += _header.Octets;
        HasGivenUp |= _headerOctets > _limits.HeaderOctetsTotalMax;
        ContentDescription content = _capture.Finish(_isInDigest);
        bool isMessage = LooksInto(content);
        byte[]? boundary = content.IsMultipart ? content.Boundary(_limits.BoundaryOctetsMax) : null;
        if (isMessage || boundary is not null)
        {
            HasGivenUp |= ++_depth > _limits.NestingMax;
        }
        PartTreatment treatment = Treat(content, holdsParts: isMessage || boundary is not null);
        WriteHeader(_header.Written, treatment, output);
        // A part without header has got one now, which must end somewhere.
        output.Write(emptyLine.IsEmpty && _header.Octets == 0 && treatment.Encoder is not null ? "\r\n"u8 : emptyLine);
        _header.Clear();
        _atLineStart = true;
        _region = Region.Lines;
        if (boundary is not null)
        {
            _open.Add(new Multipart(boundary, content.Subtype == "DIGEST", _depth, IsSigned || content.Subtype == "SIGNED"));
        }
        else if (isMessage)
        {
            BeginHeader(isMessageRoot: true, isInDigest: false);
        }
        else if (treatment.Encoder is { } encoder)
        {
            _region = Region.Encoded;
            _encoder = encoder;
            _lineEnd = [];
        }
    }

    /// <summary>Whether parts are looked for inside of a message in a message.</summary>
    private protected abstract bool LooksInto(ContentDescription content);

    /// <summary>At the end of a part's header: what becomes of the part.</summary>
    /// <param name="content">What the header says.</param>
    /// <param name="holdsParts">It is a multipart or a message that is looked into; it cannot be encoded itself (RFC 2045 §6.4).</param>
    private protected abstract PartTreatment Treat(ContentDescription content, bool holdsParts);

    /// <summary>The octets of a body that is not encoded, and those between parts.</summary>
    private protected virtual void WriteLines(ReadOnlySpan<byte> octets, IBufferWriter<byte> output) => output.Write(octets);

    /// <summary>After the last part of a multipart: what follows belongs to none.</summary>
    private protected virtual void LeaveParts()
    {
    }

    /// <summary>The header of the current part, without the empty line.</summary>
    private protected virtual void WriteHeader(ReadOnlySpan<byte> header, PartTreatment treatment, IBufferWriter<byte> output)
    {
        if (treatment.Encoding is { } encoding)
        {
            TryReplaceEncoding(header, encoding, output);
        }
        else
        {
            output.Write(header);
        }
    }

    /// <summary>The header is a message's, not a part's.</summary>
    private protected bool IsMessageRoot => _isMessageRoot;

    private void BeginHeader(bool isMessageRoot, bool isInDigest)
    {
        _region = Region.Header;
        _isMessageRoot = isMessageRoot;
        _isInDigest = isInDigest;
        _headerIsFresh = true;
        _capture.Begin(isRoot: false);
        HasGivenUp |= ++_parts > _limits.PartsMax;
    }

    /// <summary>The header with another encoding in the place of the first that it names; others go. False: it names none.</summary>
    private protected static bool TryReplaceEncoding(ReadOnlySpan<byte> header, string encoding, IBufferWriter<byte> output)
    {
        HeaderReader reader = new(header);
        int written = 0;
        bool isNamed = false;
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is("Content-Transfer-Encoding"u8))
            {
                output.Write(header[written..field.Offset]);
                written = field.Offset + field.Raw.Length;
                if (!isNamed)
                {
                    output.Write(Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: {encoding}\r\n"));
                    isNamed = true;
                }
            }
        }
        output.Write(header[written..]);
        return isNamed;
    }

    private int FeedBody(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        if (_collecting)
        {
            return CollectLine(octets, output);
        }
        if (_open.Count == 0)
        {
            BodyOctets(octets, output);
            return octets.Length;
        }
        if (_atLineStart && octets[0] == '-')
        {
            _collecting = true;
            return 0;
        }
        int found = octets.IndexOf("\n--"u8);
        // The next piece may continue a delimiter that begins in the last two octets of this one.
        int length = found >= 0 ? found + 1 : octets.EndsWith("\n-"u8) ? octets.Length - 1 : octets.Length;
        BodyOctets(octets[..length], output);
        return length;
    }

    /// <summary>A line of a body that begins with "-": whole, or as much of it as a delimiter can be long.</summary>
    private int CollectLine(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> window = octets[..Math.Min(octets.Length, _limits.DelimiterOctetsMax - (int)_line.Octets)];
        int lineFeed = window.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = lineFeed < 0 ? window : window[..(lineFeed + 1)];
        _line.Append(piece);
        if (lineFeed >= 0)
        {
            BodyLine(_line.Written, output);
        }
        else if (_line.Octets == _limits.DelimiterOctetsMax)
        {
            _isInDelimiter = BodyLine(_line.Written, output);
        }
        else
        {
            return piece.Length;
        }
        _collecting = false;
        _line.Clear();
        return piece.Length;
    }

    /// <summary>True for a delimiter.</summary>
    private bool BodyLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        bool isDelimiter = MimeDelimiter.TryMatch(line, _open, out int multipart, out bool closes);
        if (isDelimiter)
        {
            TakeDelimiter(multipart, closes, line, output);
        }
        else
        {
            BodyOctets(line, output);
        }
        return isDelimiter;
    }

    /// <summary>The rest of a line whose beginning was a delimiter.</summary>
    private int FeedDelimiter(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        int lineFeed = octets.IndexOf((byte)'\n');
        int length = lineFeed < 0 ? octets.Length : lineFeed + 1;
        _isInDelimiter = lineFeed < 0;
        output.Write(octets[..length]);
        return length;
    }

    /// <summary>What is no delimiter. Of encoded octets the last line end waits: it may belong to a delimiter. RFC 2046 §5.1.1.</summary>
    private void BodyOctets(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        if (octets.IsEmpty)
        {
            return;
        }
        _atLineStart = octets[^1] == '\n';
        if (_region != Region.Encoded)
        {
            WriteLines(octets, output);
            return;
        }
        if (octets.Length == 1 && octets[0] == '\n' && _lineEnd is [(byte)'\r'])
        {
            _lineEnd = [(byte)'\r', (byte)'\n'];
            return;
        }
        _encoder!.Append(_lineEnd, output);
        int waiting = octets.EndsWith("\r\n"u8) ? 2 : octets[^1] is (byte)'\r' or (byte)'\n' ? 1 : 0;
        _encoder.Append(octets[..^waiting], output);
        _lineEnd = octets[^waiting..].ToArray();
    }

    private void TakeDelimiter(int multipart, bool closes, ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        if (_region == Region.Encoded)
        {
            _encoder!.Finish(output);
            output.Write(_encoder.HasLines || _lineEnd.Length > 0 ? "\r\n"u8 : []);
            _region = Region.Lines;
        }
        output.Write(line);
        _atLineStart = true;
        _open.RemoveRange(multipart + 1, _open.Count - multipart - 1);
        _depth = _open[multipart].Depth;
        if (closes)
        {
            _open.RemoveAt(multipart);
            _region = Region.Lines;
            LeaveParts();
        }
        else
        {
            BeginHeader(isMessageRoot: false, _open[multipart].IsDigest);
        }
    }

    private readonly record struct Multipart(byte[] Boundary, bool IsDigest, int Depth, bool IsSigned) : IMultipart;
}
