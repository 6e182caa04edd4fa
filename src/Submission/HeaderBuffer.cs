using System.Buffers;
using System.Text;

namespace MailAccess.Submission;

/// <summary>
/// Collects a message's header while it flows, and knows where it ends: at the empty line, before the first line that is
/// no field (a message without header), or at the end of the message. RFC 5322 §2.1, §2.2.
/// </summary>
internal sealed class HeaderBuffer(SubmissionLimits limits)
{
    private readonly ArrayBufferWriter<byte> _octets = new(1024);
    private readonly List<HeaderField> _fields = [];
    private int _lineStart;
    private bool _carriageReturn;

    /// <summary>Its fields are known; what was fed behind it is not in here.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>More octets or fields than allowed; nothing more is kept.</summary>
    public bool IsTooBig { get; private set; }

    /// <summary>The empty line was there.</summary>
    public bool HasEmptyLine { get; private set; }

    /// <summary>What stood in a line that is no field; it belongs to the body.</summary>
    public ReadOnlyMemory<byte> Overrun { get; private set; }

    public IReadOnlyList<HeaderField> Fields => _fields;

    public ReadOnlyMemory<byte> Octets => _octets.WrittenMemory;

    /// <summary>Takes what belongs to the header and returns how much that was.</summary>
    public int Feed(ReadOnlySpan<byte> octets)
    {
        int consumed = 0;
        while (consumed < octets.Length && !IsComplete && !IsTooBig)
        {
            ReadOnlySpan<byte> rest = octets[consumed..];
            int lineEnd = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = lineEnd < 0 ? rest : rest[..(lineEnd + 1)];
            if (_octets.WrittenCount + piece.Length > limits.HeaderOctetsMax)
            {
                IsTooBig = true;
                break;
            }
            _octets.Write(piece);
            consumed += piece.Length;
            bool ends = lineEnd >= 0 && (piece.Length > 1 ? piece[^2] == '\r' : _carriageReturn);
            _carriageReturn = piece[^1] == '\r';
            if (ends)
            {
                EndLine();
            }
        }
        return consumed;
    }

    /// <summary>The message ended inside its header: the last line counts as it is.</summary>
    public void Finish()
    {
        if (!IsComplete && !IsTooBig && _octets.WrittenCount > _lineStart)
        {
            EndLine();
        }
        IsComplete = true;
    }

    private void EndLine()
    {
        ReadOnlySpan<byte> line = _octets.WrittenSpan[_lineStart..];
        if (line.SequenceEqual("\r\n"u8))
        {
            HasEmptyLine = true;
            IsComplete = true;
            return;
        }
        if (line[0] is (byte)' ' or (byte)'\t' && _fields.Count > 0)
        {
            HeaderField last = _fields[^1];
            _fields[^1] = last with { Length = last.Length + line.Length };
        }
        else if (TryReadName(line, out string name))
        {
            _fields.Add(new HeaderField(name, _lineStart, line.Length));
            IsTooBig |= _fields.Count > limits.HeaderFieldsMax;
        }
        else
        {
            Overrun = line.ToArray();
            IsComplete = true;
            return;
        }
        _lineStart = _octets.WrittenCount;
    }

    // field-name = 1*ftext, ftext = %d33-57 / %d59-126     RFC 5322 §3.6.8; spaces before the colon: §4.5.8
    private static bool TryReadName(ReadOnlySpan<byte> line, out string name)
    {
        name = "";
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            return false;
        }
        ReadOnlySpan<byte> octets = line[..colon].TrimEnd(" \t"u8);
        if (octets.IsEmpty || octets.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return false;
        }
        name = Encoding.ASCII.GetString(octets);
        return true;
    }
}

/// <summary>Where a field stands, with its continuation lines and line ends.</summary>
internal readonly record struct HeaderField(string Name, int Start, int Length)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>What is behind the colon, line ends included.</summary>
    public ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> header)
    {
        ReadOnlyMemory<byte> field = header.Slice(Start, Length);
        return field[(field.Span.IndexOf((byte)':') + 1)..];
    }
}
