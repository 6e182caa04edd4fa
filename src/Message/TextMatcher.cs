using System.Text;

namespace MailAccess.Message;

/// <summary>
/// Looks for several strings in a text that flows, without regard to case, across its pieces; in the spirit of
/// i;unicode-casemap (RFC 5051), but without its decomposition, which the framework does not have in invariant mode.
/// </summary>
public sealed class TextMatcher : ITextSink
{
    private readonly string[] _needles;
    private readonly bool[] _found;
    private readonly int _tailMax;
    private char[] _window = [];
    private int _tail;
    private int _missing;

    /// <summary>Looks for these; an empty one is found at once.</summary>
    public TextMatcher(params IReadOnlyList<string> needles)
    {
        _needles = [.. needles.Select(Fold)];
        _found = new bool[_needles.Length];
        _tailMax = Math.Max(0, _needles.Max(n => (int?)n.Length) - 1 ?? 0);
        Reset();
    }

    /// <summary>Each string has been found.</summary>
    public bool IsAllFound => _missing == 0;

    /// <summary>The string of this index has been found.</summary>
    public bool IsFound(int index) => _found[index];

    /// <summary>Forgets what was found, for the next message.</summary>
    public void Reset()
    {
        _tail = 0;
        _missing = 0;
        for (int i = 0; i < _needles.Length; i++)
        {
            _found[i] = _needles[i].Length == 0;
            _missing += _found[i] ? 0 : 1;
        }
    }

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<char> text)
    {
        if (IsAllFound)
        {
            return false;
        }
        int length = _tail + text.Length;
        if (_window.Length < length)
        {
            Array.Resize(ref _window, length);
        }
        Span<char> added = _window.AsSpan(_tail, text.Length);
        Fold(text, added);
        ReadOnlySpan<char> window = _window.AsSpan(0, length);
        for (int i = 0; i < _needles.Length; i++)
        {
            if (!_found[i] && window.Contains(_needles[i], StringComparison.Ordinal))
            {
                _found[i] = true;
                _missing--;
            }
        }
        _tail = Math.Min(_tailMax, length);
        window[^_tail..].CopyTo(_window);
        return !IsAllFound;
    }

    /// <inheritdoc/>
    public void EndOfText() => _tail = 0;

    /// <summary>Whether the text holds the string, without regard to case.</summary>
    public static bool Contains(string text, string needle)
    {
        TextMatcher matcher = new(needle);
        matcher.Write(text);
        return matcher.IsAllFound;
    }

    internal static string Fold(string text)
    {
        char[] folded = new char[text.Length];
        Fold(text, folded);
        return new string(folded);
    }

    /// <summary>
    /// Simple case folding, character by character. Down and up again, because some letters meet only so: the Kelvin sign and
    /// k, final and other sigma, both sharp s.
    /// </summary>
    private static void Fold(ReadOnlySpan<char> text, Span<char> folded)
    {
        while (!text.IsEmpty)
        {
            Ascii.ToUpper(text, folded, out int length); // Up to the first character that is not ASCII, at memory speed.
            for (; length < text.Length && text[length] >= 0x80; length++)
            {
                folded[length] = char.ToUpperInvariant(char.ToLowerInvariant(text[length]));
            }
            text = text[length..];
            folded = folded[length..];
        }
    }
}
