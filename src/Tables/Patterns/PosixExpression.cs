using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailAccess.Tables.Patterns;

/// <summary>
/// Writes a POSIX regular expression, extended or basic, as one of the framework's: regex(7), POSIX.1 §9.3 and §9.4, with the additions that the GNU library has
/// (<c>\w \W \s \S \b \B \&lt; \&gt; \` \'</c>, back-references, <c>\+ \? \|</c> in basic ones).
/// </summary>
/// <remarks>Of several alternatives that match at a place, the first one is taken, and not the longest; a whole match is one or not all the same.</remarks>
internal sealed class PosixExpression
{
    private const int RepetitionMax = 32767;

    private readonly string _pattern;
    private readonly bool _basic;
    private readonly bool _multiline;
    private readonly StringBuilder _written = new();
    private readonly Stack<int> _groups = new();
    private int _at;
    private int _atom = -1;
    private bool _quantified;

    private PosixExpression(string pattern, bool basic, bool multiline) => (_pattern, _basic, _multiline) = (pattern, basic, multiline);

    /// <param name="pattern">As in the table, without its delimiters.</param>
    /// <param name="basic">Obsolete syntax: <c>\( \) \{ \}</c>.</param>
    /// <param name="multiline"><c>^</c> and <c>$</c> match at lines, and what is negated matches no newline.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>The framework's pattern; null where there is an error.</returns>
    public static string? Translate(string pattern, bool basic, bool multiline, out string? error)
    {
        PosixExpression expression = new(pattern, basic, multiline);
        error = expression.Run();
        return error is null ? expression._written.ToString() : null;
    }

    private string? Run()
    {
        while (_at < _pattern.Length)
        {
            if (Step() is { } problem)
            {
                return problem;
            }
        }
        return _groups.Count > 0 ? "a parenthesis ( is not closed" : null;
    }

    private string? Step()
    {
        char c = _pattern[_at];
        if (c == '[')
        {
            BeginAtom();
            return BracketExpression.Translate(_pattern, ref _at, isPerl: false, _multiline, _written);
        }
        bool escaped = c == '\\';
        if (escaped)
        {
            if (++_at == _pattern.Length)
            {
                return "a backslash stands at the end";
            }
            c = _pattern[_at];
        }
        // In basic expressions a backslash gives these their meaning, in extended ones it takes it away.
        bool isSpecial = c is '(' or ')' or '{' or '}' or '+' or '?' or '|' ? escaped == _basic : !escaped;
        if (isSpecial && c is '(' or ')' or '|')
        {
            return Structure(c);
        }
        if (isSpecial && (c is '+' or '?' || (c == '*' && !(_basic && _atom < 0)) || (c == '{' && IsInterval())))
        {
            return Quantify(c);
        }
        if (escaped && Extension(c))
        {
            return null;
        }
        if (!escaped && c is '^' or '$' && IsAnchor(c))
        {
            _written.Append(c == '$' && !_multiline ? @"\z" : c.ToString());
            _atom = -1;
            _at++;
            return null;
        }
        BeginAtom();
        _written.Append(isSpecial && c == '.' ? "." : Regex.Escape(c.ToString()));
        _at++;
        return null;
    }

    private string? Structure(char c)
    {
        _at++;
        if (c == '(')
        {
            _groups.Push(_written.Length);
            _written.Append('(');
            _atom = -1;
            return null;
        }
        if (c == '|')
        {
            _written.Append('|');
            _atom = -1;
            return null;
        }
        if (!_groups.TryPop(out int opening))
        {
            return "a parenthesis ) was not opened";
        }
        _written.Append(')');
        (_atom, _quantified) = (opening, false);
        return null;
    }

    private string? Quantify(char c)
    {
        if (_atom < 0)
        {
            return $"{c} has nothing to repeat";
        }
        string quantifier = c.ToString();
        _at++;
        if (c == '{')
        {
            int end = _pattern.IndexOf('}', _at);
            if (end < 0 || !TryInterval(_pattern[_at..(_basic ? end - 1 : end)], out quantifier))
            {
                return "braces {} hold no interval";
            }
            _at = end + 1;
        }
        if (_quantified)
        {
            _written.Insert(_atom, "(?:").Append(')'); // a** and a*? are repetitions of a*, and not what Perl made of them.
        }
        _written.Append(quantifier);
        _quantified = true;
        return null;
    }

    private bool IsInterval() => _basic || (_at + 1 < _pattern.Length && (char.IsAsciiDigit(_pattern[_at + 1]) || _pattern[_at + 1] == ','));

    private static bool TryInterval(string bounds, out string quantifier)
    {
        quantifier = "";
        string[] parts = bounds.Split(',');
        string low = parts[0].Length == 0 ? "0" : parts[0];
        string high = parts.Length == 1 ? low : parts[^1];
        if (parts.Length > 2 || !TryBound(low, out int from) || (high.Length > 0 && (!TryBound(high, out int to) || to < from)))
        {
            return false;
        }
        quantifier = parts.Length == 1 ? $"{{{low}}}" : $"{{{low},{high}}}";
        return bounds.Length > 0;
    }

    private static bool TryBound(string text, out int bound) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bound) && bound <= RepetitionMax;

    private bool Extension(char c)
    {
        string? written = c switch
        {
            'w' => $"[{BracketExpression.Word}]",
            'W' => $"[^{BracketExpression.Word}]",
            's' => $"[{BracketExpression.Space}]",
            'S' => $"[^{BracketExpression.Space}]",
            'b' or 'B' => $"\\{c}",
            '<' => @"\b(?=\w)",
            '>' => @"\b(?<=\w)",
            '`' => @"\A",
            '\'' => @"\z",
            >= '1' and <= '9' => $"(?:\\{c})",
            _ => null,
        };
        if (written is null)
        {
            return false;
        }
        BeginAtom();
        _written.Append(written);
        _at++;
        return true;
    }

    /// <summary>In basic expressions an anchor is one at the ends only, and in between a character.</summary>
    private bool IsAnchor(char c)
    {
        string before = _pattern[.._at];
        string after = _pattern[(_at + 1)..];
        return !_basic || (c == '^'
            ? before.Length == 0 || before.EndsWith(@"\(", StringComparison.Ordinal) || before.EndsWith(@"\|", StringComparison.Ordinal)
            : after.Length == 0 || after.StartsWith(@"\)", StringComparison.Ordinal) || after.StartsWith(@"\|", StringComparison.Ordinal));
    }

    private void BeginAtom() => (_atom, _quantified) = (_written.Length, false);
}
