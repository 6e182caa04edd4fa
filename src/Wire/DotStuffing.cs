using System.Buffers;
using System.IO.Pipelines;

namespace MailAccess.Wire;

/// <summary>
/// Writes content as RFC 5321 §4.5.2 and RFC 1939 §3 transport it: a leading dot doubled, a line of one dot at the end.
/// Takes the content in any pieces.
/// </summary>
/// <remarks>
/// Octets are passed on as they are. A dot behind an LF alone is doubled like one behind CRLF: many readers take both for a line end,
/// and would see the end of the content there. The caller flushes, unless it uses the asynchronous forms.
/// </remarks>
public sealed class DotStuffing(PipeWriter output)
{
    /// <summary>Unflushed octets beyond which <see cref="WriteAsync"/> flushes, so that a slow reader holds us back.</summary>
    private const int FlushOctets = 64 * 1024;

    private Position _position = Position.LineStart;

    private enum Position : byte
    {
        Text,
        Cr,
        /// <summary>After an LF without CR.</summary>
        BareLf,
        LineStart,
    }

    /// <summary>Writes one piece of the content into the writer's buffer.</summary>
    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (_position is Position.LineStart or Position.BareLf && octets[0] == '.')
            {
                output.Write("."u8);
            }
            int length = ToNextLine(octets);
            output.Write(octets[..length]);
            octets = octets[length..];
        }
    }

    /// <summary>Writes one piece of the content and flushes where much has gathered.</summary>
    public ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> octets)
    {
        Write(octets.Span);
        return output.UnflushedBytes >= FlushOctets ? output.FlushAsync() : default;
    }

    /// <summary>Ends the content: its last line by CRLF if it was not, then the final dot's line.</summary>
    public void Complete()
    {
        output.Write(_position == Position.LineStart ? ".\r\n"u8 : "\r\n.\r\n"u8);
        _position = Position.LineStart;
    }

    /// <summary>The octets up to the next place where a dot would have to be doubled; leaves the position behind them.</summary>
    private int ToNextLine(ReadOnlySpan<byte> octets)
    {
        if (_position == Position.Cr && octets[0] == '\n')
        {
            _position = Position.LineStart;
            return 1;
        }
        int dot = octets.IndexOf("\n."u8);
        if (dot >= 0)
        {
            _position = Position.LineStart; // Or behind a bare LF: the dot that follows is doubled in both.
            return dot + 1;
        }
        _position = octets.EndsWith("\r\n"u8) ? Position.LineStart
            : octets[^1] == '\n' ? Position.BareLf
            : octets[^1] == '\r' ? Position.Cr
            : Position.Text;
        return octets.Length;
    }
}
