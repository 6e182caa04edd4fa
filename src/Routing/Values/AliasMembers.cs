using System.Text;
using MailAccess.Tables;

namespace MailAccess.Routing;

/// <summary>What a member of an alias is.</summary>
internal enum MemberKind
{
    /// <summary>An address, or a name of this machine.</summary>
    Address,
    /// <summary><c>\bob</c>: bob's mailbox, whatever his .forward says.</summary>
    Final,
    /// <summary><c>:include:/path</c></summary>
    List,
    /// <summary><c>/path</c></summary>
    File,
    /// <summary><c>|command</c></summary>
    Command,
    /// <summary><c>/dev/null</c></summary>
    Nothing,
}

/// <summary>One member.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">An address as written, a path, a command line.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record AliasMember(MemberKind Kind, string Text, TablePlace? Place);

/// <summary>
/// Reads the right-hand side of an alias or virtual alias, and the files of lists and forwards: members separated by commas, in files by lines too. A
/// member with commas or spaces in it is quoted: <c>"|/usr/bin/vacation bob"</c>. aliases(5) of Sendmail and Postfix.
/// </summary>
internal static class AliasMembers
{
    private const string ListMark = ":include:";

    /// <summary>The members of one value.</summary>
    public static List<AliasMember> Read(string value, TablePlace? place)
    {
        List<AliasMember> members = [];
        AddMembers(members, value, place);
        return members;
    }

    /// <summary>The members in a file: lines, of which those that begin with <c>#</c> say nothing.</summary>
    public static List<AliasMember> ReadFile(string content, string path)
    {
        List<AliasMember> members = [];
        int number = 0;
        foreach (string line in content.Split('\n'))
        {
            number++;
            if (!line.AsSpan().TrimStart().StartsWith("#"))
            {
                AddMembers(members, line.TrimEnd('\r'), new TablePlace(path, number));
            }
        }
        return members;
    }

    private static void AddMembers(List<AliasMember> members, string text, TablePlace? place)
    {
        foreach (string piece in Split(text, c => c == ','))
        {
            AddMember(members, piece, place);
        }
    }

    private static void AddMember(List<AliasMember> members, string piece, TablePlace? place)
    {
        string text = Unquote(piece) is { Length: > 0 } inner && IsSpecial(inner) ? inner : piece;
        if (text.StartsWith('|'))
        {
            string command = text[1..].Trim();
            members.Add(new AliasMember(MemberKind.Command, Unquote(command) ?? command, place));
        }
        else if (text.StartsWith(ListMark, StringComparison.OrdinalIgnoreCase))
        {
            string path = text[ListMark.Length..].Trim();
            members.Add(new AliasMember(MemberKind.List, Unquote(path) ?? path, place));
        }
        else if (text.StartsWith('/'))
        {
            members.Add(new AliasMember(text == "/dev/null" ? MemberKind.Nothing : MemberKind.File, text, place));
        }
        else
        {
            // "Robert <bob@example.org>" is one address, "bob alice" are two.
            int open = text.IndexOf('<', StringComparison.Ordinal);
            int close = text.LastIndexOf('>');
            IEnumerable<string> addresses = open >= 0 && close > open ? [text[(open + 1)..close].Trim()] : Split(text, char.IsWhiteSpace);
            members.AddRange(addresses.Select(a => a switch
            {
                "NULL" => new AliasMember(MemberKind.Nothing, a, place),
                ['\\', .. var name] => new AliasMember(MemberKind.Final, name, place),
                _ => new AliasMember(MemberKind.Address, a, place),
            }));
        }
    }

    private static bool IsSpecial(string text) => text[0] is '|' or '/' || text.StartsWith(ListMark, StringComparison.OrdinalIgnoreCase);

    /// <summary>The pieces between separators that stand outside of quotes, without comments in parentheses, trimmed; no empty ones.</summary>
    private static IEnumerable<string> Split(string text, Func<char, bool> isSeparator)
    {
        StringBuilder piece = new();
        bool isQuoted = false;
        int comments = 0;
        bool isCommand = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\' && i + 1 < text.Length && (isQuoted || comments > 0))
            {
                piece.Append(comments > 0 ? "" : text.Substring(i, 2));
                i++;
                continue;
            }
            isCommand |= c == '|' && piece.ToString().AsSpan().Trim().Length == 0;
            if (c == '"' && comments == 0)
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && !isCommand && c is '(' or ')')
            {
                comments = c == '(' ? comments + 1 : Math.Max(0, comments - 1);
                continue;
            }
            if (comments > 0)
            {
                continue;
            }
            if (!isQuoted && isSeparator(c))
            {
                if (piece.ToString().Trim() is { Length: > 0 } done)
                {
                    yield return done;
                }
                piece.Clear();
                isCommand = false;
                continue;
            }
            piece.Append(c);
        }
        if (piece.ToString().Trim() is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    /// <summary>The text inside of quotes that are around the whole piece; null where there are none.</summary>
    public static string? Unquote(string piece)
    {
        if (piece.Length < 2 || piece[0] != '"' || piece[^1] != '"')
        {
            return null;
        }
        StringBuilder inner = new();
        for (int i = 1; i < piece.Length - 1; i++)
        {
            if (piece[i] == '"')
            {
                return null;
            }
            if (piece[i] == '\\' && i + 1 < piece.Length - 1)
            {
                i++;
            }
            inner.Append(piece[i]);
        }
        return inner.ToString();
    }
}
