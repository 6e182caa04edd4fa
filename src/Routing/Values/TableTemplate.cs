using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>
/// Values with parts of the address in them: <c>%1@example.org</c> (Sendmail), <c>$user@example.org</c> (Postfix's luser_relay). Parts are put in
/// after a value was taken apart, so that an address with commas or bars in it stays one address.
/// </summary>
internal static class TableTemplate
{
    /// <summary>Whether the value asks for a part, <c>%0</c> to <c>%9</c>, or has a percent sign that asks for none, <c>%%</c>.</summary>
    public static bool HasNumbers(string value)
    {
        for (int at = 0; at < value.Length - 1; at++)
        {
            if (value[at] == '%' && (char.IsAsciiDigit(value[at + 1]) || value[at + 1] == '%'))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary><c>%0</c> and so on by their arguments, <c>%%</c> by a percent sign; a number without argument by nothing.</summary>
    public static string FillNumbers(string template, IReadOnlyList<string> arguments)
    {
        StringBuilder filled = new();
        for (int i = 0; i < template.Length; i++)
        {
            char next = template[i] == '%' && i + 1 < template.Length ? template[i + 1] : '\0';
            if (char.IsAsciiDigit(next))
            {
                filled.Append(next - '0' < arguments.Count ? arguments[next - '0'] : "");
                i++;
            }
            else
            {
                filled.Append(template[i]);
                i += next == '%' ? 1 : 0;
            }
        }
        return filled.ToString();
    }

    /// <summary>Postfix's names, with or without parentheses or braces.</summary>
    public static string FillNames(string template, MailPath path, AddressName name)
    {
        (string Name, string Value)[] values =
        [
            ("extension", name.Detail ?? ""), ("domain", name.Domain), ("local", path.LocalPart), ("user", name.User),
        ];
        StringBuilder filled = new();
        int i = 0;
        while (i < template.Length)
        {
            bool isName = template[i] == '$';
            int start = i + 1 + (isName && i + 1 < template.Length && template[i + 1] is '{' or '(' ? 1 : 0);
            (string Name, string Value) found = isName ? values.FirstOrDefault(v => string.CompareOrdinal(template, start, v.Name, 0, v.Name.Length) == 0) : default;
            if (found.Name is null)
            {
                filled.Append(template[i++]);
                continue;
            }
            filled.Append(found.Value);
            i = start + found.Name.Length;
            i += start > 0 && template[start - 1] is '{' or '(' && i < template.Length ? 1 : 0;
        }
        return filled.ToString();
    }

    /// <summary>
    /// An address whose parts are filled in. Of <c>name</c> alone the domain is <paramref name="origin"/>; of <c>@domain</c> the local part is the
    /// one in hand.
    /// </summary>
    public static bool TryCreate(string template, Func<string, string> fill, string ownLocalPart, string origin, [NotNullWhen(true)] out MailPath? path)
    {
        path = null;
        int at = template.LastIndexOf('@');
        string local = at < 0 ? template : template[..at];
        local = Unquote(local) ?? local;
        string domain = at < 0 ? origin : fill(template[(at + 1)..]).TrimEnd('.');
        return (local.Length > 0 || at == 0) && MailPath.TryCreate(at == 0 ? ownLocalPart : fill(local), domain, out path) && !path.IsNull && path.LocalPart.Length > 0;
    }

    /// <summary>The text inside of quotes that are around all of it; null where there are none.</summary>
    public static string? Unquote(string text)
    {
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"')
        {
            return null;
        }
        StringBuilder inner = new();
        for (int i = 1; i < text.Length - 1; i++)
        {
            if (text[i] == '"')
            {
                return null;
            }
            i += text[i] == '\\' && i + 1 < text.Length - 1 ? 1 : 0;
            inner.Append(text[i]);
        }
        return inner.ToString();
    }
}
