using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace MailAccess.Tables.Patterns;

/// <summary>Writes a bracket expression of POSIX (regex(7)) or Perl as one of the framework's.</summary>
/// <remarks>Named classes are those of C's locale, which Postfix runs in.</remarks>
internal static class BracketExpression
{
    /// <summary>The members of Perl's <c>\d</c>, <c>\w</c>, <c>\s</c> and <c>\h</c>, without brackets.</summary>
    public const string Digits = "0-9", Word = "a-zA-Z0-9_", Space = @" \t\n\v\f\r", Blank = @" \t";

    private static readonly FrozenDictionary<string, string> Classes = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["alpha"] = "a-zA-Z",
        ["digit"] = Digits,
        ["alnum"] = "a-zA-Z0-9",
        ["upper"] = "A-Z",
        ["lower"] = "a-z",
        ["space"] = Space,
        ["blank"] = Blank,
        ["punct"] = @"!-/:-@\[-`{-~",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["print"] = @"\x20-\x7E",
        ["graph"] = @"\x21-\x7E",
        ["xdigit"] = "0-9A-Fa-f",
        ["word"] = Word,
    }.ToFrozenDictionary();

    /// <summary>Reads from the opening bracket at <paramref name="at"/> and leaves it behind the closing one.</summary>
    /// <param name="pattern">The whole pattern.</param>
    /// <param name="at">Where the expression begins.</param>
    /// <param name="isPerl">A backslash has a meaning.</param>
    /// <param name="withoutNewline">What is negated does not match a newline.</param>
    /// <param name="written">Takes the expression.</param>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public static string? Translate(string pattern, ref int at, bool isPerl, bool withoutNewline, StringBuilder written)
    {
        int i = at + 1;
        bool negated = i < pattern.Length && pattern[i] == '^';
        written.Append(negated ? "[^" : "[").Append(negated && withoutNewline ? @"\n" : "");
        i += negated ? 1 : 0;
        bool rangeMayFollow = false;
        for (int first = i; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == ']' && i > first)
            {
                written.Append(']');
                at = i + 1;
                return null;
            }
            if (c == '[' && i + 1 < pattern.Length && pattern[i + 1] is ':' or '.' or '=')
            {
                if (TryNamed(pattern, ref i, written, ref rangeMayFollow) is { } problem)
                {
                    return problem;
                }
            }
            else if (c == '\\' && isPerl)
            {
                if (++i == pattern.Length)
                {
                    break;
                }
                rangeMayFollow = WriteEscape(pattern, ref i, written);
            }
            else if (c == '-')
            {
                // A range only between two characters: "[[:alnum:]-.]", "[a-]" and "[-a]" mean the hyphen.
                bool isRange = rangeMayFollow && i + 1 < pattern.Length && pattern[i + 1] != ']'
                    && !(pattern[i + 1] == '[' && i + 2 < pattern.Length && pattern[i + 2] == ':');
                written.Append(isRange ? "-" : @"\-");
                rangeMayFollow = false;
                if (isRange && !(isPerl && pattern[i + 1] == '\\') && !(pattern[i + 1] == '[' && pattern[i + 2] is '.' or '='))
                {
                    WriteLiteral(pattern[++i], written);
                }
            }
            else
            {
                WriteLiteral(c, written);
                rangeMayFollow = true;
            }
        }
        return "a bracket [ is not closed";
    }

    private static string? TryNamed(string pattern, ref int i, StringBuilder written, ref bool rangeMayFollow)
    {
        char kind = pattern[i + 1];
        int end = pattern.IndexOf($"{kind}]", i + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            return $"[{kind} is not closed";
        }
        string name = pattern[(i + 2)..end];
        if (kind == ':')
        {
            if (!Classes.TryGetValue(name, out string? members))
            {
                return $"[:{name}:] is no class of characters; there are {string.Join(", ", Classes.Keys.Order(StringComparer.Ordinal))}";
            }
            written.Append(members);
            rangeMayFollow = false;
        }
        else if (name.Length == 1)
        {
            WriteLiteral(name[0], written);
            rangeMayFollow = kind == '.';
        }
        else
        {
            return $"[{kind}{name}{kind}] is not known in this locale";
        }
        i = end + 1;
        return null;
    }

    /// <returns>Whether it was one character, so that a range may begin with it.</returns>
    private static bool WriteEscape(string pattern, ref int i, StringBuilder written)
    {
        char c = pattern[i];
        string? members = c switch { 'd' => Digits, 'w' => Word, 's' => Space, 'h' => Blank, 'v' => @"\n\v\f\r\u0085\u2028\u2029", 'D' or 'W' or 'S' => $"\\{c}", _ => null };
        if (members is not null)
        {
            written.Append(members);
            return false;
        }
        if (c is 'p' or 'P')
        {
            written.Append('\\').Append(c); // \p{L}: what follows has no meaning of its own in brackets but for this.
            return false;
        }
        if (TryWriteCode(pattern, ref i, written))
        {
            return true;
        }
        if (char.IsAsciiLetterOrDigit(c))
        {
            written.Append('\\').Append(c);
        }
        else
        {
            WriteLiteral(c, written);
        }
        return true;
    }

    /// <summary><c>\x{263A}</c> as <c>\u263A</c>.</summary>
    public static bool TryWriteCode(string pattern, ref int i, StringBuilder written)
    {
        if (pattern[i] != 'x' || i + 1 >= pattern.Length || pattern[i + 1] != '{' || pattern.IndexOf('}', i) is not (int end and >= 0)
            || !int.TryParse(pattern.AsSpan(i + 2, end - i - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || code > 0xFFFF)
        {
            return false;
        }
        written.Append(CultureInfo.InvariantCulture, $"\\u{code:X4}");
        i = end;
        return true;
    }

    private static void WriteLiteral(char c, StringBuilder written)
    {
        if (c is '[' or ']' or '\\' or '^' or '-')
        {
            written.Append('\\');
        }
        written.Append(c);
    }
}
