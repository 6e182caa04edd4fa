using System.Text;

namespace MailAccess.Tables.Text;

/// <summary>
/// The lines of a table as postmap(1) and aliases(5) count them: empty lines and comments left out, a line that begins with white space joined to
/// the one before. Comments may be in any encoding; the rest is UTF-8.
/// </summary>
internal ref struct LogicalLines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly TableReport _report;
    private readonly bool _backslashJoins;
    private ReadOnlySpan<byte> _rest;
    private int _next = 1;

    /// <param name="octets">The whole text.</param>
    /// <param name="report">Told what is wrong; after an error there are no more lines.</param>
    /// <param name="backslashJoins">A backslash at the end of a line joins the next one, as in Sendmail's aliases(5).</param>
    public LogicalLines(ReadOnlySpan<byte> octets, TableReport report, bool backslashJoins = false)
    {
        _rest = octets.StartsWith("\uFEFF"u8) ? octets[3..] : octets;
        _report = report;
        _backslashJoins = backslashJoins;
    }

    /// <summary>The line without the white space around it.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Where it begins, from 1.</summary>
    public int Line { get; private set; }

    public bool MoveNext()
    {
        while (TakeLine(out ReadOnlySpan<byte> line, out int number))
        {
            if (IsEmptyOrComment(line))
            {
                continue;
            }
            if (IsSpace(line[0]))
            {
                _report.Fail(number, "the first entry begins with white space, as if it continued a line");
                return false;
            }
            Line = number;
            return TryJoin(line, number);
        }
        return false;
    }

    private bool TryJoin(ReadOnlySpan<byte> first, int number)
    {
        StringBuilder? joined = null;
        bool more = Decode(CutBackslash(first, out bool joins), number, out string text);
        while (more)
        {
            ReadOnlySpan<byte> before = _rest;
            int numberBefore = _next;
            if (!TakeLine(out ReadOnlySpan<byte> line, out number))
            {
                break;
            }
            if (!joins && IsEmptyOrComment(line))
            {
                continue;
            }
            if (!joins && !IsSpace(line[0]))
            {
                _rest = before;
                _next = numberBefore;
                break;
            }
            joined ??= new StringBuilder(text);
            more = Decode(CutBackslash(line, out joins), number, out string piece);
            joined.Append(piece);
        }
        Text = (joined?.ToString() ?? text).Trim(Spaces);
        return more;
    }

    private bool TakeLine(out ReadOnlySpan<byte> line, out int number)
    {
        number = _next;
        if (_rest.IsEmpty)
        {
            line = default;
            return false;
        }
        int end = _rest.IndexOf((byte)'\n');
        line = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        _next++;
        line = line.EndsWith("\r"u8) ? line[..^1] : line;
        return true;
    }

    private readonly ReadOnlySpan<byte> CutBackslash(ReadOnlySpan<byte> line, out bool joins)
    {
        joins = _backslashJoins && line.EndsWith("\\"u8);
        return joins ? line[..^1] : line;
    }

    private readonly bool Decode(ReadOnlySpan<byte> line, int number, out string text)
    {
        text = "";
        if (line.Contains((byte)0))
        {
            _report.Fail(number, "holds a NUL: this is no text; is it a database? Name the text that it was made from");
            return false;
        }
        try
        {
            text = Strict.GetString(line);
            return true;
        }
        catch (DecoderFallbackException)
        {
            _report.Fail(number, "is not UTF-8");
            return false;
        }
    }

    private static bool IsEmptyOrComment(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimStart(SpaceOctets);
        return text.IsEmpty || text[0] == (byte)'#';
    }

    public static bool IsSpace(byte octet) => octet is (byte)' ' or (>= 9 and <= 13);

    public static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r');

    /// <summary>What counts as white space: that of C's locale.</summary>
    public static readonly char[] Spaces = [' ', '\t', '\n', '\v', '\f', '\r'];

    private static ReadOnlySpan<byte> SpaceOctets => " \t\n\v\f\r"u8;
}
