using System.Buffers;

namespace MailAccess.Message;

/// <summary>
/// quoted-printable, RFC 2045 §6.7: soft line breaks go, white space at line ends goes, "=" without two digits is passed through.
/// </summary>
internal sealed class QuotedPrintableDecoder : TransferDecoder
{
    private enum State
    {
        Text,
        Equals,
        FirstDigit,
        SoftBreak,
    }

    // White space before a line end was added on the way (§6.7, rule 3); more than a line of it is text after all.
    private const int SpaceOctetsMax = 1_000;

    private List<byte> _space = [];
    private State _state;
    private byte _digit;

    public override void Decode(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output)
    {
        while (!encoded.IsEmpty)
        {
            if (_state == State.Text && _space.Count == 0)
            {
                encoded = DecodeRun(encoded, output);
                if (encoded.IsEmpty)
                {
                    return;
                }
            }
            Step(encoded[0], output);
            encoded = encoded[1..];
        }
    }

    /// <summary>What needs no memory of what came before, at the speed of searching and copying; returns what does.</summary>
    private static ReadOnlySpan<byte> DecodeRun(ReadOnlySpan<byte> encoded, IBufferWriter<byte> output)
    {
        while (!encoded.IsEmpty)
        {
            int special = encoded.IndexOfAny((byte)'=', (byte)'\r', (byte)'\n');
            bool isEscape = special >= 0 && encoded[special] == '=';
            ReadOnlySpan<byte> run = special < 0 ? encoded : encoded[..special];
            ReadOnlySpan<byte> text = isEscape ? run : run.TrimEnd(" \t"u8);
            output.Write(text);
            if (special < 0 || run.Length - text.Length > SpaceOctetsMax)
            {
                return encoded[text.Length..];
            }
            encoded = encoded[special..];
            if (!isEscape)
            {
                output.Write(encoded[..1]);
                encoded = encoded[1..];
            }
            else if (Hexadecimal.IsOctet(encoded[1..]))
            {
                output.Write([Hexadecimal.Octet(encoded[1..])]);
                encoded = encoded[3..];
            }
            else if (encoded.StartsWith("=\n"u8) || encoded.StartsWith("=\r\n"u8))
            {
                encoded = encoded[(encoded[1] == '\n' ? 2 : 3)..];
            }
            else
            {
                return encoded;
            }
        }
        return encoded;
    }

    public override void Finish(IBufferWriter<byte> output)
    {
        if (_state == State.FirstDigit)
        {
            output.Write([(byte)'=', _digit]);
        }
        _state = State.Text; // A last "=" is a soft break before the end; last white space is padding.
        _space.Clear();
    }

    public override TransferDecoder Fork() => new QuotedPrintableDecoder { _space = [.. _space], _state = _state, _digit = _digit };

    private void Step(byte octet, IBufferWriter<byte> output)
    {
        switch (_state)
        {
            case State.Equals when octet == '\n':
                _state = State.Text;
                break;
            case State.Equals when char.IsAsciiHexDigit((char)octet):
                _digit = octet;
                _state = State.FirstDigit;
                break;
            case State.Equals when octet is (byte)'\r' or (byte)' ' or (byte)'\t':
                _state = State.SoftBreak;
                _digit = octet;
                break;
            case State.Equals:
                output.Write("="u8);
                Plain(octet, output);
                break;
            case State.FirstDigit when char.IsAsciiHexDigit((char)octet):
                output.Write([Hexadecimal.Octet([_digit, octet])]);
                _state = State.Text;
                break;
            case State.FirstDigit:
                output.Write([(byte)'=', _digit]);
                Plain(octet, output);
                break;
            case State.SoftBreak when octet is (byte)'\r' or (byte)' ' or (byte)'\t':
                break;
            case State.SoftBreak when octet == '\n':
                _state = State.Text;
                break;
            case State.SoftBreak:
                output.Write([(byte)'=', _digit]);
                Plain(octet, output);
                break;
            default:
                Plain(octet, output);
                break;
        }
    }

    private void Plain(byte octet, IBufferWriter<byte> output)
    {
        _state = State.Text;
        if (octet is (byte)' ' or (byte)'\t' && _space.Count < SpaceOctetsMax)
        {
            _space.Add(octet);
            return;
        }
        if (octet is not ((byte)'\r' or (byte)'\n'))
        {
            output.Write([.. _space]);
        }
        _space.Clear();
        if (octet == '=')
        {
            _state = State.Equals;
        }
        else
        {
            output.Write([octet]);
        }
    }
}
