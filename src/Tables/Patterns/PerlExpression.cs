using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailAccess.Tables.Patterns;

/// <summary>What the letters behind a Perl pattern switch on: pcre_table(5).</summary>
/// <param name="Extended"><c>x</c>: white space and comments in the pattern have no meaning.</param>
/// <param name="DollarEndOnly"><c>E</c>: <c>$</c> does not match before a newline at the end.</param>
/// <param name="Ungreedy"><c>U</c>: repetitions take little, and with a question mark much.</param>
/// <param name="Multiline"><c>m</c>.</param>
internal readonly record struct PerlModes(bool Extended, bool DollarEndOnly, bool Ungreedy, bool Multiline);

/// <summary>Writes a Perl-compatible regular expression (pcrepattern(3)) as one of the framework's, or says what of it is not there.</summary>
/// <remarks>
/// Differences that are bridged: POSIX classes, possessive repetitions, <c>\Q…\E</c>, <c>\h \R \N \g</c>, <c>\x{…}</c>, named groups (which the framework counts behind
/// the others), and <c>\d \w \s</c>, which in Perl's library are ASCII. Recursion, <c>\K</c> and verbs are refused.
/// </remarks>
internal sealed class PerlExpression
{
    private const string VerticalSpace = @"\n\v\f\r\u0085\u2028\u2029";

    private readonly string _pattern;
    private readonly PerlModes _modes;
    private readonly StringBuilder _written = new();
    private readonly Stack<int> _groups = new();
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private int _captures;
    private int _at;
    private int _atom = -1;

    private PerlExpression(string pattern, PerlModes modes) => (_pattern, _modes) = (pattern, modes);

    /// <returns>The framework's pattern; null where there is an error.</returns>
    public static string? Translate(string pattern, PerlModes modes, out string? error)
    {
        PerlExpression expression = new(pattern, modes);
        error = expression.Run();
        return error is null ? expression._written.ToString() : null;
    }

    private char? Next => _at + 1 < _pattern.Length ? _pattern[_at + 1] : null;

    private string? Run()
    {
        while (_at < _pattern.Length)
        {
            if (Step() is { } problem)
            {
                return problem;
            }
        }
        return null; // Parentheses that do not match are found by the framework.
    }

    private string? Step()
    {
        switch (_pattern[_at])
        {
            case '\\':
                return Escape();
            case '[':
                _atom = _written.Length;
                return BracketExpression.Translate(_pattern, ref _at, isPerl: true, withoutNewline: false, _written);
            case '(':
                return Open();
            case ')':
                _atom = _groups.TryPop(out int opening) ? opening : -1;
                Copy();
                return null;
            case '*' or '+' or '?':
                return Quantify(1);
            case '{' when Interval() is Match { Success: true } interval:
                return Quantify(interval.Length);
            case '$' when _modes is { DollarEndOnly: true, Multiline: false }:
                _written.Append(@"\z");
                _at++;
                return null;
            case '#' when _modes.Extended:
                int end = _pattern.IndexOf('\n', _at);
                _at = end < 0 ? _pattern.Length : end + 1;
                return null;
            case var c when _modes.Extended && char.IsWhiteSpace(c):
                _at++;
                return null;
            case '|' or '^' or '$':
                _atom = -1;
                Copy();
                return null;
            default:
                _atom = _written.Length;
                Copy();
                return null;
        }
    }

    private void Copy() => _written.Append(_pattern[_at++]);

    private Match Interval() => Regex.Match(_pattern[_at..], @"\A\{[0-9]+(,[0-9]*)?\}", RegexOptions.NonBacktracking);

    private string? Quantify(int length)
    {
        if (_atom < 0)
        {
            return $"{_pattern[_at]} has nothing to repeat";
        }
        string quantifier = _pattern.Substring(_at, length);
        _at += length;
        char? suffix = _at < _pattern.Length ? _pattern[_at] : null;
        if (suffix == '+')
        {
            _written.Insert(_atom, "(?>").Append(quantifier).Append(')');
            _at++;
        }
        else
        {
            _at += suffix == '?' ? 1 : 0;
            _written.Append(quantifier).Append((suffix == '?') != _modes.Ungreedy ? "?" : "");
        }
        return null;
    }

