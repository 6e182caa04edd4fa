using System.Text;

namespace MailAccess.Message;

/// <summary>One field of a header, as views on the header's octets.</summary>
public readonly ref struct HeaderField
{
    /// <summary>The name as written, without white space before the colon (RFC 5322 §4.5 allowed it once).</summary>
    public required ReadOnlySpan<byte> Name { get; init; }

    /// <summary>What follows the colon, with its folding and its last line end.</summary>
    public required ReadOnlySpan<byte> RawValue { get; init; }

    /// <summary>The whole field with its last line end.</summary>
    public required ReadOnlySpan<byte> Raw { get; init; }

    /// <summary>Where the field starts in the header.</summary>
    public required int Offset { get; init; }

    /// <summary>Compares the name, case-insensitively.</summary>
    public bool Is(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(Name, name);

    /// <summary>The value as one line: line ends removed (RFC 5322 §2.2.3), white space trimmed at both ends.</summary>
    public byte[] Unfold() => HeaderReader.Unfold(RawValue);

    /// <summary>The value unfolded and with its encoded words decoded, for people and for search.</summary>
    public string Decode() => EncodedWords.Decode(Unfold());
}

/// <summary>
/// Walks through the fields of a header block in order, up to its empty line. Lines that are no field (a "From " line of an
/// mbox, a line without colon) and their continuations are passed over.
/// </summary>
public ref struct HeaderReader
{
    private readonly ReadOnlySpan<byte> _header;
    private int _position;

    /// <summary>Reads these octets, which lie still while the reader is used.</summary>
    public HeaderReader(ReadOnlySpan<byte> header) => _header = header;

    /// <summary>Where the last field ended; after <see cref="TryRead"/> was false, where the empty line begins, or the end.</summary>
    public readonly int Position => _position;

    /// <summary>The next field; false at the empty line or the end.</summary>
    public bool TryRead(out HeaderField field)
    {
        while (_position < _header.Length)
        {
            int start = _position;
            int lineEnd = LineEnd(start);
            ReadOnlySpan<byte> line = _header[start..lineEnd];
            if (IsEmptyLine(line))
            {
                break;
            }
            int end = lineEnd;
            while (end < _header.Length && _header[end] is (byte)' ' or (byte)'\t')
            {
                end = LineEnd(end);
            }
            _position = end;
            if (TrySplit(line, out int nameLength, out int valueStart))
            {
                field = new HeaderField
                {
                    Name = line[..nameLength],
                    RawValue = _header[(start + valueStart)..end],
                    Raw = _header[start..end],
                    Offset = start,
                };
                return true;
            }
        }
        field = default;
        return false;
    }

    /// <summary>The first field of this name, unfolded; null where there is none.</summary>
    public static byte[]? Find(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name)
    {
        HeaderReader reader = new(header);
        while (reader.TryRead(out HeaderField field))
        {
            if (field.Is(name))
            {
                return field.Unfold();
            }
        }
        return null;
    }

    /// <summary>What ends a header: a line end and nothing else. CR CR LF is none.</summary>
    internal static bool IsEmptyLine(ReadOnlySpan<byte> line) => line.SequenceEqual("\r\n"u8) || line.SequenceEqual("\n"u8);

    internal static bool IsFieldStart(ReadOnlySpan<byte> line) => TrySplit(line, out _, out _);

    /// <summary>field-name = 1*ftext, ftext = %d33-57 / %d59-126 — RFC 5322 §3.6.8; white space before the colon, §4.5.</summary>
    internal static bool TrySplit(ReadOnlySpan<byte> line, out int nameLength, out int valueStart)
    {
        int colon = line.IndexOf((byte)':');
        valueStart = colon + 1;
        ReadOnlySpan<byte> name = colon < 0 ? [] : line[..colon].TrimEnd(" \t"u8);
        nameLength = name.Length;
        return nameLength > 0 && !name.ContainsAnyExceptInRange((byte)33, (byte)126);
    }

    internal static byte[] Unfold(ReadOnlySpan<byte> rawValue)
    {
        byte[] value = new byte[rawValue.Length];
        int length = 0;
        while (!rawValue.IsEmpty)
        {
            int lineFeed = rawValue.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = lineFeed < 0 ? rawValue : rawValue[..lineFeed];
            rawValue = lineFeed < 0 ? [] : rawValue[(lineFeed + 1)..];
            line = line.EndsWith("\r"u8) ? line[..^1] : line;
            line.CopyTo(value.AsSpan(length));
            length += line.Length;
        }
        return value.AsSpan(0, length).Trim(" \t"u8).ToArray();
    }

    private readonly int LineEnd(int start)
    {
        int lineFeed = _header[start..].IndexOf((byte)'\n');
        return lineFeed < 0 ? _header.Length : start + lineFeed + 1;
    }
}
