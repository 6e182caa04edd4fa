namespace MailAccess.Message;

/// <summary>
/// Reads a message as it flows, in pieces of any size and in bounded memory, and ends with its structure.
/// </summary>
/// <remarks>
/// Never fails: whatever octets come, there is a structure (RFC 2045 §5.2 for what is broken). Lines end in CRLF or LF.
/// Implementation: the open parts are a stack. Header lines are looked at one by one; a body is only searched for LF "--",
/// and such a line compared with the boundaries of the stack.
/// Invariants: <see cref="_counter"/> has counted everything consumed; <see cref="_lineStart"/> is the
/// start of the line being collected; the stack is never empty before <see cref="Finish"/>.
/// </remarks>
public sealed class MessageParser
{
    private readonly MessageLimits _limits;
    private readonly HeaderCapture _header;
    private readonly BoundedBuffer _line;
    private readonly OctetCounter _counter = new();
    private readonly ContentHash _hash = new();
    private readonly PreviewCapture _preview;
    private readonly List<PartBuilder> _open = [];
    private readonly PartBuilder _root;
    private int _activeBoundaries;
    private int _parts = 1;
    private bool _inHeader = true;
    private bool _headerIsFresh = true;
    private bool _atLineStart = true;
    private bool _collecting;
    private long _lineStart;
    private long _lineStartLines;
    private long _regionStart;
    private MimePart? _structure;
    private SummaryDetails? _details;

    /// <summary>A parser for one message.</summary>
    public MessageParser()
        : this(MessageLimits.Default)
    {
    }

    /// <summary>A parser for one message, within these limits.</summary>
    public MessageParser(MessageLimits limits)
    {
        _limits = limits;
        _header = new HeaderCapture(limits);
        _line = new BoundedBuffer(limits.HeaderOctetsMax);
        _preview = new PreviewCapture(limits);
        _root = new PartBuilder { IsMessageRoot = true };
        _open.Add(_root);
        _header.Begin(isRoot: true);
    }

    /// <summary>
    /// BODY and BODYSTRUCTURE tell envelope and body of a message/global, as of a message/rfc822: RFC 9051 §9, media-message. What is kept for
    /// all clients does not: RFC 3501 has no such thing.
    /// </summary>
    public bool DescribesGlobal { get; init; }

    /// <summary>Octets fed so far, as they came.</summary>
    public long Octets => _counter.RawOctets;

    /// <summary>What the octets fed so far are with every line end as CRLF: RFC822.SIZE.</summary>
    public long CrlfOctets => _counter.CrlfOctets;

    /// <summary>No line so far ended in a bare LF: offsets in the structure are offsets in what was fed.</summary>
    public bool IsCrlfThroughout => _counter.RawOctets == _counter.CrlfOctets;

    /// <summary>The next octets of the message.</summary>
    public void Feed(ReadOnlySpan<byte> octets)
    {
        if (_structure is not null)
        {
            throw new InvalidOperationException("The message has been finished.");
        }
        ReadOnlySpan<byte> rest = octets;
        long bareLineFeeds = _counter.CrlfOctets - _counter.RawOctets;
        while (!rest.IsEmpty)
        {
            int consumed = _inHeader ? FeedHeader(rest) : FeedBody(rest);
            rest = rest[consumed..];
        }
        _hash.Append(octets, hasBareLf: _counter.CrlfOctets - _counter.RawOctets != bareLineFeeds);
    }

    /// <summary>After the last octet: the MIME structure.</summary>
    public MimePart Finish()
    {
        if (_structure is not null)
        {
            return _structure;
        }
        if (_inHeader && _line.Octets > 0)
        {
            HeaderLine(_line.Written, _line.IsTruncated);
        }
        else if (_collecting)
        {
            BodyLine(_line.Written);
        }
        while (_inHeader)
        {
            EndHeader(_counter.CrlfOctets, _counter.Lines);
        }
        _preview.End(atMark: false);
        CloseDownTo(-1, _counter.CrlfOctets, _counter.Lines);
        _structure = _root.Build();
        _details = _details! with { Content = _hash.Finish(), Preview = _preview.Text };
        return _structure;
    }

    /// <summary>After <see cref="Finish"/>: the summary for the cache.</summary>
    public MessageSummary Summarize()
    {
        MimePart structure = Finish();
        return SummaryComposer.Compose(_root, structure, _details!, _header, DescribesGlobal, _limits);
    }