    private string? Escape()
    {
        if (Next is not { } c)
        {
            return "a backslash stands at the end";
        }
        _at++;
        _atom = _written.Length;
        string? written = c switch
        {
            'd' => $"[{BracketExpression.Digits}]",
            'D' => $"[^{BracketExpression.Digits}]",
            'w' => $"[{BracketExpression.Word}]",
            'W' => $"[^{BracketExpression.Word}]",
            's' => $"[{BracketExpression.Space}]",
            'S' => $"[^{BracketExpression.Space}]",
            'h' => $"[{BracketExpression.Blank}]",
            'H' => $"[^{BracketExpression.Blank}]",
            'v' => $"[{VerticalSpace}]",
            'V' => $"[^{VerticalSpace}]",
            'N' => @"[^\n]",
            'R' => $@"(?>\r\n|[{VerticalSpace}])",
            _ => null,
        };
        if (written is not null)
        {
            _written.Append(written);
            _at++;
            return null;
        }
        return c switch
        {
            'Q' => Quote(),
            'E' => Skip(),
            'g' or 'k' => Refer(c),
            'p' or 'P' => Property(c),
            'K' or 'X' or 'C' or 'o' or 'U' or 'L' or 'l' or 'u' => $"\\{c} is not known here",
            _ => Plain(c),
        };
    }

    private string? Skip()
    {
        _at++;
        return null;
    }

    private string? Plain(char c)
    {
        if (c is 'b' or 'B' or 'A' or 'z' or 'Z' or 'G')
        {
            _atom = -1;
        }
        if (!BracketExpression.TryWriteCode(_pattern, ref _at, _written))
        {
            _written.Append(char.IsAsciiLetterOrDigit(c) ? $"\\{c}" : Regex.Escape(c.ToString()));
        }
        _at++;
        return null;
    }

    private string? Quote()
    {
        int end = _pattern.IndexOf(@"\E", _at, StringComparison.Ordinal);
        string literal = _pattern[(_at + 1)..(end < 0 ? _pattern.Length : end)];
        foreach (char c in literal)
        {
            _atom = _written.Length;
            _written.Append(Regex.Escape(c.ToString()));
        }
        _at = end < 0 ? _pattern.Length : end + 2;
        return null;
    }

    private string? Property(char c)
    {
        bool isShort = Next is { } letter && letter != '{';
        _written.Append(CultureInfo.InvariantCulture, $"\\{c}");
        if (isShort)
        {
            _written.Append(CultureInfo.InvariantCulture, $"{{{Next}}}");
        }
        else
        {
            int end = _pattern.IndexOf('}', _at);
            if (end < 0)
            {
                return $"\\{c} has no property";
            }
            _written.Append(_pattern, _at + 1, end - _at);
            _at = end - 1;
        }
        _at += 2;
        return null;
    }

    private string? Refer(char c)
    {
        Match match = Regex.Match(_pattern[(_at + 1)..], @"\A(?:\{([^}]+)\}|<([^>]+)>|'([^']+)'|(-?[0-9]+))", RegexOptions.NonBacktracking);
        if (!match.Success)
        {
            return $"\\{c} names no group";
        }
        string name = string.Concat(match.Groups.Values.Skip(1).Select(g => g.Value));
        _at += 1 + match.Length;
        return Refer(name);
    }

    private string? Refer(string name)
    {
        if (!_names.TryGetValue(name, out int group) && int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            group = number < 0 ? _captures + 1 + number : number;
        }
        if (group <= 0)
        {
            return $"{name} is no group before this place";
        }
        _written.Append(CultureInfo.InvariantCulture, $"(?:\\{group})");
        return null;
    }

    private string? Open()
    {
        int start = _written.Length;
        _atom = -1;
        if (Next == '*')
        {
            return "verbs (*…) are not known here";
        }
        if (Next != '?')
        {
            _captures++;
            _groups.Push(start);
            Copy();
            return null;
        }
        string rest = _pattern[_at..];
        if (rest.StartsWith("(?#", StringComparison.Ordinal))
        {
            int end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? _pattern.Length : end + 1;
            return end < 0 ? "a comment (?# is not closed" : null;
        }
        Match reference = Regex.Match(rest, @"\A\(\?P=([A-Za-z_][A-Za-z0-9_]*)\)", RegexOptions.NonBacktracking);
        if (reference.Success)
        {
            _atom = start;
            _at += reference.Length;
            return Refer(reference.Groups[1].Value);
        }
        Match named = Regex.Match(rest, @"\A\(\?(?:P?<|')([A-Za-z_][A-Za-z0-9_]*)[>']", RegexOptions.NonBacktracking);
        if (named.Success)
        {
            _names.TryAdd(named.Groups[1].Value, ++_captures);
            _groups.Push(start);
            _written.Append('(');
            _at += named.Length;
            return null;
        }
        Match known = Regex.Match(rest, @"\A\(\?(?:[:=!>]|<[=!]|[imsx]*(?:-[imsx]+)?[:)]|(?=\([0-9]+\)))");
        if (!known.Success)
        {
            return $"{rest[..Math.Min(4, rest.Length)]} is not known here";
        }
        if (!known.Value.EndsWith(')'))
        {
            _groups.Push(start);
        }
        _written.Append(known.Value);
        _at += known.Length;
        if (known.Value == "(?")
        {
            int end = _pattern.IndexOf(')', _at) + 1;
            _written.Append(_pattern, _at, end - _at); // The condition (1), which is no group.
            _at = end;
        }
        return null;
    }
}
