using System.Buffers;
using System.Text;
using System.Text.Unicode;
using MailAccess.Message;
using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>How a <see cref="HeaderAddressRewriter"/> works.</summary>
public sealed record HeaderRewritingOptions
{
    /// <summary>The domain of addresses that have none; null: they stay as they are.</summary>
    public string? Origin { get; init; }

    /// <summary>A field with more octets passes unchanged.</summary>
    public int FieldOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Different addresses that tables are asked for; those beyond stay as they are.</summary>
    public int AddressesMax { get; init; } = 2_000;
}

/// <summary>
/// Rewrites the addresses in the header of a message that flows by, in pieces of any size and in bounded memory. Only the octets of addresses that
/// change are others afterwards: names, comments, groups, folding and the body stay as they are.
/// </summary>
/// <remarks>One for each message, used by one task. Where a table cannot be asked, <see cref="Error"/> says so and the message must not be taken.</remarks>
public sealed class HeaderAddressRewriter(IAddressRewriter rewriter, HeaderRewritingOptions options)
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _field = new(); // The field at hand, with its line ends.
    private readonly Dictionary<(MailPath Address, AddressClasses Role), MailPath> _known = [];
    private readonly List<OctetEdit> _edits = [];
    private long _fieldOffset;
    private bool _isAtLineStart = true;
    private bool _isPassing; // The field at hand is too big and passes.
    private byte _lineFirst;
    private long _lineOctets;

    /// <summary>The header has ended: what follows is the body, and passes.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Why an address could not be rewritten. For the log, not for clients; null: all could.</summary>
    public string? Error { get; private set; }

    /// <summary>An address that was US-ASCII no longer is: the message needs SMTPUTF8 now. RFC 6531 §3.</summary>
    public bool BringsUtf8 { get; private set; }

    /// <summary>What has changed so far, by offsets in what was fed.</summary>
    public IReadOnlyList<OctetEdit> Edits => _edits;

    /// <summary>The next octets of the message, header first. What comes back is complete up to the last field that has ended, and valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> FeedAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (IsOver)
        {
            return octets;
        }
        _output.ResetWrittenCount();
        while (!octets.IsEmpty && !IsOver)
        {
            int lineFeed = octets.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> piece = lineFeed < 0 ? octets : octets[..(lineFeed + 1)];
            octets = octets[piece.Length..];
            if (_isAtLineStart)
            {
                await StartLineAsync(piece.Span[0], cancellationToken);
            }
            Keep(piece.Span);
            _isAtLineStart = lineFeed >= 0;
            // As HeaderReader has it: a line end and nothing else.
            IsOver = _isAtLineStart && (_lineOctets == 1 || (_lineOctets == 2 && _lineFirst == '\r'));
        }
        if (IsOver)
        {
            await EndFieldAsync(cancellationToken);
            _output.Write(octets.Span);
        }
        return _output.WrittenMemory;
    }

    /// <summary>The message has ended. What is left of a header without a body.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> FinishAsync(CancellationToken cancellationToken)
    {
        _output.ResetWrittenCount();
        await EndFieldAsync(cancellationToken);
        IsOver = true;
        return _output.WrittenMemory;
    }

    private async ValueTask StartLineAsync(byte first, CancellationToken cancellationToken)
    {
        if (first is not ((byte)' ' or (byte)'\t'))
        {
            await EndFieldAsync(cancellationToken);
            _isPassing = false;
        }
        _lineFirst = first;
        _lineOctets = 0;
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        _lineOctets += piece.Length;
        if (_isPassing)
        {
            _output.Write(piece);
            _fieldOffset += piece.Length;
            return;
        }
        _field.Write(piece);
        if (_field.WrittenCount > options.FieldOctetsMax)
        {
            PassField();
            _isPassing = true;
        }
    }

    private void PassField()
    {
        _output.Write(_field.WrittenSpan);
        _fieldOffset += _field.WrittenCount;
        _field.ResetWrittenCount();
    }

    private async ValueTask EndFieldAsync(CancellationToken cancellationToken)
    {
        AddressClasses role = Read(_field.WrittenSpan, out IReadOnlyList<Entry> entries);
        List<OctetEdit> edits = [];
        List<string> expected = [];
        bool bringsUtf8 = false;
        foreach (Entry entry in entries)
        {
            expected.Add(entry.Text);
            if (Error is null && entry.Address is { } address && await RewriteAsync(address, role, cancellationToken) is { } changed
                && (changed != address || entry.IsWithoutDomain))
            {
                expected[^1] = changed.ToString();
                edits.Add(new OctetEdit(entry.Offset, entry.Length, Encoding.UTF8.GetBytes(expected[^1])));
                bringsUtf8 |= address.IsAscii && !changed.IsAscii;
            }
        }
        if (edits.Count > 0)
        {
            LongLines.Fold(_field.WrittenSpan, [.. entries.Select(e => e.Start)], edits);
        }
        byte[] field = Apply(_field.WrittenSpan, edits);
        if (edits.Count == 0 || !IsReadAlike(field, expected))
        {
            PassField();
            return;
        }
        BringsUtf8 |= bringsUtf8;
        _edits.AddRange(edits.Select(e => e with { Offset = _fieldOffset + e.Offset }));
        _output.Write(field);
        _fieldOffset += _field.WrittenCount;
        _field.ResetWrittenCount();
    }

    private static byte[] Apply(ReadOnlySpan<byte> field, List<OctetEdit> edits)
    {
        if (edits.Count == 0)
        {
            return [];
        }
        ArrayBufferWriter<byte> output = new(field.Length + edits.Sum(e => e.Replacement.Length));
        int written = 0;
        foreach (OctetEdit edit in edits)
        {
            output.Write(field[written..(int)edit.Offset]);
            output.Write(edit.Replacement);
            written = (int)edit.Offset + edit.Removed;
        }
        output.Write(field[written..]);
        return output.WrittenSpan.ToArray();
    }

    private AddressClasses Read(ReadOnlySpan<byte> octets, out IReadOnlyList<Entry> entries)
    {
        entries = [];
        HeaderReader reader = new(octets);
        if (!reader.TryRead(out HeaderField field))
        {
            return AddressClasses.None;
        }
        AddressClasses role = AddressFields.ClassOf(field);
        bool isWanted = role != AddressClasses.None && (options.Origin is not null || (rewriter.Classes & role) != 0);
        if (isWanted)
        {
            int start = field.Raw.Length - field.RawValue.Length;
            List<Entry> found = [];
            foreach (MailAddress address in AddressParser.Parse(field.RawValue))
            {
                if (address.Kind == MailAddressKind.Mailbox)
                {
                    found.Add(EntryOf(address, start, octets));
                }
            }
            entries = found;
        }
        return role;
    }

    private async ValueTask<MailPath?> RewriteAsync(MailPath address, AddressClasses role, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue((address, role), out MailPath? known))
        {
            return known;
        }
        if (_known.Count >= options.AddressesMax)
        {
            return null;
        }
        AddressRewriting result = await rewriter.RewriteAsync(address, role, null, cancellationToken);
        Error = result.Error;
        return _known[(address, role)] = result.Path;
    }

    // Without a domain, only a plain word is an address: what else stands there alone may be a name that somebody did not quote.
    private Entry EntryOf(MailAddress address, int start, ReadOnlySpan<byte> field)
    {
        MailPath? path = null;
        bool isWithoutDomain = address.Domain.Length == 0;
        bool isReadable = address.Length > 0
            && (!isWithoutDomain || (options.Origin is not null && field.Slice(start + address.Offset, address.Length).SequenceEqual(address.LocalPart)));
        if (isReadable && Utf8.IsValid(field.Slice(start + address.Offset, address.Length)))
        {
            string domain = isWithoutDomain ? options.Origin! : Encoding.UTF8.GetString(address.Domain);
            MailPath.TryCreate(Encoding.UTF8.GetString(address.LocalPart), domain, out path);
        }
        return new Entry(start + address.EntryOffset, start + address.Offset, address.Length, address.Address, path, isWithoutDomain);
    }

    // Junk may be read as addresses that would be read as others, or as one, once some of it has changed.
    private static bool IsReadAlike(ReadOnlySpan<byte> field, IReadOnlyList<string> expected)
    {
        HeaderReader reader = new(field);
        return reader.TryRead(out HeaderField read)
            && AddressParser.Parse(read.RawValue).Where(a => a.Kind == MailAddressKind.Mailbox).Select(a => a.Address).SequenceEqual(expected);
    }

    private sealed record Entry(int Start, int Offset, int Length, string Text, MailPath? Address, bool IsWithoutDomain);
}
