using System.Globalization;
using System.Text;

namespace MailAccess.Directories.Ldap;

/// <summary>A name that is looked up: what %u, %n and %d of a template stand for.</summary>
internal readonly record struct LdapName(string User, string Local, string Domain)
{
    /// <summary>A login name or an address; %d of a name without domain is the given one.</summary>
    public static LdapName Of(string name, string defaultDomain)
    {
        int at = name.LastIndexOf('@');
        return at < 0 ? new LdapName(name, name, defaultDomain) : new LdapName(name, name[..at], name[(at + 1)..]);
    }
}

/// <summary>
/// Octets with places for a name: %u the whole of it, %n what stands before its @, %d what stands behind, %1 to %9 the labels of
/// that from the right, %% a percent sign. The name is put in
/// after all syntax has been read, so that nothing of it can be syntax.
/// </summary>
internal sealed class LdapTemplate
{
    private readonly List<(byte[] Literal, char Place)> _parts = [];

    private LdapTemplate()
    {
    }

    /// <summary>Null where a percent sign stands before something else.</summary>
    public static LdapTemplate? TryParse(ReadOnlySpan<byte> text)
    {
        LdapTemplate template = new();
        List<byte> literal = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                literal.Add(text[i]);
                continue;
            }
            char place = ++i < text.Length ? (char)text[i] : '\0';
            switch (place)
            {
                case '%':
                    literal.Add((byte)'%');
                    break;
                case 'u' or 'n' or 'd' or (>= '1' and <= '9'):
                    template._parts.Add(([.. literal], place));
                    literal.Clear();
                    break;
                default:
                    return null;
            }
        }
        template._parts.Add(([.. literal], '\0'));
        return template;
    }

    /// <summary>With the name in its places, as it is.</summary>
    public byte[] Expand(LdapName name) => [.. _parts.SelectMany(p => (byte[])[.. p.Literal, .. Encoding.UTF8.GetBytes(ValueOf(p.Place, name))])];

    /// <summary>The same for a distinguished name: each place holds an attribute value, escaped by RFC 4514 §2.4.</summary>
    public string ExpandDn(LdapName name) => string.Concat(_parts.Select(p => Encoding.UTF8.GetString(p.Literal) + EscapeDn(ValueOf(p.Place, name))));

    /// <summary>RFC 4514 §2.4, and a few more than it asks for.</summary>
    internal static string EscapeDn(string value)
    {
        StringBuilder escaped = new();
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c < ' ')
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\{(int)c:x2}");
                continue;
            }
            bool isEdge = (i == 0 && c is ' ' or '#') || (i == value.Length - 1 && c == ' ');
            escaped.Append(isEdge || c is '"' or '+' or ',' or ';' or '<' or '=' or '>' or '\\' ? "\\" : "").Append(c);
        }
        return escaped.ToString();
    }

    private static string ValueOf(char place, LdapName name) => place switch
    {
        'u' => name.User,
        'n' => name.Local,
        'd' => name.Domain,
        >= '1' and <= '9' => name.Domain.Split('.') is { } labels && place - '0' <= labels.Length ? labels[^(place - '0')] : "",
        _ => "",
    };
}
