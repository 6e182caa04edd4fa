namespace MailAccess.Tables.Text;

/// <summary>
/// Key, white space, value: postmap(1), makemap(8). White space in double quotes belongs to the key, which keeps its quotes, so that
/// <c>"john doe"@example.org</c> is found by that name; a backslash takes the next character as it is.
/// </summary>
internal static class MapText
{
    public static TextEntries? Parse(byte[] octets, TableReport report)
    {
        TextEntries entries = new();
        LogicalLines lines = new(octets, report);
        while (lines.MoveNext())
        {
            string text = lines.Text;
            int end = FindKeyEnd(text);
            if (end < 0)
            {
                report.Fail(lines.Line, "a double quote is not closed");
                return null;
            }
            string value = text[end..].TrimStart(LogicalLines.Spaces);
            if (value.Length == 0)
            {
                // Without the text, which may be a password.
                report.Fail(lines.Line, "a key has no value; an entry is a key, white space and a value");
                return null;
            }
            if (text[end - 1] == ':' && end > 1)
            {
                report.Wonder(lines.Line, $"the key {text[..end]} ends in a colon: is this an alias file?");
            }
            entries.Add(text[..end], value, lines.Line, report);
        }
        return entries;
    }

    private static int FindKeyEnd(string text)
    {
        bool quoted = false;
        int at = 0;
        for (; at < text.Length && (quoted || !LogicalLines.IsSpace(text[at])); at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }
            else if (text[at] == '"')
            {
                quoted = !quoted;
            }
        }
        return quoted ? -1 : at;
    }
}
