using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailAccess.Testing;

/// <summary>The small language inside transcript lines: <c>…</c>, <c>{name}</c>, <c>{=text}</c> and escapes.</summary>
internal static partial class TranscriptPatterns
{
    /// <summary>
    /// Matches a server line: <c>…</c> is any run of characters, <c>{name}</c> binds digits and letters on first sight
    /// and must be the same later.
    /// </summary>
    public static bool Matches(string pattern, string line, Dictionary<string, string> bindings)
    {
        StringBuilder expression = new("^");
        List<string> fresh = [];
        int at = 0;
        foreach (Match token in Token().Matches(pattern))
        {
            expression.Append(Regex.Escape(pattern[at..token.Index]));
            at = token.Index + token.Length;
            string name = token.Groups["name"].Value;
            if (name.Length == 0)
            {
                expression.Append(token.Groups["base64"].Success ? Regex.Escape(ToBase64(token.Groups["base64"].Value)) : ".*?");
            }
            else if (bindings.TryGetValue(name, out string? value))
            {
                expression.Append(Regex.Escape(value));
            }
            else if (fresh.Contains(name))
            {
                expression.Append(CultureInfo.InvariantCulture, $@"\k<{name}>");
            }
            else
            {
                fresh.Add(name);
                expression.Append(CultureInfo.InvariantCulture, $"(?<{name}>[^ \"()\\[\\]<>\\r\\n]+)");
            }
        }
        expression.Append(Regex.Escape(pattern[at..])).Append('$');
        Match match = Regex.Match(line, expression.ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant);
        if (match.Success)
        {
            foreach (string name in fresh)
            {
                bindings[name] = match.Groups[name].Value;
            }
        }
        return match.Success;
    }

    /// <summary>Fills in a client line: bound names and <c>{=text}</c>, the base64 of a text with escapes.</summary>
    public static string Fill(string text, Dictionary<string, string> bindings) =>
        Token().Replace(text, token =>
            token.Groups["base64"].Success ? ToBase64(token.Groups["base64"].Value)
            : bindings.TryGetValue(token.Groups["name"].Value, out string? value) ? value
            : token.Value);

    /// <summary>The octets of a text with the escapes <c>\r \n \t \0 \\ \xHH</c>; everything else is UTF-8.</summary>
    public static byte[] Unescape(string text)
    {
        using MemoryStream octets = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                int length = char.IsHighSurrogate(text[i]) ? 2 : 1;
                octets.Write(Encoding.UTF8.GetBytes(text.Substring(i, length)));
                i += length - 1;
                continue;
            }
            char escape = text[++i];
            if (escape == 'x')
            {
                octets.WriteByte(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
                continue;
            }
            octets.WriteByte(escape switch { 'r' => 13, 'n' => 10, 't' => 9, '0' => 0, _ => (byte)escape });
        }
        return octets.ToArray();
    }

    private static string ToBase64(string text) => Convert.ToBase64String(Unescape(text));

    [GeneratedRegex("…|\\{(?<name>[a-zA-Z][a-zA-Z0-9]*)\\}|\\{=(?<base64>[^}]*)\\}")]
    private static partial Regex Token();
}
