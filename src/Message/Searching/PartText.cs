using System.Buffers;
using System.Text;

namespace MailAccess.Message.Searching;

/// <summary>Undoes a part's transfer encoding and charset in memory that is used again for the next one.</summary>
internal sealed class PartText
{
    private const int PieceOctets = 4096;
    private const int KeptOctetsMax = 4 << 20;

    private readonly char[] _chars = new char[PieceOctets + 16];
    private ArrayBufferWriter<byte> _decoded = new(PieceOctets);

    /// <summary>The body's octets without transfer encoding: its own, or ours until the next call.</summary>
    public ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> body, string transferEncoding)
    {
        if (transferEncoding is not ("BASE64" or "QUOTED-PRINTABLE"))
        {
            return body;
        }
        if (_decoded.Capacity > KeptOctetsMax)
        {
            _decoded = new(PieceOctets);
        }
        _decoded.ResetWrittenCount();
        TransferDecoder decoder = TransferDecoder.For(transferEncoding);
        _decoded.GetSpan(body.Length);
        decoder.Decode(body, _decoded);
        decoder.Finish(_decoded);
        return _decoded.WrittenSpan;
    }

    /// <summary>Gives the sink the text of a part, HTML undone.</summary>
    public void Write(ReadOnlySpan<byte> octets, MimePart part, ITextSink sink)
    {
        ITextSink outer = part.Subtype == "HTML" ? new HtmlText(sink) : sink;
        Write(octets, Charsets.ForReading(part.Charset), outer);
        outer.EndOfText();
    }

    /// <summary>Gives the sink the text; false where it wants no more.</summary>
    public bool Write(ReadOnlySpan<byte> octets, Encoding charset, ITextSink sink)
    {
        Decoder decoder = charset.GetDecoder();
        bool isCompleted = false;
        bool goesOn = true;
        while (goesOn && !isCompleted)
        {
            decoder.Convert(octets, _chars, flush: true, out int used, out int chars, out isCompleted);
            octets = octets[used..];
            goesOn = chars == 0 || sink.Write(_chars.AsSpan(0, chars));
            isCompleted |= used == 0 && chars == 0;
        }
        return goesOn;
    }
}
