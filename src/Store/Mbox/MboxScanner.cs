using MailAccess.Store.Files;

namespace MailAccess.Store.Mbox;

/// <summary>A message found in a file.</summary>
/// <param name="Entry">Without UID and token.</param>
/// <param name="Octets">Size for clients.</param>
/// <param name="Meta">Its hidden fields.</param>
/// <param name="Date">Of its From_ line.</param>
internal sealed record FoundMessage(MboxEntry Entry, long Octets, MetaFields Meta, DateTimeOffset Date);

/// <summary>
/// Finds the messages of a file, reading it once, in bounded memory, whatever its size. A message begins with a From_ line;
/// <c>Content-Length</c> is believed only where it leads to one, or to the end.
/// </summary>
internal sealed class MboxScanner
{
    private readonly LineReader.Source _read;
    private readonly LineReader _lines;
    private readonly TimeZoneInfo _zone;
    private readonly long _end;
    private readonly Action<FoundMessage> _found;
    private MessageDecoder _decoder = new(null, isExact: false);
    private long _offset = -1;
    private int _fromOctets;
    private DateTimeOffset _date;
    private int _blankOctets;
    private bool _endsWithFeed = true;

    private MboxScanner(LineReader.Source read, long start, long end, TimeZoneInfo zone, Action<FoundMessage> found)
    {
        _read = read;
        _lines = new LineReader(read, start, end);
        _zone = zone;
        _end = end;
        _found = found;
    }

    /// <summary>Returns how many octets before the first From_ line were skipped.</summary>
    public static long Scan(IFile file, long start, long end, TimeZoneInfo zone, Action<FoundMessage> found) =>
        new MboxScanner(file.Read, start, end, zone, found).Run(start);

    public static long Scan(LineReader.Source read, long start, long end, TimeZoneInfo zone, Action<FoundMessage> found) =>
        new MboxScanner(read, start, end, zone, found).Run(start);

    private long Run(long start)
    {
        long skipped = _end - start;
        long at = start;
        while (_lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart))
        {
            if (isLineStart && line[0] == (byte)'F' && FromLine.TryParse(line, _zone, out DateTimeOffset date))
            {
                skipped = _offset < 0 ? at - start : skipped;
                Finish(at);
                _offset = at;
                _fromOctets = line.Length;
                _date = date;
                _blankOctets = 0;
                _decoder = new MessageDecoder(null, isExact: false);
            }
            else if (_offset >= 0)
            {
                Take(line, isLineStart);
            }
            _endsWithFeed = line[^1] == (byte)'\n';
            at = _lines.Position;
        }
        Finish(at);
        return skipped;
    }

    private void Take(ReadOnlySpan<byte> line, bool isLineStart)
    {
        bool wasHeader = _decoder.InHeader;
        _decoder.Feed(line, isLineStart);
        _blankOctets = isLineStart && MetaHeader.IsBlank(line) ? line.Length : 0;
        if (wasHeader && !_decoder.InHeader && _decoder.Meta.ContentLength > 0)
        {
            TryJump(_lines.Position, _decoder.Meta.ContentLength);
        }
    }

    /// <summary>Reads the body without looking for From_ lines, where the length leads to one.</summary>
    private void TryJump(long body, long length)
    {
        if (length > _end - body || !LeadsToBoundary(body + length))
        {
            return;
        }
        while (_lines.Position < body + length && _lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart))
        {
            _decoder.Feed(line, isLineStart);
            _blankOctets = isLineStart && MetaHeader.IsBlank(line) ? line.Length : 0;
            _endsWithFeed = line[^1] == (byte)'\n';
        }
    }

    private bool LeadsToBoundary(long at)
    {
        Span<byte> peek = stackalloc byte[FromLine.OctetsMax + 3];
        peek = peek[..(int)Math.Min(peek.Length, _end - (at - 1))];
        int filled = 0;
        while (filled < peek.Length && _read(at - 1 + filled, peek[filled..]) is int count and > 0)
        {
            filled += count;
        }
        ReadOnlySpan<byte> rest = peek[..filled];
        if (rest.IsEmpty || (rest[0] != (byte)'\n' && !(rest.Length > 1 && MetaHeader.IsBlank(rest[1..]))
            && !(rest.Length > 1 && rest[1] == (byte)'\n')))
        {
            return false; // Not at the end of a line.
        }
        rest = rest[1..];
        while (!rest.IsEmpty && rest[0] is (byte)'\n' or (byte)'\r')
        {
            rest = rest[1..];
        }
        int feed = rest.IndexOf((byte)'\n');
        return at + 4 >= _end ? rest.IsEmpty : feed > 0 && FromLine.TryParse(rest[..(feed + 1)], _zone, out _);
    }

    private void Finish(long end)
    {
        if (_offset < 0)
        {
            return;
        }
        MetaFields meta = _decoder.Meta;
        int separator = _endsWithFeed ? _blankOctets : 0;
        long raw = _decoder.RawOctets - separator;
        long bare = _decoder.BareFeeds - (separator == 1 ? 1 : 0);
        MessageForm form = meta.Form;
        meta.IsPseudo &= _decoder.HasPseudoSubject;
        if ((form & MessageForm.OpenEnd) != 0 && raw > 0 && _endsWithFeed)
        {
            raw--; // The last line's end is ours, not the message's. It was bare, or the CR before it is the message's last octet.
            bare -= _decoder.IsBareAtEnd(separator > 0 ? 1 : 0) ? 1 : 0;
        }
        else
        {
            form &= ~MessageForm.OpenEnd;
        }
        MboxEntry entry = new()
        {
            Offset = _offset,
            Length = end - _offset,
            Token = 0,
            Hash = _decoder.Hash,
            KeywordsHash = meta.KeywordsHash,
            Flags = meta.Flags,
            Form = form,
            SeparatorOctets = (byte)separator,
            FromOctets = (ushort)_fromOctets,
        };
        _found(new FoundMessage(entry, (form & MessageForm.Exact) != 0 ? raw : raw + bare, meta, _date));
    }
}
