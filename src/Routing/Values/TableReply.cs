using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailAccess.Smtp;

namespace MailAccess.Routing;

/// <summary>
/// Refusals as tables write them: <c>nouser no such user here</c>, <c>5.1.1:550 no such user here</c>, <c>550 …</c> (Sendmail), <c>5.1.1 …</c>,
/// or words alone (Postfix).
/// </summary>
internal static partial class TableReply
{
    /// <summary>Sendmail's words, which are those of sysexits.h.</summary>
    private static readonly Dictionary<string, (int Code, EnhancedCode Enhanced, string Text)> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["usage"] = (500, new(5, 5, 2), "syntax error"),
        ["nouser"] = (550, new(5, 1, 1), "no such user here"),
        ["nohost"] = (550, new(5, 1, 2), "no such host"),
        ["unavailable"] = (554, new(5, 0, 0), "service unavailable"),
        ["noperm"] = (550, new(5, 7, 1), "not permitted"),
        ["permission"] = (550, new(5, 7, 1), "not permitted"),
        ["protocol"] = (554, new(5, 5, 0), "protocol error"),
        ["config"] = (554, new(5, 3, 5), "configuration error"),
        ["tempfail"] = (451, new(4, 0, 0), "try again later"),
    };

    private const string Prefix = "error:";

    /// <summary>A value that begins with <c>error:</c>.</summary>
    public static bool TryReadError(string value, [NotNullWhen(true)] out SmtpReply? reply)
    {
        bool isError = value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
        reply = isError ? Read(value[Prefix.Length..], isTemporary: false) : null;
        return isError;
    }

    /// <summary>What stands behind <c>error:</c> or <c>retry:</c>.</summary>
    public static SmtpReply Read(string text, bool isTemporary)
    {
        string rest = text.Trim();
        if (rest.StartsWith('"') && TableTemplate.Unquote(rest) is { } inner)
        {
            rest = inner;
        }
        int cut = rest.AsSpan().IndexOfAny(' ', '\t');
        string first = cut < 0 ? rest : rest[..cut];
        string others = cut < 0 ? "" : rest[cut..].Trim();
        if (!isTemporary && Words.TryGetValue(first, out (int Code, EnhancedCode Enhanced, string Text) word))
        {
            return new SmtpReply(word.Code, word.Enhanced, Clean(others, word.Text));
        }
        Match match = Codes().Match(rest);
        int? code = match.Groups["code"].Success ? int.Parse(match.Groups["code"].Value, CultureInfo.InvariantCulture) : null;
        EnhancedCode? enhanced = ReadEnhanced(match);
        int kind = isTemporary || code is >= 400 and < 500 || (code is null && enhanced?.Class == 4) ? 4 : 5;
        return new SmtpReply(
            code is { } given && given / 100 == kind ? given : kind == 4 ? 451 : 550,
            enhanced is { } known ? known with { Class = kind } : new EnhancedCode(kind, 0, 0),
            Clean(rest[match.Length..], kind == 4 ? "try again later" : "mail is not delivered to this address"));
    }

    private static EnhancedCode? ReadEnhanced(Match match)
    {
        string dotted = match.Groups["first"].Success ? match.Groups["first"].Value : match.Groups["second"].Value;
        if (dotted.Length == 0)
        {
            return null;
        }
        int[] numbers = [.. dotted.Split('.').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        return new EnhancedCode(numbers[0], numbers[1], numbers[2]);
    }

    // Only what every client can read, and never a line end.
    private static string Clean(string text, string otherwise)
    {
        StringBuilder clean = new();
        foreach (char c in text.Trim())
        {
            clean.Append(c is >= ' ' and < (char)127 ? c : '?');
        }
        return clean.Length > 0 ? clean.ToString() : otherwise;
    }

    // 5.1.1:550 text, 5.1.1 text, 550 5.1.1 text, 550 text, text
    [GeneratedRegex(@"^(?:(?<first>[45]\.\d{1,3}\.\d{1,3})(?:\s*:\s*(?<code>[45]\d\d))?|(?<code>[45]\d\d)(?:[ -]+(?<second>[45]\.\d{1,3}\.\d{1,3}))?)?(?=\s|$)")]
    private static partial Regex Codes();
}
