using System.Buffers;
using System.Text;

namespace MailAccess.Message.Folding;

/// <summary>
/// Text as it is compared, growing at its end: without case, width and ways to write an accent (RFC 5051, applied again to its
/// result, and canonical order, so that composed and decomposed text are the same).
/// </summary>
/// <remarks>
/// How the text was cut into pieces makes no difference. More than <see cref="MarksMax"/> marks on one character are left in their order.
/// </remarks>
internal sealed class FoldedText
{
    /// <summary>As UAX #15's stream-safe format: what no language writes.</summary>
    private const int MarksMax = 30;

    /// <summary>Characters before the end that later text may still change the order of.</summary>
    private const int UnsettledMax = 2 * (MarksMax + 1);

    private static readonly CaseMap Map = CaseMap.Instance;

    private char[] _text;
    private int _length;
    private int _settled;
    private char _highSurrogate;

    public FoldedText(int capacity = 0) => _text = capacity == 0 ? [] : new char[capacity];

    /// <summary>All of it.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Without marks at its end, which marks that follow may get between.</summary>
    public ReadOnlySpan<char> SettledText => _text.AsSpan(0, _settled);

    public void Clear()
    {
        _length = 0;
        _settled = 0;
        _highSurrogate = '\0';
    }

    public void Append(ReadOnlySpan<char> text)
    {
        if (_highSurrogate != '\0' && !text.IsEmpty)
        {
            text = AppendAfterHalf(text);
        }
        while (!text.IsEmpty)
        {
            Reserve(text.Length + CaseMap.CharsMax);
            Ascii.ToUpper(text, _text.AsSpan(_length), out int done); // Up to the first character that is not ASCII, at memory speed.
            if (done > 0)
            {
                _length += done;
                _settled = _length;
                text = text[done..];
            }
            while (!text.IsEmpty && text[0] >= 0x80)
            {
                OperationStatus status = Rune.DecodeFromUtf16(text, out Rune rune, out int used);
                if (status == OperationStatus.NeedMoreData)
                {
                    _highSurrogate = text[0];
                    return;
                }
                AppendCodePoint(status == OperationStatus.Done ? rune.Value : text[0]);
                text = text[used..];
            }
        }
    }

    /// <summary>The text ends: half a surrogate pair stands for itself, and all is settled.</summary>
    public void Finish()
    {
        if (_highSurrogate != '\0')
        {
            char half = _highSurrogate;
            _highSurrogate = '\0';
            AppendCodePoint(half);
        }
        _settled = _length;
    }

    /// <summary>Forgets the beginning, except the last so many characters and what may still change; how many it forgot.</summary>
    public int KeepTail(int chars)
    {
        int keep = Math.Min(_length, Math.Max(chars, UnsettledMax) + (_length - _settled));
        int dropped = _length - keep;
        _text.AsSpan(dropped, keep).CopyTo(_text);
        _length = keep;
        _settled -= dropped;
        return dropped;
    }

    public static string Fold(string text)
    {
        FoldedText folded = new(text.Length);
        folded.Append(text);
        folded.Finish();
        return folded.Text.ToString();
    }

    private ReadOnlySpan<char> AppendAfterHalf(ReadOnlySpan<char> text)
    {
        char half = _highSurrogate;
        _highSurrogate = '\0';
        bool isPair = char.IsLowSurrogate(text[0]);
        AppendCodePoint(isPair ? char.ConvertToUtf32(half, text[0]) : half);
        return isPair ? text[1..] : text;
    }

    private void AppendCodePoint(int codePoint)
    {
        Reserve(CaseMap.CharsMax);
        if (codePoint is >= 0xD800 and <= 0xDFFF)
        {
            _text[_length++] = (char)codePoint;
            _settled = _length;
            return;
        }
        int start = _length;
        _length += Map.Map(codePoint, _text.AsSpan(_length));
        for (int i = start; i < _length;)
        {
            int at = i;
            int mapped = CodePointAt(i, out int units);
            i += units;
            int combining = Map.ClassOf(mapped);
            if (combining == 0)
            {
                _settled = i;
            }
            else
            {
                MoveIntoOrder(at, units, combining);
            }
        }
    }

    /// <summary>Canonical ordering: before all marks that directly precede it and have a higher class. The Unicode Standard, chapter 3.11.</summary>
    private void MoveIntoOrder(int at, int units, int combining)
    {
        int target = at;
        int marks = 0;
        while (target > 0 && marks++ < MarksMax)
        {
            int previous = target - (target > 1 && char.IsLowSurrogate(_text[target - 1]) && char.IsHighSurrogate(_text[target - 2]) ? 2 : 1);
            if (Map.ClassOf(CodePointAt(previous, out _)) <= combining)
            {
                break;
            }
            target = previous;
        }
        if (target < at)
        {
            Span<char> mark = stackalloc char[2];
            _text.AsSpan(at, units).CopyTo(mark);
            _text.AsSpan(target, at - target).CopyTo(_text.AsSpan(target + units));
            mark[..units].CopyTo(_text.AsSpan(target));
        }
    }

    private int CodePointAt(int index, out int units)
    {
        bool isPair = char.IsHighSurrogate(_text[index]) && index + 1 < _length && char.IsLowSurrogate(_text[index + 1]);
        units = isPair ? 2 : 1;
        return isPair ? char.ConvertToUtf32(_text[index], _text[index + 1]) : _text[index];
    }

    private void Reserve(int chars)
    {
        if (_text.Length - _length < chars)
        {
            Array.Resize(ref _text, Math.Max(_length + chars, _text.Length * 2));
        }
    }
}
