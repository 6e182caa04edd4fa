using MailAccess.Message.Folding;

namespace MailAccess.Message;

/// <summary>
/// Looks for several strings in a text that flows, across its pieces, as i;unicode-casemap compares (RFC 5051): without regard to
/// case, width, ligatures and whether an accent is part of its letter.
/// </summary>
/// <remarks>Somewhat more is equal than RFC 5051 says: see <see cref="Folding.FoldedText"/>. RFC 9051 §6.4.4 allows it.</remarks>
public sealed class TextMatcher : ITextSink
{
    private const int PieceChars = 4096;

    private readonly string[] _needles;
    private readonly bool[] _found;
    private readonly int _tailMax;
    private readonly FoldedText _window = new();
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

    /// <summary>Found by other means, or not to be looked for.</summary>
    public void MarkFound(int index)
    {
        _missing -= _found[index] ? 0 : 1;
        _found[index] = true;
    }

    /// <summary>Forgets what was found, for the next message.</summary>
    public void Reset()
    {
        _window.Clear();
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
        while (!text.IsEmpty && !IsAllFound)
        {
            // Pieces that stay in the processor's cache.
            ReadOnlySpan<char> piece = text.Length <= PieceChars ? text : text[..PieceChars];
            text = text[piece.Length..];
            _window.Append(piece);
            Search(_window.SettledText);
            _window.KeepTail(_tailMax);
        }
        return !IsAllFound;
    }

    /// <inheritdoc/>
    public void EndOfText()
    {
        _window.Finish();
        Search(_window.Text);
        _window.Clear();
    }

    /// <summary>Whether the text holds the string.</summary>
    public static bool Contains(string text, string needle)
    {
        TextMatcher matcher = new(needle);
        matcher.Write(text);
        matcher.EndOfText();
        return matcher.IsAllFound;
    }

    /// <summary>A string as it is compared.</summary>
    public static string Fold(string text) => FoldedText.Fold(text);

    private void Search(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < _needles.Length && _missing > 0; i++)
        {
            if (!_found[i] && text.IndexOf(_needles[i]) >= 0)
            {
                MarkFound(i);
            }
        }
    }
}
