using System.Buffers;
using System.Net;

namespace MailAccess.Message;

/// <summary>
/// Takes HTML, piece by piece, and passes on the text a reader sees: tags, comments, scripts and styles removed, entities
/// decoded, white space as one space. A tokenizer for searching, not a renderer; it never fails.
/// </summary>
public sealed class HtmlText(ITextSink sink) : ITextSink
{
    private const int NameCharsMax = 32;
    private const int OutputChars = 2048;

    // Their tags separate words; all others do not.
    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "img", "li", "main", "nav", "ol", "option", "p", "pre",
        "section", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
    };

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> BlockNames = Blocks.GetAlternateLookup<ReadOnlySpan<char>>();

    // All that char.IsWhiteSpace knows, but the space.
    private static readonly SearchValues<char> OtherSpaces = SearchValues.Create(
        "\t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000");

    private readonly char[] _output = new char[OutputChars];
    private readonly char[] _name = new char[NameCharsMax];
    private State _state;
    private int _outputLength;
    private int _nameLength;
    private int _dashes;
    private char _quote;
    private bool _lastWasSpace = true;
    private bool _isClosing;
    private string? _hiddenIn;
    private bool _goesOn = true;

    private enum State
    {
        Text,
        Entity,
        TagOpen,
        TagName,
        Tag,
        QuotedAttribute,
        Declaration,
        Comment,
    }

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            text = text[StepOver(text)..];
            if (!text.IsEmpty)
            {
                Step(text[0]);
                text = text[1..];
            }
        }
        FlushOutput();
        return _goesOn;
    }

    /// <inheritdoc/>
    public void EndOfText()
    {
        if (_state == State.Entity)
        {
            EmitEntity("");
        }
        FlushOutput();
        sink.EndOfText();
        _state = State.Text;
        _hiddenIn = null;
        _lastWasSpace = true;
    }

    /// <summary>Takes what the state's next turning point has before it, at the speed of searching and copying.</summary>
    private int StepOver(ReadOnlySpan<char> text)
    {
        int turn;
        switch (_state)
        {
            case State.Text:
                turn = text.IndexOfAny('<', '&');
                turn = turn < 0 ? text.Length : turn;
                EmitRun(text[..turn]);
                return turn;
            case State.Tag:
                turn = text.IndexOfAny('>', '"', '\'');
                return turn < 0 ? text.Length : turn;
            case State.QuotedAttribute:
                turn = text.IndexOf(_quote);
                return turn < 0 ? text.Length : turn;
            default:
                return 0;
        }
    }

    private void Step(char c)
    {
        switch (_state)
        {
            case State.Text when c == '<':
                _state = State.TagOpen;
                break;
            case State.Text when c == '&':
                _state = State.Entity;
                _nameLength = 0;
                break;
            case State.Text:
                Emit(c);
                break;
            case State.Entity:
                StepEntity(c);
                break;
            case State.TagOpen:
                StepTagOpen(c);
                break;
            case State.TagName:
                StepTagName(c);
                break;
            case State.Tag when c == '>':
                EndTag();
                break;
            case State.Tag when c is '"' or '\'':
                _quote = c;
                _state = State.QuotedAttribute;
                break;
            case State.QuotedAttribute when c == _quote:
                _state = State.Tag;
                break;
            case State.Declaration:
                StepDeclaration(c);
                break;
            case State.Comment:
                // "-->" ends a comment.
                _state = c == '>' && _dashes >= 2 ? State.Text : State.Comment;
                _dashes = c == '-' ? _dashes + 1 : 0;
                break;
            default:
                break;
        }
    }

    private void StepEntity(char c)
    {
        if (c == ';')
        {
            EmitEntity(";");
        }
        else if ((char.IsAsciiLetterOrDigit(c) || (c == '#' && _nameLength == 0)) && _nameLength < NameCharsMax)
        {
            _name[_nameLength++] = c;
        }
        else
        {
            EmitEntity("");
            Step(c);
        }
    }

    private void EmitEntity(string end)
    {
        _state = State.Text;
        string name = new(_name, 0, _nameLength);
        string decoded = name.Length == 0 ? "&" + end : WebUtility.HtmlDecode("&" + name + ";");
        // A name without its semicolon counts only for a number: "&copy=1" is part of a link.
        bool isPlain = end.Length == 0 && !name.StartsWith('#');
        foreach (char c in isPlain && name.Length > 0 && name is not ("amp" or "lt" or "gt" or "nbsp" or "quot") ? "&" + name : decoded)
        {
            Emit(c);
        }
    }

    private void StepTagOpen(char c)
    {
        _nameLength = 0;
        _isClosing = c == '/';
        if (char.IsAsciiLetter(c) || c == '/')
        {
            _state = State.TagName;
            if (c != '/')
            {
                _name[_nameLength++] = c;
            }
        }
        else if (c is '!' or '?')
        {
            _state = State.Declaration;
            _dashes = 0;
        }
        else
        {
            _state = State.Text;
            Emit('<');
            Step(c);
        }
    }

    private void StepTagName(char c)
    {
        if (c == '>')
        {
            EndTag();
        }
        else if (char.IsWhiteSpace(c) || c == '/')
        {
            _state = State.Tag;
        }
        else if (_nameLength < NameCharsMax)
        {
            _name[_nameLength++] = c;
        }
    }

    private void StepDeclaration(char c)
    {
        if (c == '>')
        {
            _state = State.Text;
        }
        else if (c == '-' && ++_dashes == 2)
        {
            _state = State.Comment; // "<!-->" is an empty comment, too.
        }
    }

    private void EndTag()
    {
        _state = State.Text;
        ReadOnlySpan<char> name = _name.AsSpan(0, _nameLength);
        if (_hiddenIn is not null)
        {
            _hiddenIn = _isClosing && name.Equals(_hiddenIn, StringComparison.OrdinalIgnoreCase) ? null : _hiddenIn;
            return;
        }
        if (!_isClosing)
        {
            _hiddenIn = name.Equals("SCRIPT", StringComparison.OrdinalIgnoreCase) ? "SCRIPT"
                : name.Equals("STYLE", StringComparison.OrdinalIgnoreCase) ? "STYLE" : null;
        }
        if (BlockNames.Contains(name))
        {
            Emit(' ');
        }
    }

    private void EmitRun(ReadOnlySpan<char> run)
    {
        if (_hiddenIn is not null)
        {
            return;
        }
        while (!run.IsEmpty)
        {
            int odd = run.IndexOfAny(OtherSpaces);
            EmitSpaced(odd < 0 ? run : run[..odd]);
            run = odd < 0 ? [] : run[odd..];
            if (!run.IsEmpty)
            {
                Emit(run[0]);
                run = run[1..];
            }
        }
    }

    /// <summary>Text whose only white space is U+0020.</summary>
    private void EmitSpaced(ReadOnlySpan<char> text)
    {
        while (true)
        {
            text = _lastWasSpace ? text.TrimStart(' ') : text;
            if (text.IsEmpty)
            {
                return;
            }
            int twice = text.IndexOf("  ");
            ReadOnlySpan<char> part = twice < 0 ? text : text[..(twice + 1)];
            text = text[part.Length..];
            _lastWasSpace = part[^1] == ' ';
            while (!part.IsEmpty)
            {
                int fits = Math.Min(part.Length, _output.Length - _outputLength);
                part[..fits].CopyTo(_output.AsSpan(_outputLength));
                _outputLength += fits;
                part = part[fits..];
                if (_outputLength == _output.Length)
                {
                    FlushOutput();
                }
            }
        }
    }

    private void Emit(char c)
    {
        bool isSpace = char.IsWhiteSpace(c); // A no-break space, too: people search for a space.
        if (_hiddenIn is not null || (isSpace && _lastWasSpace))
        {
            return;
        }
        _lastWasSpace = isSpace;
        _output[_outputLength++] = isSpace ? ' ' : c;
        if (_outputLength == _output.Length)
        {
            FlushOutput();
        }
    }

    private void FlushOutput()
    {
        if (_outputLength > 0)
        {
            _goesOn = sink.Write(_output.AsSpan(0, _outputLength));
            _outputLength = 0;
        }
    }
}
