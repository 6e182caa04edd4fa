using System.Text;

namespace MailAccess.Auth;

/// <summary>Names that clients send, for log lines that other programs match.</summary>
public static class LogName
{
    private const int CharactersMax = 80;
    private const int TextCharactersMax = 250;

    /// <summary>The name, bounded, and without anything that could end the field or the line: blanks, controls, <c>&lt;</c>, <c>&gt;</c>, <c>"</c>.</summary>
    public static string Show(string name) => Show(name, CharactersMax, firstSafe: '!');

    /// <summary>The same for a text of several words, such as a reply: its blanks stay.</summary>
    public static string ShowText(string text) => Show(text, TextCharactersMax, firstSafe: ' ');

    private static string Show(string text, int charactersMax, char firstSafe)
    {
        StringBuilder shown = new();
        foreach (char c in text.Length <= charactersMax ? text : text[..charactersMax])
        {
            bool isSafe = char.IsAscii(c)
                ? c >= firstSafe && c < '\x7F' && c is not ('<' or '>' or '"')
                : char.IsLetterOrDigit(c) && !char.IsSurrogate(c);
            shown.Append(isSafe ? c : '?');
        }
        return text.Length <= charactersMax ? shown.ToString() : shown.Append('…').ToString();
    }
}
