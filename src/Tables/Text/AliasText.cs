using System.Text;

namespace MailAccess.Tables.Text;

/// <summary>Name, colon, values: aliases(5) of Sendmail and Postfix. The name may be in double quotes, which are taken off.</summary>
internal static class AliasText
{
    public static TextEntries? Parse(byte[] octets, TableReport report)
    {
        TextEntries entries = new();
        LogicalLines lines = new(octets, report, backslashJoins: true);
        while (lines.MoveNext())
        {
            string? problem = TrySplit(lines.Text, out string name, out string value);
            if (problem is not null)
            {
                report.Fail(lines.Line, problem);
                return null;
            }
            entries.Add(name, value, lines.Line, report);
        }
        return entries;
    }

    private static string? TrySplit(string text, out string name, out string value)
    {
        (name, value) = ("", "");
        StringBuilder written = new();
        bool quoted = false;
        bool foreign = false;
        int at = 0;
        for (; at < text.Length && (quoted || text[at] != ':'); at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                written.Append(text[++at]);
            }
            else if (text[at] == '"')
            {
                quoted = !quoted;
            }
            else
            {
                foreign |= !quoted && text[at] == '@';
                written.Append(text[at]);
            }
        }
        if (quoted)
        {
            return "a double quote is not closed";
        }
        if (at == text.Length)
        {
            return $"{text} has no colon; an alias is a name, a colon and values";
        }
        name = written.ToString().Trim(LogicalLines.Spaces);
        value = text[(at + 1)..].Trim(LogicalLines.Spaces);
        return name.Length == 0 ? "the alias has no name"
            : foreign ? $"{name} is no local name: aliases have no domain"
            : value.Length == 0 ? $"{name} has no values"
            : null;
    }
}
