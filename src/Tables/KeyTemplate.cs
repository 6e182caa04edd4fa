using System.Text;

namespace MailAccess.Tables;

/// <summary>
/// Text with places for a key: <c>%s</c> the whole of it, <c>%u</c> what stands before its last @ (all of it where there is none), <c>%d</c> what stands behind,
/// <c>%1</c>…<c>%9</c> the labels of that from the right, <c>%%</c> a percent sign; in the format of results <c>%S %U %D</c> are of the key that was asked.
/// ldap_table(5), pgsql_table(5).
/// </summary>
public sealed class KeyTemplate
{
    private readonly List<(string Literal, char Place)> _parts = [];

    private KeyTemplate()
    {
    }

    /// <summary>The literals, each with the place behind it; the place of the last one is NUL.</summary>
    public IReadOnlyList<(string Literal, char Place)> Parts => _parts;

    /// <summary>Null where a percent sign stands before something else.</summary>
    public static KeyTemplate? TryParse(string text)
    {
        KeyTemplate template = new();
        StringBuilder literal = new();
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] != '%')
            {
                literal.Append(text[at]);
                continue;
            }
            char place = ++at < text.Length ? text[at] : '\0';
            if (place == '%')
            {
                literal.Append('%');
            }
            else if (place is 's' or 'u' or 'd' or 'S' or 'U' or 'D' or (>= '1' and <= '9'))
            {
                template._parts.Add((literal.ToString(), place));
                literal.Clear();
            }
            else
            {
                return null;
            }
        }
        template._parts.Add((literal.ToString(), '\0'));
        return template;
    }

    /// <summary>The text with values in its places; null where a value lacks a part that is asked for, so that there is nothing to look up or no result.</summary>
    /// <param name="value">For the small letters and the numbers.</param>
    /// <param name="key">For the capital letters.</param>
    public string? Expand(string value, string key)
    {
        StringBuilder expanded = new();
        foreach ((string literal, char place) in _parts)
        {
            if (ValueOf(place, char.IsAsciiLetterUpper(place) ? key : value) is not { } text)
            {
                return null;
            }
            expanded.Append(literal).Append(text);
        }
        return expanded.ToString();
    }

    /// <summary>What a place stands for; null where the key has no such part.</summary>
    public static string? ValueOf(char place, string key)
    {
        int at = key.LastIndexOf('@');
        string? domain = at < 0 || at == key.Length - 1 ? null : key[(at + 1)..];
        switch (place)
        {
            case '\0':
                return "";
            case 's' or 'S':
                return key;
            case 'u' or 'U':
                return at < 0 ? key : at == 0 ? null : key[..at];
            case 'd' or 'D':
                return domain;
            default:
                string[] labels = (domain ?? key).Split('.'); // A key without @ is a domain for the numbers.
                return place - '0' <= labels.Length ? labels[^(place - '0')] : null;
        }
    }
}
