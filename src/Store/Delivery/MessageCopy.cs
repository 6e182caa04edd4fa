using System.Buffers;

namespace MailAccess.Store.Delivery;

/// <summary>How a message's lines are written for a program or a file of others.</summary>
[Flags]
public enum CopyForm
{
    /// <summary>Lines end in LF; nothing else is changed.</summary>
    None = 0,
    /// <summary>Lines end in CR LF.</summary>
    CrLf = 1,
    /// <summary>A line that begins with <c>From </c> gets a <c>&gt;</c>.</summary>
    QuoteFrom = 2,
    /// <summary>The same for <c>From </c> after any number of <c>&gt;</c>, so that a reader can take it back: the form of our mbox files.</summary>
    QuoteFromReversibly = 4,
    /// <summary>A line that begins with a dot gets another one.</summary>
    StuffDots = 8,
    /// <summary>A blank line follows the message.</summary>
    BlankLine = 16,
}

/// <summary>
/// Copies a message as programs and files want it, in pieces as they come. CR LF and LF end a line, a CR alone does not; the last line gets
/// its end where it has none.
/// </summary>
public sealed class MessageCopy(CopyForm form)
{
    private static readonly byte[] From = [.. "From "u8];

    private readonly byte[] _lineEnd = (form & CopyForm.CrLf) != 0 ? [.. "\r\n"u8] : [.. "\n"u8];
    private bool _atLineStart = true;
    private bool _isFresh;
    private bool _afterCr;

    /// <summary>Octets of <c>&gt;</c>, and then of <c>From </c>, that were seen at a line's start and not written yet.</summary>
    private int _marks;
    private int _matched;

    /// <summary>The next octets.</summary>
    public void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        while (!octets.IsEmpty)
        {
            if (_afterCr)
            {
                _afterCr = false;
                if (octets[0] == (byte)'\n')
                {
                    EndLine(output);
                    octets = octets[1..];
                    continue;
                }
                StartLine(output);
                output.Write("\r"u8);
                _isFresh = false;
                continue;
            }
            if (_atLineStart && TryHold(octets[0], output))
            {
                octets = octets[1..];
                continue;
            }
            int end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> text = end < 0 ? octets : octets[..end];
            if (!text.IsEmpty)
            {
                StartLine(output);
                if ((form & CopyForm.StuffDots) != 0 && _isFresh && text[0] == (byte)'.')
                {
                    output.Write("."u8);
                }
                _isFresh = false;
                output.Write(text);
            }
            if (end < 0)
            {
                return;
            }
            if (octets[end] == (byte)'\r')
            {
                _afterCr = true;
            }
            else
            {
                EndLine(output);
            }
            octets = octets[(end + 1)..];
        }
    }

    /// <summary>Nothing follows.</summary>
    public void Finish(IBufferWriter<byte> output)
    {
        if (_afterCr)
        {
            StartLine(output);
            output.Write("\r"u8);
            _afterCr = false;
        }
        if (!_atLineStart || _marks + _matched > 0)
        {
            EndLine(output);
        }
        if ((form & CopyForm.BlankLine) != 0)
        {
            output.Write(_lineEnd);
        }
    }

    private bool TryHold(byte octet, IBufferWriter<byte> output)
    {
        bool reversible = (form & CopyForm.QuoteFromReversibly) != 0;
        if (!reversible && (form & CopyForm.QuoteFrom) == 0)
        {
            return false;
        }
        if (reversible && _matched == 0 && octet == (byte)'>')
        {
            _marks++;
            return true;
        }
        if (octet != From[_matched])
        {
            return false;
        }
        if (++_matched == From.Length)
        {
            output.Write(">"u8);
            StartLine(output);
        }
        return true;
    }

    /// <summary>Writes what was held back.</summary>
    private void StartLine(IBufferWriter<byte> output)
    {
        if (!_atLineStart)
        {
            return;
        }
        _atLineStart = false;
        _isFresh = _marks + _matched == 0;
        for (; _marks > 0; _marks--)
        {
            output.Write(">"u8);
        }
        output.Write(From.AsSpan(0, _matched));
        _matched = 0;
    }

    private void EndLine(IBufferWriter<byte> output)
    {
        StartLine(output);
        output.Write(_lineEnd);
        _atLineStart = true;
    }
}