    private int FeedHeader(ReadOnlySpan<byte> octets)
    {
        if (_line.Octets == 0)
        {
            StartLine();
        }
        int lineFeed = octets.IndexOf((byte)'\n');
        if (lineFeed < 0)
        {
            _line.Append(octets);
            _counter.Count(octets);
            return octets.Length;
        }
        ReadOnlySpan<byte> piece = octets[..(lineFeed + 1)];
        _counter.Count(piece);
        if (_line.Octets == 0)
        {
            HeaderLine(piece, isTruncated: false);
        }
        else
        {
            _line.Append(piece);
            bool isTruncated = _line.IsTruncated;
            HeaderLine(_line.Written, isTruncated);
        }
        _line.Clear();
        return piece.Length;
    }

    private int FeedBody(ReadOnlySpan<byte> octets)
    {
        if (_collecting)
        {
            return CollectLine(octets);
        }
        if (_activeBoundaries == 0)
        {
            CountBody(octets);
            return octets.Length;
        }
        if (_atLineStart && octets[0] == '-')
        {
            StartLine();
            _preview.Mark();
            _collecting = true;
            return 0;
        }
        int found = octets.IndexOf("\n--"u8);
        if (found >= 0)
        {
            CountBody(octets[..(found + 1)]);
            _atLineStart = true;
            return found + 1;
        }
        // The next piece may continue a delimiter that begins in the last two octets of this one.
        int consumed = octets.EndsWith("\n-"u8) ? octets.Length - 1 : octets.Length;
        CountBody(octets[..consumed]);
        _atLineStart = octets[consumed - 1] == '\n';
        return consumed;
    }

    /// <summary>
    /// A line of a body that begins with "-": whole, or its beginning where more is stuck to a delimiter than one can have, or given up as too
    /// long to be one.
    /// </summary>
    private int CollectLine(ReadOnlySpan<byte> octets)
    {
        int room = _limits.DelimiterOctetsMax - (int)_line.Octets;
        if (room == 0)
        {
            return SkipRestOfDelimiter(octets);
        }
        ReadOnlySpan<byte> window = octets[..Math.Min(octets.Length, room)];
        int lineFeed = window.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = lineFeed < 0 ? window : window[..(lineFeed + 1)];
        CountBody(piece);
        if (lineFeed >= 0)
        {
            _collecting = false;
            if (_line.Octets == 0)
            {
                BodyLine(piece);
            }
            else
            {
                _line.Append(piece);
                BodyLine(_line.Written);
            }
            _line.Clear();
        }
        else
        {
            _line.Append(piece);
            if (piece.Length == room && !MimeDelimiter.TryMatch(_line.Written, _open, out _, out _))
            {
                _collecting = false;
                _atLineStart = false;
                _line.Clear();
            }
        }
        return piece.Length;
    }

    private int SkipRestOfDelimiter(ReadOnlySpan<byte> octets)
    {
        int lineFeed = octets.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = lineFeed < 0 ? octets : octets[..(lineFeed + 1)];
        CountBody(piece);
        if (lineFeed >= 0)
        {
            _collecting = false;
            BodyLine(_line.Written);
            _line.Clear();
        }
        return piece.Length;
    }

    private void CountBody(ReadOnlySpan<byte> octets)
    {
        _counter.Count(octets);
        if (_preview.IsOpen)
        {
            _preview.Append(octets);
        }
    }

    private void StartLine()
    {
        _lineStart = _counter.CrlfOctets;
        _lineStartLines = _counter.Lines;
    }

    private void HeaderLine(ReadOnlySpan<byte> line, bool isTruncated)
    {
        bool isFirst = _headerIsFresh;
        _headerIsFresh = false;
        if (HeaderReader.IsEmptyLine(line))
        {
            _header.EmptyLine();
            EndHeader(_counter.CrlfOctets, _counter.Lines);
        }
        else if (_activeBoundaries > 0 && MimeDelimiter.TryMatch(line, _open, out int frame, out bool closes) && TakeDelimiter(frame, closes))
        {
            // The header had no empty line: RFC 2046 §5.1 wants one, and the enclosing boundary ends all the same.
        }
        else if (isFirst && !_open[^1].IsMessageRoot && !HeaderReader.IsFieldStart(line))
        {
            // A part without header and without the empty line (RFC 2046 §5.1): what should have followed it is the body.
            EndHeader(_lineStart, _lineStartLines);
            if (_inHeader)
            {
                HeaderLine(line, isTruncated);
            }
            else
            {
                _atLineStart = true;
            }
        }
        else
        {
            _header.Line(line, isTruncated);
        }
    }

