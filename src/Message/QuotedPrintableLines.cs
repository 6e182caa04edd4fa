using System.Buffers;

namespace MailAccess.Message;

/// <summary>Octets as quoted-printable, RFC 2045 §6.7: CRLF stays a line end, everything else comes back as it was, also a CR or LF alone.</summary>
internal sealed class QuotedPrintableLines : IBodyEncoder
{
    private const int LineOctetsMax = 76;

    private int _column;
    private byte _space;
    private bool _afterCr;

    public bool HasLines { get; private set; }

    public void Append(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        HasLines |= !octets.IsEmpty;
        foreach (byte octet in octets)
        {
            if (_afterCr)
            {
                _afterCr = false;
                if (octet == '\n')
                {
                    EndSpace(isLineEnd: true, output);
                    output.Write("\r\n"u8);
                    _column = 0;
                    continue;
                }
                EndSpace(isLineEnd: false, output);
                Escape((byte)'\r', output);
            }
            Step(octet, output);
        }
    }

    public void Finish(IBufferWriter<byte> output)
    {
        EndSpace(isLineEnd: !_afterCr, output);
        if (_afterCr)
        {
            Escape((byte)'\r', output);
            _afterCr = false;
        }
    }

    public void FinishMessage(IBufferWriter<byte> output)
    {
        Finish(output);
        if (_column > 0)
        {
            BreakLine(output); // The message ended without a line end.
        }
    }

    private void Step(byte octet, IBufferWriter<byte> output)
    {
        switch (octet)
        {
            case (byte)'\r':
                _afterCr = true;
                break;
            case (byte)' ' or (byte)'\t':
                EndSpace(isLineEnd: false, output);
                _space = octet;
                break;
            case > 32 and < 127 and not (byte)'=':
                EndSpace(isLineEnd: false, output);
                Literal(octet, output);
                break;
            default:
                EndSpace(isLineEnd: false, output);
                Escape(octet, output);
                break;
        }
    }

    // White space before a line end would be taken for padding: §6.7, rule 3.
    private void EndSpace(bool isLineEnd, IBufferWriter<byte> output)
    {
        if (_space == 0)
        {
            return;
        }
        byte space = _space;
        _space = 0;
        if (isLineEnd)
        {
            Escape(space, output);
        }
        else
        {
            Literal(space, output);
        }
    }

    private void Literal(byte octet, IBufferWriter<byte> output)
    {
        if (_column == LineOctetsMax - 1)
        {
            BreakLine(output);
        }
        if (_column == 0 && octet == '-')
        {
            Escape(octet, output); // No line that is new here may be taken for a delimiter.
            return;
        }
        output.Write([octet]);
        _column++;
    }

    private void Escape(byte octet, IBufferWriter<byte> output)
    {
        if (_column + 3 > LineOctetsMax - 1)
        {
            BreakLine(output);
        }
        ReadOnlySpan<byte> digits = "0123456789ABCDEF"u8;
        output.Write([(byte)'=', digits[octet >> 4], digits[octet & 15]]);
        _column += 3;
    }

    private void BreakLine(IBufferWriter<byte> output)
    {
        output.Write("=\r\n"u8);
        _column = 0;
    }
}
