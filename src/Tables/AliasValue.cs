using System.Text;
using MailAccess.Tables.Text;

namespace MailAccess.Tables;

/// <summary>What a member of an alias is.</summary>
public enum AliasMemberKind
{
    /// <summary>An address or a local name.</summary>
    Address,
    /// <summary><c>/file/name</c>, <c>/folder/</c>.</summary>
    File,
    /// <summary><c>|command</c>.</summary>
    Command,
    /// <summary><c>:include:/file</c>: members stand in that file.</summary>
    Include,
}

/// <summary>One member of an alias.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The address as RFC 5321 writes it, quotes of its local part included; a path; or a command line without the bar.</param>
/// <param name="IsFinal">Written with a backslash before it: the name is not looked up as an alias again.</param>
/// <param name="Line">In a file: on which line it stands, from 1; else 0.</param>
public readonly record struct AliasMember(AliasMemberKind Kind, string Text, bool IsFinal = false, int Line = 0);

/// <summary>
/// The right-hand side of an alias, the lines of a <c>.forward</c> and of an <c>:include:</c> file: aliases(5) of Sendmail and Postfix. Members are separated by
/// commas; double quotes protect commas and white space; of an address, comments in parentheses and a name before angle brackets are left out.
/// </summary>
public static class AliasValue
{
    private const string Include = ":include:";

    /// <summary>Takes one right-hand side apart.</summary>
    /// <param name="value">As <see cref="ILookUpTable.FindAsync"/> returned it.</param>
    /// <param name="members">In the order of the text; empty where there is an error.</param>
    /// <param name="error">What is wrong with it; null: nothing.</param>
    /// <param name="membersMax">Behind so many the text is not read.</param>
    public static bool TrySplit(string value, out IReadOnlyList<AliasMember> members, out string? error, int membersMax = int.MaxValue)
    {
        List<AliasMember> found = [];
        error = Split(value, 0, found, membersMax);
        members = error is null ? found : [];
        return error is null;
    }

    /// <summary>Takes a <c>.forward</c> or an <c>:include:</c> file apart: each line is a list; lines that begin with <c>#</c> are comments.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="members">In the order of the text; empty where there is an error.</param>
    /// <param name="error">What is wrong with it, and the line; null: nothing.</param>
    /// <param name="membersMax">Behind so many the file is not read.</param>
    public static bool TrySplitFile(string text, out IReadOnlyList<AliasMember> members, out string? error, int membersMax = int.MaxValue)
    {
        List<AliasMember> found = [];
        (members, error) = (found, null);
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> trimmed = line.Trim(LogicalLines.Spaces);
            if (trimmed.IsEmpty || trimmed[0] == '#')
            {
                continue;
            }
            if (found.Count >= membersMax)
            {
                break;
            }
            if (Split(trimmed.ToString(), number, found, membersMax) is { } problem)
            {
                (members, error) = ([], $"line {number}: {problem}");
                return false;
            }
        }
        return true;
    }

    private static string? Split(string value, int line, List<AliasMember> members, int membersMax)
    {
        for (int at = 0; at < value.Length && members.Count < membersMax; at++)
        {
            int end = FindEnd(value, at);
            if (end < 0)
            {
                return "a double quote, parenthesis or angle bracket is not closed";
            }
            string item = value[at..end].Trim(LogicalLines.Spaces);
            if (item.Length > 0 && Member(item) is { Text.Length: > 0 } member)
            {
                members.Add(member with { Line = line });
            }
            else if (item.Length > 0)
            {
                return $"{item} names nothing";
            }
            at = end;
        }
        return null;
    }

    /// <summary>The comma that ends the member, or the end; -1: something is open there.</summary>
    private static int FindEnd(string value, int start)
    {
        while (start < value.Length && (LogicalLines.IsSpace(value[start])))
        {
            start++;
        }
        bool isCommand = start < value.Length && value[start] == '|';
        bool quoted = false;
        bool angled = false;
        int comments = 0;
        int at = start;
        for (; at < value.Length; at++)
        {
            char c = value[at];
            if (c == '\\')
            {
                at++;
            }
            else if (c == '"' && comments == 0)
            {
                quoted = !quoted;
            }
            else if (!quoted && !isCommand && c is '(' or ')')
            {
                comments = Math.Max(0, comments + (c == '(' ? 1 : -1));
            }
            else if (!quoted && !isCommand && comments == 0 && c is '<' or '>')
            {
                angled = c == '<';
            }
            else if (c == ',' && !quoted && !angled && comments == 0)
            {
                break;
            }
        }
        return quoted || angled || comments > 0 ? -1 : Math.Min(at, value.Length);
    }

    private static AliasMember Member(string item)
    {
        string text = Unquote(item);
        if (text[..Math.Min(1, text.Length)] == "|")
        {
            return new AliasMember(AliasMemberKind.Command, Unquote(text[1..].Trim(LogicalLines.Spaces)));
        }
        if (text.StartsWith('/'))
        {
            return new AliasMember(AliasMemberKind.File, text);
        }
        if (text.StartsWith(Include, StringComparison.OrdinalIgnoreCase))
        {
            return new AliasMember(AliasMemberKind.Include, Unquote(text[Include.Length..].Trim(LogicalLines.Spaces)));
        }
        bool isFinal = item.StartsWith('\\') || text.StartsWith('\\');
        return new AliasMember(AliasMemberKind.Address, Address(isFinal ? text.TrimStart('\\') : item), isFinal);
    }

    /// <summary>The text between double quotes, where they are around all of it.</summary>
    private static string Unquote(string item)
    {
        if (item.Length < 2 || item[0] != '"' || item[^1] != '"')
        {
            return item;
        }
        StringBuilder text = new();
        for (int at = 1; at < item.Length - 1; at++)
        {
            if (item[at] == '"')
            {
                return item; // It ends before the end: "a" and "b".
            }
            at += item[at] == '\\' && at + 1 < item.Length - 1 ? 1 : 0;
            text.Append(item[at]);
        }
        return text.ToString();
    }

    private static string Address(string item)
    {
        StringBuilder plain = new();
        bool quoted = false;
        int comments = 0;
        for (int at = 0; at < item.Length; at++)
        {
            char c = item[at];
            bool isEscape = c == '\\' && at + 1 < item.Length;
            if (isEscape && comments == 0)
            {
                plain.Append(c).Append(item[++at]);
            }
            else if (isEscape)
            {
                at++;
            }
            else if (!quoted && c is '(' or ')')
            {
                comments = Math.Max(0, comments + (c == '(' ? 1 : -1));
            }
            else if (comments == 0)
            {
                quoted ^= c == '"';
                if (c == '<' && !quoted)
                {
                    plain.Clear(); // What is before it is a name.
                }
                else if (c == '>' && !quoted)
                {
                    break;
                }
                else
                {
                    plain.Append(c);
                }
            }
        }
        return plain.ToString().Trim(LogicalLines.Spaces);
    }
}
