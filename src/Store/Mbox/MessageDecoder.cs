namespace MailAccess.Store.Mbox;

/// <summary>
/// Reads a message from an mbox, line by line, as clients see it: the inverse of <see cref="MessageEncoder"/>, and lenient with what other
/// programs wrote. Without a sink it only counts.
/// </summary>
internal sealed class MessageDecoder(OctetSink? sink, bool isExact)
{
    private HeaderHash _hash;
    private bool _isHiding;
    private bool _afterCr;
    private bool _isDropped;
    private uint _bareBits;

    /// <summary>What the hidden fields say, so far.</summary>
    public MetaFields Meta { get; } = new();

    public uint Hash => _hash.Value;

    public bool InHeader { get; private set; } = true;

    /// <summary>Octets given out, as they lie on disk.</summary>
    public long RawOctets { get; private set; }

    /// <summary>Line ends among them that had no CR.</summary>
    public long BareFeeds { get; private set; }

    /// <summary>The header's subject is that of the message in which Pine and UW keep a folder's state.</summary>
    public bool HasPseudoSubject { get; private set; }

    /// <summary>The last line had no CR, or the one before it.</summary>
    public bool IsBareAtEnd(int linesBefore) => ((_bareBits >> linesBefore) & 1) != 0;

    /// <summary>The next line, or fragment of one.</summary>
    public void Feed(ReadOnlySpan<byte> line, bool isLineStart)
    {
        if (isLineStart)
        {
            Begin(ref line);
        }
        if (_isDropped)
        {
            return;
        }
        if (InHeader)
        {
            _hash.Add(line);
        }
        RawOctets += line.Length;
        bool isBare = line.Length > 0 && line[^1] == (byte)'\n' && !(line.Length > 1 ? line[^2] == (byte)'\r' : _afterCr);
        BareFeeds += isBare ? 1 : 0;
        if (line.Length > 0 && line[^1] == (byte)'\n')
        {
            _bareBits = (_bareBits << 1) | (isBare ? 1u : 0);
        }
        _afterCr = line.Length > 0 && line[^1] == (byte)'\r';
        if (sink is null)
        {
            return;
        }
        if (isBare && !isExact)
        {
            sink(line[..^1]);
            sink("\r\n"u8);
        }
        else
        {
            sink(line);
        }
    }

    private void Begin(ref ReadOnlySpan<byte> line)
    {
        _afterCr = false;
        _isDropped = false;
        if (InHeader)
        {
            if (MetaHeader.IsBlank(line))
            {
                InHeader = false;
                return;
            }
            _isDropped = _isHiding && MetaHeader.IsContinuation(line);
            if (_isDropped)
            {
                return;
            }
            _isHiding = false;
            if (MetaHeader.NameOf(line, out ReadOnlySpan<byte> value) is { } name)
            {
                Meta.Read(name, value);
                _isHiding = true;
                _isDropped = true;
                return;
            }
            HasPseudoSubject |= line.StartsWith("Subject: DON'T DELETE THIS MESSAGE"u8);
            if (MetaHeader.HasKeptPrefix(line))
            {
                line = line[MetaHeader.KeptPrefix.Length..];
                return;
            }
        }
        if (line[0] == (byte)'>' && Quoting.IsFromLine(line))
        {
            line = line[1..];
        }
    }
}
