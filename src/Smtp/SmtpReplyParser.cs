using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailAccess.Smtp;

/// <summary>How far <see cref="SmtpReplyParser"/> is.</summary>
public enum SmtpReplyProgress
{
    /// <summary>All octets were taken; the reply goes on.</summary>
    NeedMore,
    /// <summary>A reply is complete in <see cref="SmtpReplyParser.Reply"/>; octets behind it were not taken.</summary>
    Complete,
    /// <summary>The peer does not speak SMTP: a line without a code. The conversation cannot go on.</summary>
    Malformed,
    /// <summary>The reply does not end. The conversation cannot go on.</summary>
    TooLong,
}

/// <summary>Bounds for what a peer may answer.</summary>
public sealed record SmtpReplyLimits
{
    /// <summary>RFC 5321 §4.5.3.1.5 says 512, but a challenge may have 12288: RFC 4954 §4. What is beyond is read and dropped.</summary>
    public int LineOctetsMax { get; init; } = 12288 + 4;

    /// <summary>All octets of one reply, dropped ones included: beyond it the peer is hung up on.</summary>
    public int ReplyOctetsMax { get; init; } = 256 * 1024;

    /// <summary>Octets of text that are kept of one reply. An EHLO answer needs about 500.</summary>
    public int TextOctetsMax { get; init; } = 16 * 1024;
}

/// <summary>
/// Reads a server's replies from octets that come in pieces of any size. RFC 5321 §4.2.
/// </summary>
/// <remarks>
/// <para>Takes what servers really send: lines that end in LF alone, a code without text, codes that differ between the
/// lines of one reply (the last one counts, as in Postfix), lines longer than allowed, text that is not ASCII.</para>
/// <para>The text in <see cref="SmtpReply.Text"/> has no control characters but LF between lines.</para>
/// </remarks>
public sealed class SmtpReplyParser(SmtpReplyLimits limits)
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly StringBuilder _text = new();
    private long _octets;
    private int _lines;
    private EnhancedCode? _enhanced;
    private SmtpReplyProgress _failure;

    /// <summary>With default bounds.</summary>
    public SmtpReplyParser() : this(new SmtpReplyLimits())
    {
    }

    /// <summary>The last complete reply, or null.</summary>
    public SmtpReply? Reply { get; private set; }

    /// <summary>The next octets. Those behind a complete reply are left: feed them again for the next one.</summary>
    /// <param name="octets">Any number, also none.</param>
    /// <param name="consumed">How many were taken.</param>
    public SmtpReplyProgress Feed(ReadOnlySpan<byte> octets, out int consumed)
    {
        consumed = 0;
        if (_failure != SmtpReplyProgress.NeedMore)
        {
            return _failure; // Never in step again.
        }
        while (consumed < octets.Length)
        {
            ReadOnlySpan<byte> rest = octets[consumed..];
            int lineFeed = rest.IndexOf((byte)'\n');
            int taken = lineFeed < 0 ? rest.Length : lineFeed + 1;
            consumed += taken;
            _octets += taken;
            if (_octets > limits.ReplyOctetsMax)
            {
                return _failure = SmtpReplyProgress.TooLong;
            }
            Keep(lineFeed < 0 ? rest : rest[..lineFeed]);
            if (lineFeed < 0)
            {
                break;
            }
            SmtpReplyProgress progress = EndLine();
            if (progress != SmtpReplyProgress.NeedMore)
            {
                return progress;
            }
        }
        return SmtpReplyProgress.NeedMore;
    }

    /// <summary>The same over a pipe's buffer; on return <paramref name="buffer"/> begins with what was not taken.</summary>
    public SmtpReplyProgress Feed(ref ReadOnlySequence<byte> buffer)
    {
        foreach (ReadOnlyMemory<byte> segment in buffer)
        {
            SmtpReplyProgress progress = Feed(segment.Span, out int consumed);
            buffer = buffer.Slice(consumed);
            if (progress != SmtpReplyProgress.NeedMore)
            {
                return progress;
            }
        }
        return SmtpReplyProgress.NeedMore;
    }

    private void Keep(ReadOnlySpan<byte> octets)
    {
        int room = limits.LineOctetsMax - _line.WrittenCount;
        _line.Write(octets[..Math.Min(octets.Length, room)]);
    }

    // Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF     RFC 5321 §4.2
    private SmtpReplyProgress EndLine()
    {
        ReadOnlySpan<byte> line = _line.WrittenSpan.TrimEnd((byte)'\r');
        if (!TryReadCode(line, out int code))
        {
            return _failure = SmtpReplyProgress.Malformed;
        }
        bool isLast = line.Length == 3 || line[3] != '-';
        TakeText(code, line.Length > 4 ? line[4..] : []);
        _line.ResetWrittenCount();
        if (!isLast)
        {
            return SmtpReplyProgress.NeedMore;
        }
        // RFC 2034 §3: the class and the code's first digit agree; an enhanced code that contradicts is not believed.
        EnhancedCode? enhanced = _enhanced?.Class == code / 100 ? _enhanced : null;
        Reply = new SmtpReply(code, enhanced, _text.ToString());
        _text.Clear();
        _octets = 0;
        _lines = 0;
        _enhanced = null;
        return SmtpReplyProgress.Complete;
    }

    private static bool TryReadCode(ReadOnlySpan<byte> line, out int code)
    {
        code = 0;
        return line.Length >= 3 && (line.Length == 3 || line[3] is (byte)' ' or (byte)'-' or (byte)'\t')
            && line[0] is >= (byte)'2' and <= (byte)'5'
            && TryReadNumber(line[..3], out code);
    }

    // The framework's numbers may end in NUL; these may not.
    private static bool TryReadNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        return !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private void TakeText(int code, ReadOnlySpan<byte> octets)
    {
        if (TryReadEnhanced(octets, out EnhancedCode enhanced, out int length) && enhanced.Class == code / 100)
        {
            _enhanced = enhanced; // The last line's: it belongs to the code that counts.
            octets = octets[length..];
        }
        if (_lines++ > 0 && _text.Length < limits.TextOctetsMax)
        {
            _text.Append('\n');
        }
        foreach (char c in Encoding.UTF8.GetString(octets))
        {
            if (_text.Length < limits.TextOctetsMax)
            {
                _text.Append(char.IsControl(c) ? ' ' : c);
            }
        }
    }

    // status-code = class "." subject "." detail, class = "2"/"4"/"5", subject and detail 1*3digit     RFC 3463 §2
    private static bool TryReadEnhanced(ReadOnlySpan<byte> text, out EnhancedCode enhanced, out int length)
    {
        enhanced = default;
        length = 0;
        int end = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
        if (word.Length is < 5 or > 9 || word[0] is not ((byte)'2' or (byte)'4' or (byte)'5') || word[1] != '.')
        {
            return false;
        }
        int dot = word[2..].IndexOf((byte)'.') + 2;
        if (dot is < 3 or > 5 || word.Length - dot - 1 is < 1 or > 3
            || !TryReadNumber(word[2..dot], out int subject)
            || !TryReadNumber(word[(dot + 1)..], out int detail))
        {
            return false;
        }
        enhanced = new EnhancedCode(word[0] - '0', subject, detail);
        length = end < 0 ? text.Length : end + 1;
        return true;
    }
}
