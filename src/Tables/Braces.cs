using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary>Postfix's lists in braces.</summary>
internal static class Braces
{
    /// <summary>The content of <c>{ … }</c> without the white space around it, where that is the whole text.</summary>
    public static bool TryUnwrap(string text, out string content)
    {
        content = "";
        string trimmed = text.Trim(LogicalLines.Spaces);
        if (trimmed.Length < 2 || trimmed[0] != '{' || FindClosing(trimmed, 0) != trimmed.Length - 1)
        {
            return false;
        }
        content = trimmed[1..^1].Trim(LogicalLines.Spaces);
        return true;
    }

    /// <summary>Items between commas and white space, those in braces left whole.</summary>
    public static List<string> Split(string text)
    {
        List<string> items = [];
        for (int at = 0; at < text.Length;)
        {
            if (IsSeparator(text[at]))
            {
                at++;
                continue;
            }
            int end = at;
            for (; end < text.Length && !IsSeparator(text[end]); end++)
            {
                if (text[end] == '{' && FindClosing(text, end) is int closing and >= 0)
                {
                    end = closing;
                }
            }
            end = Math.Min(end, text.Length);
            items.Add(text[at..end]);
            at = end;
        }
        return items;
    }

    private static bool IsSeparator(char c) => c == ',' || LogicalLines.IsSpace(c);

    private static int FindClosing(string text, int opening)
    {
        int depth = 0;
        for (int at = opening; at < text.Length; at++)
        {
            depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return at;
            }
        }
        return -1;
    }
}
