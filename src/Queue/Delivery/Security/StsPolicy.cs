using System.Globalization;
using System.Text;

namespace MailAccess.Queue;

/// <summary>What a sender does where a policy is not met. RFC 8461 §5.</summary>
public enum StsMode
{
    /// <summary>There is no policy.</summary>
    None,
    /// <summary>It is only reported.</summary>
    Testing,
    /// <summary>The host gets no mail.</summary>
    Enforce,
}

/// <summary>An MTA-STS policy, as its domain publishes it. RFC 8461 §3.2.</summary>
/// <param name="Mode">What it demands.</param>
/// <param name="MxPatterns">Names of mail exchangers, <c>*.</c> in front standing for one label.</param>
/// <param name="MaxAge">How long it may be believed after it was fetched.</param>
public sealed record StsPolicy(StsMode Mode, IReadOnlyList<string> MxPatterns, TimeSpan MaxAge)
{
    /// <summary>"maximum value of 31557600", a year.</summary>
    private const long MaxAgeSecondsMax = 31_557_600;

    /// <summary>Patterns that are kept; a policy with more is none of a mail domain.</summary>
    private const int PatternsMax = 500;

    /// <summary>Whether a mail exchanger is one of the policy's. RFC 8461 §4.1.</summary>
    public bool Allows(string host) => MxPatterns.Any(p => CertificateNames.Matches(p, host));

    /// <summary>The policy's lines, as reports show them. RFC 8460 §4.5.</summary>
    public IReadOnlyList<string> ToLines() =>
    [
        "version: STSv1", $"mode: {NameOf(Mode)}", .. MxPatterns.Select(p => $"mx: {p}"),
        string.Create(CultureInfo.InvariantCulture, $"max_age: {(long)MaxAge.TotalSeconds}"),
    ];

    /// <summary>sts-policy-record — RFC 8461 §3.2. Unknown keys are passed over; of keys that may come once the first counts.</summary>
    public static bool TryParse(string text, out StsPolicy? policy)
    {
        policy = null;
        Dictionary<string, string> single = [];
        List<string> patterns = [];
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.TrimEnd('\r', ' ', '\t');
            if (line.Length == 0)
            {
                continue;
            }
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !IsFieldName(line.AsSpan(0, colon)))
            {
                return false;
            }
            string value = line[(colon + 1)..].Trim(' ', '\t');
            if (line[..colon] != "mx")
            {
                single.TryAdd(line[..colon], value);
            }
            else if (!IsPattern(value) || patterns.Count == PatternsMax)
            {
                return false;
            }
            else
            {
                patterns.Add(value.TrimEnd('.').ToLowerInvariant());
            }
        }
        if (single.GetValueOrDefault("version") != "STSv1" || !TryParseMode(single.GetValueOrDefault("mode"), out StsMode mode)
            || single.GetValueOrDefault("max_age") is not { Length: > 0 and <= 10 } age
            || !long.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || (patterns.Count == 0 && mode != StsMode.None))
        {
            return false;
        }
        policy = new StsPolicy(mode, patterns, TimeSpan.FromSeconds(Math.Min(seconds, MaxAgeSecondsMax)));
        return true;
    }

    /// <summary>The id of a domain's policy: sts-text-record — RFC 8461 §3.1. Null where the records say that there is none.</summary>
    public static string? FindId(IEnumerable<string> textRecords)
    {
        // "v=STSv1;" begins it, blanks may stand before the semicolon.
        string[][] records = [.. textRecords.Select(r => r.Split(';')).Where(f => f.Length > 1 && f[0].TrimEnd(' ', '\t') == "v=STSv1")];
        if (records.Length != 1)
        {
            return null;
        }
        string[] fields = [.. records[0].Skip(1).Select(f => f.Trim(' ', '\t'))];
        if (fields[..^1].Any(f => f.Length == 0) || fields.Any(f => f.Length > 0 && !f.Contains('=', StringComparison.Ordinal)))
        {
            return null;
        }
        string? id = fields.FirstOrDefault(f => f.StartsWith("id=", StringComparison.Ordinal))?[3..];
        return id is { Length: > 0 and <= 32 } && id.All(char.IsAsciiLetterOrDigit) ? id : null;
    }

    internal static string NameOf(StsMode mode) => mode switch
    {
        StsMode.Enforce => "enforce",
        StsMode.Testing => "testing",
        _ => "none",
    };

    private static bool TryParseMode(string? text, out StsMode mode)
    {
        mode = text == "enforce" ? StsMode.Enforce : text == "testing" ? StsMode.Testing : StsMode.None;
        return text is "enforce" or "testing" or "none";
    }

    private static bool IsFieldName(ReadOnlySpan<char> name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))
            {
                return false;
            }
        }
        return name.Length <= 32 && char.IsAsciiLetterOrDigit(name[0]);
    }

    // ["*."] Domain
    private static bool IsPattern(string pattern)
    {
        string name = pattern.StartsWith("*.", StringComparison.Ordinal) ? pattern[2..] : pattern;
        return name.Length is > 0 and <= 255 && !name.Contains("..", StringComparison.Ordinal) && name[0] is not ('.' or '-')
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    }
}
