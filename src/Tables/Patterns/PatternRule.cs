using System.Text.RegularExpressions;
using MailAccess.Tables.Text;

namespace MailAccess.Tables.Patterns;

/// <summary>Which regular expressions a table holds.</summary>
internal enum PatternKind
{
    /// <summary><c>regexp:</c>, regexp_table(5).</summary>
    Posix,
    /// <summary><c>pcre:</c>, pcre_table(5).</summary>
    Perl,
}

/// <summary><c>/pattern/flags result</c>, <c>!/pattern/flags result</c>.</summary>
internal sealed class PatternRule : IRule<string>
{
    private readonly Regex _regex;
    private readonly bool _negated;
    private readonly Replacement _replacement;

    private PatternRule(Regex regex, bool negated, Replacement replacement) => (_regex, _negated, _replacement) = (regex, negated, replacement);

    /// <returns>Null where there is an error.</returns>
    public static PatternRule? Parse(string text, bool isCondition, PatternKind kind, TimeSpan timeout, out string? error)
    {
        int at = 0;
        bool negated = false;
        for (; at < text.Length && (text[at] == '!' || LogicalLines.IsSpace(text[at])); at++)
        {
            negated ^= text[at] == '!';
        }
        if (at == text.Length || char.IsAsciiLetterOrDigit(text[at]))
        {
            error = $"{text} is no rule; one is /pattern/flags result, !/pattern/flags result, if /pattern/flags, or endif";
            return null;
        }
        int end = FindDelimiter(text, at);
        if (end < 0)
        {
            error = $"the pattern is not closed: {text[at]} is missing";
            return null;
        }
        int flagsEnd = end + 1;
        while (flagsEnd < text.Length && !LogicalLines.IsSpace(text[flagsEnd]))
        {
            flagsEnd++;
        }
        string result = text[flagsEnd..].Trim(LogicalLines.Spaces);
        if (isCondition && result.Length > 0)
        {
            error = $"nothing may follow the pattern of an if: {result}";
            return null;
        }
        return Replacement.Parse(result, out error) is { } replacement
            && Compile(text[(at + 1)..end], text[(end + 1)..flagsEnd], kind, timeout, out error) is { } regex
            && FindProblem(regex, negated, replacement, out error) ? new PatternRule(regex, negated, replacement) : null;
    }

    /// <inheritdoc/>
    public bool IsFilledIn => _replacement.GroupMax > 0;

    /// <inheritdoc/>
    public string? Answer(string key)
    {
        if (_negated || _replacement.GroupMax == 0)
        {
            return _regex.IsMatch(key) != _negated ? _replacement.Fill(null) : null;
        }
        Match match = _regex.Match(key);
        return match.Success ? _replacement.Fill(match) : null;
    }

    private static bool FindProblem(Regex regex, bool negated, Replacement replacement, out string? error)
    {
        error = replacement.GroupMax > 0 && negated ? "a pattern that must not match has no groups for the result"
            : replacement.GroupMax >= regex.GetGroupNumbers().Length ? $"the pattern has no group {replacement.GroupMax}"
            : null;
        return error is null;
    }

    private static int FindDelimiter(string text, int opening)
    {
        for (int at = opening + 1; at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == text[opening])
            {
                return at;
            }
        }
        return -1;
    }

    private static Regex? Compile(string pattern, string flags, PatternKind kind, TimeSpan timeout, out string? error)
    {
        string known = kind == PatternKind.Posix ? "imx" : "imsxAEUX";
        if (flags.FirstOrDefault(f => !known.Contains(f, StringComparison.Ordinal)) is char unknown and not '\0')
        {
            error = $"{unknown} is no flag; there are {string.Join(", ", known.AsEnumerable())}";
            return null;
        }
        bool IsOn(char flag, bool byDefault) => flags.Count(f => f == flag) % 2 == 1 != byDefault;
        bool multiline = IsOn('m', false);
        string? translated = kind == PatternKind.Posix
            ? PosixExpression.Translate(pattern, basic: !IsOn('x', true), multiline, out error)
            : PerlExpression.Translate(pattern, new PerlModes(IsOn('x', false), IsOn('E', false), IsOn('U', false), multiline), out error);
        bool dotTakesNewline = kind == PatternKind.Posix ? !multiline : IsOn('s', true);
        RegexOptions options = RegexOptions.CultureInvariant
            | (IsOn('i', true) ? RegexOptions.IgnoreCase : 0)
            | (multiline ? RegexOptions.Multiline : 0)
            | (dotTakesNewline ? RegexOptions.Singleline : 0);
        return translated is null ? null : Compile(IsOn('A', false) ? $@"\A(?:{translated})" : translated, options, timeout, out error);
    }

    /// <summary>Without backtracking, which takes linear time, unless the pattern needs it or is cheap; then with a limit.</summary>
    private static Regex? Compile(string pattern, RegexOptions options, TimeSpan timeout, out string? error)
    {
        error = null;
        try
        {
            return new Regex(pattern, PatternCost.IsCheap(pattern) ? options : options | RegexOptions.NonBacktracking, timeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, options, timeout);
        }
        catch (RegexParseException broken)
        {
            error = $"the pattern cannot be read: {broken.Error}";
            return null;
        }
    }
}
