using System.Buffers;
using System.Text;

namespace MailAccess.Message;

/// <summary>Turns the body of one text part into characters as its octets flow: transfer encoding, charset, and HTML undone.</summary>
public sealed class BodyTextDecoder
{
    private const int CharsMax = 4096;

    private readonly TransferDecoder _transfer;
    private readonly Decoder _charset;
    private readonly ITextSink _sink;
    private readonly ArrayBufferWriter<byte> _decoded = new();
    private readonly char[] _chars = ArrayPool<char>.Shared.Rent(CharsMax);
    private bool _goesOn = true;

    /// <summary>A decoder for this part's body; the sink gets text until it wants no more.</summary>
    public BodyTextDecoder(MimePart part, ITextSink sink)
    {
        _transfer = TransferDecoder.For(part.TransferEncoding);
        _charset = Charsets.ForReading(part.Charset).GetDecoder();
        _sink = part.Subtype == "HTML" ? new HtmlText(sink) : sink;
    }

    /// <summary>The body's next octets; false where the sink wants no more.</summary>
    public bool Feed(ReadOnlySpan<byte> octets)
    {
        if (_goesOn)
        {
            _transfer.Decode(octets, _decoded);
            WriteDecoded(flush: false);
        }
        return _goesOn;
    }

    /// <summary>After the last octets, once; false where the sink wants no more. Nothing is fed afterwards.</summary>
    public bool Finish()
    {
        if (_goesOn)
        {
            _transfer.Finish(_decoded);
            WriteDecoded(flush: true);
        }
        _sink.EndOfText();
        ArrayPool<char>.Shared.Return(_chars);
        return _goesOn;
    }

    private void WriteDecoded(bool flush)
    {
        ReadOnlySpan<byte> octets = _decoded.WrittenSpan;
        bool isCompleted = false;
        while (_goesOn && !isCompleted)
        {
            _charset.Convert(octets, _chars, flush, out int used, out int chars, out isCompleted);
            octets = octets[used..];
            _goesOn = chars == 0 || _sink.Write(_chars.AsSpan(0, chars));
            isCompleted |= used == 0 && chars == 0;
        }
        _decoded.ResetWrittenCount();
    }
}
