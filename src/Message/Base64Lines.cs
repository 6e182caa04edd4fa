using System.Buffers;
using System.Buffers.Text;

namespace MailAccess.Message;

/// <summary>Octets as base64 in lines of 76 characters, RFC 2045 §6.8, with CRLF between them and none at the end.</summary>
internal sealed class Base64Lines : IBodyEncoder
{
    private const int LineOctets = 57; // 76 characters.
    private const int LineCharacters = LineOctets / 3 * 4;

    private readonly byte[] _line = new byte[LineOctets];
    private int _length;

    /// <summary>Something was written.</summary>
    public bool HasLines { get; private set; }

    public void Append(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        while (!octets.IsEmpty)
        {
            if (_length == 0 && octets.Length >= LineOctets)
            {
                WriteLine(octets[..LineOctets], output);
                octets = octets[LineOctets..];
                continue;
            }
            int taken = Math.Min(octets.Length, LineOctets - _length);
            octets[..taken].CopyTo(_line.AsSpan(_length));
            _length += taken;
            octets = octets[taken..];
            if (_length == LineOctets)
            {
                Finish(output);
            }
        }
    }

    /// <summary>No more octets come: the last line.</summary>
    public void Finish(IBufferWriter<byte> output)
    {
        if (_length > 0)
        {
            WriteLine(_line.AsSpan(0, _length), output);
            _length = 0;
        }
    }

    public void FinishMessage(IBufferWriter<byte> output)
    {
        Finish(output);
        output.Write(HasLines ? "\r\n"u8 : []);
    }

    private void WriteLine(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        output.Write(HasLines ? "\r\n"u8 : []);
        HasLines = true;
        Base64.EncodeToUtf8(octets, output.GetSpan(LineCharacters), out _, out int written);
        output.Advance(written);
    }
}
