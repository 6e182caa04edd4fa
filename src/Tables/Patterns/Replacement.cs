using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailAccess.Tables.Patterns;

/// <summary>The right-hand side of a pattern: text with <c>$1</c>, <c>${1}</c>, <c>$(1)</c> and <c>$$</c>.</summary>
internal sealed class Replacement
{
    private readonly List<(string Text, int Group)> _parts = [];

    private Replacement()
    {
    }

    /// <summary>The highest group that is named; 0: none, and <see cref="Fill"/> needs no match.</summary>
    public int GroupMax { get; private set; }

    /// <returns>Null where there is an error.</returns>
    public static Replacement? Parse(string text, out string? error)
    {
        Replacement replacement = new();
        StringBuilder literal = new();
        error = null;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] != '$')
            {
                literal.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '$')
            {
                literal.Append(text[++at]);
            }
            else
            {
                string name = TakeName(text, at + 1, out int end);
                if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int group) || group == 0)
                {
                    error = $"${name} is no group; write $1 or ${{1}}, and $$ for a dollar";
                    return null;
                }
                replacement._parts.Add((literal.ToString(), group));
                replacement.GroupMax = Math.Max(replacement.GroupMax, group);
                literal.Clear();
                at = end - 1;
            }
        }
        replacement._parts.Add((literal.ToString(), 0));
        return replacement;
    }

    /// <summary>A group that took no part in the match is empty.</summary>
    public string Fill(Match? match)
    {
        if (_parts.Count == 1)
        {
            return _parts[0].Text;
        }
        StringBuilder filled = new();
        foreach ((string text, int group) in _parts)
        {
            filled.Append(text).Append(group > 0 ? match!.Groups[group].ValueSpan : default);
        }
        return filled.ToString();
    }

    private static string TakeName(string text, int start, out int end)
    {
        char closing = start < text.Length ? text[start] switch { '{' => '}', '(' => ')', _ => '\0' } : '\0';
        if (closing != '\0')
        {
            int at = text.IndexOf(closing, start);
            end = at < 0 ? text.Length : at + 1;
            return at < 0 ? text[start..] : text[(start + 1)..at];
        }
        end = start;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }
        return text[start..end];
    }
}
