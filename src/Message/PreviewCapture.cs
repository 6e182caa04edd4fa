using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MailAccess.Message;

/// <summary>
/// Makes the preview of RFC 8970 from the message's first text that has any: decoded, HTML undone, white space as one space, without the
/// lines it quotes where there are others. The same octets always give the same preview.
/// </summary>
internal sealed class PreviewCapture(MessageLimits limits)
{
    private const int SliceOctets = 1024;

    private readonly BoundedBuffer _body = new(limits.PreviewOctetsMax);
    private ContentDescription? _content;
    private int _mark;

    /// <summary>A body is being collected.</summary>
    public bool IsOpen => _content is not null;

    /// <summary>UTF-8; empty where there is no text to be seen.</summary>
    public byte[] Text { get; private set; } = [];

    /// <summary>A part's body begins; whether it may be the one is decided here.</summary>
    public void Begin(ContentDescription content)
    {
        bool isText = content is { Type: "TEXT", Subtype: "PLAIN" or "HTML" } && !content.Disposition.AsSpan().SequenceEqual("ATTACHMENT"u8);
        _content = isText && Text.Length == 0 ? content : null;
        _body.Clear();
        _mark = 0;
    }

    /// <summary>Octets of the body, and of the delimiter behind it.</summary>
    public void Append(ReadOnlySpan<byte> octets) => _body.Append(octets);

    /// <summary>A line begins that may be a delimiter.</summary>
    public void Mark() => _mark = _body.Written.Length;

    /// <summary>The body ended.</summary>
    /// <param name="atMark">The last line was a delimiter, and no text.</param>
    public void End(bool atMark)
    {
        if (_content is { } content)
        {
            _content = null;
            ReadOnlySpan<byte> body = atMark ? _body.Written[.._mark] : _body.Written;
            Text = Make(content, body, keepsQuotes: false);
            Text = Text.Length == 0 && content.Subtype == "PLAIN" ? Make(content, body, keepsQuotes: true) : Text;
        }
    }

    private byte[] Make(ContentDescription content, ReadOnlySpan<byte> body, bool keepsQuotes)
    {
        var sink = new PreviewSink(limits.PreviewCharactersMax, keepsQuotes || content.Subtype != "PLAIN");
        var decoder = new BodyTextDecoder(
            new MimePart
            {
                Type = content.Type,
                Subtype = content.Subtype,
                TransferEncoding = content.TransferEncoding,
                Charset = content.Charset,
            },
            sink);
        bool goesOn = true;
        while (goesOn && !body.IsEmpty)
        {
            int length = Math.Min(SliceOctets, body.Length);
            goesOn = decoder.Feed(body[..length]);
            body = body[length..];
        }
        if (goesOn)
        {
            decoder.Finish();
        }
        return sink.ToUtf8();
    }

    private sealed class PreviewSink(int charactersMax, bool keepsQuotes) : ITextSink
    {
        private readonly StringBuilder _text = new();
        private int _characters;
        private bool _isLineStart = true;
        private bool _isQuoted;
        private bool _owesSpace;

        public bool Write(ReadOnlySpan<char> text)
        {
            foreach (char c in text)
            {
                if (!Take(c))
                {
                    return false;
                }
            }
            return true;
        }

        public void EndOfText()
        {
        }

        public byte[] ToUtf8()
        {
            byte[] octets = new byte[_text.Length * 3];
            Utf8.FromUtf16(_text.ToString(), octets, out _, out int written, replaceInvalidSequences: true);
            return octets[..written];
        }

        private bool Take(char c)
        {
            bool isLineStart = _isLineStart;
            _isLineStart = c is '\r' or '\n';
            _isQuoted = isLineStart ? c == '>' && !keepsQuotes : _isQuoted && !_isLineStart;
            if (_isQuoted || IsInvisible(c))
            {
                _owesSpace |= _isQuoted;
                return true;
            }
            if (char.IsWhiteSpace(c) || char.IsControl(c))
            {
                _owesSpace = true;
                return true;
            }
            bool hasSpace = _owesSpace && _text.Length > 0;
            int cost = (hasSpace ? 1 : 0) + (char.IsLowSurrogate(c) ? 0 : 1);
            if (_characters + cost > charactersMax)
            {
                return false;
            }
            _text.Append(hasSpace ? " " : "").Append(c);
            _characters += cost;
            _owesSpace = false;
            return true;
        }

        /// <summary>What newsletters fill the place of a preview with: soft hyphen, grapheme joiner, joiners after a space, word joiner, BOM.</summary>
        private bool IsInvisible(char c) =>
            c is '\u00AD' or '\u034F' or '\u200B' or '\u2060' or '\uFEFF' || (c is '\u200C' or '\u200D' && (_owesSpace || _text.Length == 0));
    }
}
