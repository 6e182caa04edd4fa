using System.Text;

namespace MailAccess.Smtp;

/// <summary>Writes a path as RFC 5321 §4.1.2 wants it.</summary>
internal static class MailPathFormat
{
    // atext, RFC 5322 §3.2.3, and UTF8-non-ascii, RFC 6531 §3.3.
    private const string AtomSpecials = "!#$%&'*+-/=?^_`{|}~";

    public static string Format(MailPath path)
    {
        if (path.IsNull)
        {
            return "";
        }
        string local = IsDotString(path.LocalPart) ? path.LocalPart : Quote(path.LocalPart);
        return path.Domain.Length == 0 ? local : $"{local}@{path.Domain}";
    }

    private static bool IsDotString(string local) =>
        local.Length > 0 && local[0] != '.' && local[^1] != '.' && !local.Contains("..", StringComparison.Ordinal)
        && local.All(c => c == '.' || char.IsAsciiLetterOrDigit(c) || AtomSpecials.Contains(c, StringComparison.Ordinal) || c > 127);

    private static string Quote(string local)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in local)
        {
            if (c is '"' or '\\')
            {
                quoted.Append('\\');
            }
            quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