    private void BodyLine(ReadOnlySpan<byte> line)
    {
        _atLineStart = true;
        if (MimeDelimiter.TryMatch(line, _open, out int frame, out bool closes))
        {
            TakeDelimiter(frame, closes);
        }
    }

    /// <summary>Ends the parts inside the frame and starts its next one; false where there may be no more parts.</summary>
    private bool TakeDelimiter(int frame, bool closes)
    {
        if (!closes && _parts >= _limits.PartsMax)
        {
            _activeBoundaries = 0; // The rest belongs to the last part.
            return false;
        }
        long end = _lineStart;
        long endLines = _lineStartLines;
        if (_inHeader)
        {
            while (_inHeader)
            {
                EndHeader(end, endLines);
            }
        }
        else if (end > _regionStart)
        {
            end -= 2; // The line end before a delimiter belongs to it. RFC 2046 §5.1.1
            endLines--;
        }
        _preview.End(atMark: true);
        CloseDownTo(frame, end, endLines);
        if (closes)
        {
            _open[frame].Boundary = null;
            _activeBoundaries--;
            _regionStart = _lineStart;
            _atLineStart = true;
        }
        else
        {
            StartPart(_open[frame], isMessageRoot: false, _counter.CrlfOctets);
        }
        return true;
    }

    private void StartPart(PartBuilder parent, bool isMessageRoot, long offset)
    {
        var part = new PartBuilder { IsMessageRoot = isMessageRoot, IsInDigest = parent.IsDigest, HeaderOffset = offset };
        parent.Children.Add(part);
        _parts++;
        _open.Add(part);
        _header.Begin(isRoot: false);
        _inHeader = true;
        _headerIsFresh = true;
    }

    private void EndHeader(long end, long endLines)
    {
        PartBuilder part = _open[^1];
        part.HeaderOctets = end - part.HeaderOffset;
        part.BodyOffset = end;
        part.BodyStartLines = endLines;
        part.Content = _header.Finish(part.IsInDigest);
        part.Envelope = part.IsMessageRoot ? EnvelopeRenderer.Render(_header, _limits) : null;
        _details ??= SummaryDetails.OfHeader(_header, _limits);
        _inHeader = false;
        _regionStart = end;
        _atLineStart = true;

        bool mayNest = _open.Count < _limits.NestingMax && _parts < _limits.PartsMax;
        ContentDescription content = part.Content;
        if (content.IsMultipart)
        {
            part.Kind = PartKind.Multipart;
            part.Boundary = mayNest ? content.Boundary(_limits.BoundaryOctetsMax) : null;
            _activeBoundaries += part.Boundary is null ? 0 : 1;
        }
        else if (content.IsMessage && mayNest && !content.IsEncoded)
        {
            part.Kind = PartKind.Message;
            StartPart(part, isMessageRoot: true, end);
        }
        else if (content.IsMessage && content.IsDescribedAsMessage(DescribesGlobal))
        {
            // Clients expect an envelope there. RFC 2046 §5.2.1 forbids to encode a message/rfc822; what is in an encoded message/global is not known.
            content.BecomeOpaque();
        }
        else if (!_open.Exists(p => p.Kind == PartKind.Message))
        {
            _preview.Begin(content); // What somebody else has written and is only enclosed is not what this message says.
        }
    }

    private void CloseDownTo(int frame, long end, long endLines)
    {
        for (int i = _open.Count - 1; i > frame; i--)
        {
            PartBuilder part = _open[i];
            _open.RemoveAt(i);
            _activeBoundaries -= part.Boundary is not null && _activeBoundaries > 0 ? 1 : 0;
            part.BodyOctets = Math.Max(0, end - part.BodyOffset);
            part.BodyLines = Math.Max(0, endLines - part.BodyStartLines);
            if (part.Kind == PartKind.Multipart && part.Children.Count == 0)
            {
                part.AddWholeBodyAsText();
            }
        }
    }
}
