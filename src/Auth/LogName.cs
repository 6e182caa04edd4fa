using System.Text;

namespace MailAccess.Auth;

/// <summary>Names that clients send, for log lines that other programs match.</summary>
public static class LogName
{
    private const int CharactersMax = 80;

    /// <summary>The name, bounded, and without anything that could end the field or the line: blanks, controls, <c>&lt;</c>, <c>&gt;</c>, <c>"</c>.</summary>
    public static string Show(string name)
    {
        StringBuilder shown = new();
        foreach (char c in name.Length <= CharactersMax ? name : name[..CharactersMax])
        {
            bool isSafe = char.IsAscii(c)
                ? c is > ' ' and < '\x7F' and not ('<' or '>' or '"')
                : char.IsLetterOrDigit(c) && !char.IsSurrogate(c);
            shown.Append(isSafe ? c : '?');
        }
        return name.Length <= CharactersMax ? shown.ToString() : shown.Append('…').ToString();
    }
}
