using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Directories;

/// <summary>
/// One line of a passwd-file in Dovecot's syntax: <c>user:password:uid:gid:gecos:home:shell:extra fields</c>; fields may be missing
/// from the end, extra fields are separated by blanks.
/// </summary>
/// <remarks>
/// Of the extra fields we read <c>userdb_home=</c>, our own <c>addresses=a@x,b@y</c>, <c>userdb_quota_rule=</c> with
/// <c>userdb_quota_rule2=</c> and so on, our own <c>userdb_imap_disabled_capabilities=MOVE,IDLE</c>, and what restricts logging in: <c>nologin</c>, and
/// <c>allow_nets=</c>, which we cannot check and therefore treat as nologin. Others (<c>userdb_mail=</c>, …) are ignored.
/// </remarks>
internal sealed record PasswdLine
{
    private const int NameCharactersMax = 255;
    private const int PasswordField = 1;
    private const int HomeField = 5;
    private const int ExtraField = 7;
    private const string DisabledCapabilitiesField = "userdb_imap_disabled_capabilities";
    private const string QuotaRuleField = "userdb_quota_rule";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>In lower case.</summary>
    public required string User { get; init; }

    public required StoredCredential Credential { get; init; }

    /// <summary>Addresses given by the line itself, in lower case; empty where it gives none.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    public string? Home { get; init; }

    /// <summary>As they stand there.</summary>
    public IReadOnlyList<string> QuotaRules { get; init; } = [];

    /// <summary>As they stand there.</summary>
    public IReadOnlyList<string> DisabledImapCapabilities { get; init; } = [];

    /// <summary>Why the account cannot log in, or null.</summary>
    public string? LoginProblem { get; init; }

    /// <summary>
    /// A file's text: UTF-8 and nothing else (the framework's own readers would guess UTF-16 from a mark).
    /// Throws <see cref="DecoderFallbackException"/>.
    /// </summary>
    public static string Decode(ReadOnlySpan<byte> file) => StrictUtf8.GetString(file.StartsWith("\uFEFF"u8) ? file[3..] : file);

    /// <summary>Comments and empty lines are no lines of ours.</summary>
    public static bool IsEntry(string line) => line.Length > 0 && line[0] != '#' && !string.IsNullOrWhiteSpace(line);

    /// <summary>The user an entry is about, or null; also where the rest of the line is broken.</summary>
    public static string? UserOf(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        return !IsEntry(line) || colon < 1 ? null : line[..colon].ToLowerInvariant();
    }

    /// <summary>What is wrong with a user's name, or null.</summary>
    public static string? FindNameProblem(string name) => name switch
    {
        "" => "the user name is empty",
        { Length: > NameCharactersMax } => "the user name is longer than 255 characters",
        "." or ".." => "a user cannot be named by dots",
        _ when name[0] == '#' => "a user name cannot begin with #",
        _ when name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '/' or ':') =>
            "the user name holds a blank, a control character, a slash or a colon",
        _ when name.Contains('@', StringComparison.Ordinal) && !IsAddress(name) => "the user name is not local@domain",
        _ => null,
    };

    /// <summary>False with the reason where the line cannot be used at all.</summary>
    public static bool TryParse(
        string line, string defaultScheme, [NotNullWhen(true)] out PasswdLine? parsed, [NotNullWhen(false)] out string? problem)
    {
        parsed = null;
        string[] fields = line.Split(':', ExtraField + 1);
        string user = fields[0].ToLowerInvariant();
        problem = fields.Length < 2 ? "no colon behind the user name" : FindNameProblem(user);
        if (problem is not null)
        {
            return false;
        }
        Dictionary<string, string> extra = ParseExtra(fields.Length > ExtraField ? fields[ExtraField] : "");
        string[] addresses = extra.TryGetValue("addresses", out string? list)
            ? [.. list.ToLowerInvariant().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)] : [];
        problem = Array.Find(addresses, a => !IsAddress(a)) is { } broken ? $"addresses= holds {broken}, which is not local@domain" : null;
        if (problem is not null)
        {
            return false;
        }
        string? home = extra.GetValueOrDefault("userdb_home") ?? (fields.Length > HomeField ? fields[HomeField] : null);
        StoredCredential credential = ReadCredential(fields[PasswordField], defaultScheme, extra, out string? loginProblem);
        parsed = new PasswdLine
        {
            User = user,
            Credential = credential,
            Addresses = addresses,
            Home = string.IsNullOrEmpty(home) ? null : home,
            LoginProblem = loginProblem,
            QuotaRules = ReadQuotaRules(extra),
            DisabledImapCapabilities = extra.TryGetValue(DisabledCapabilitiesField, out string? off)
                ? off.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [],
        };
        return true;
    }

    /// <summary>The one without a number, then 2, 3, … as long as there are any.</summary>
    private static List<string> ReadQuotaRules(Dictionary<string, string> extra)
    {
        List<string> rules = [];
        for (int number = 1; extra.TryGetValue(number == 1 ? QuotaRuleField : $"{QuotaRuleField}{number}", out string? rule); number++)
        {
            rules.Add(rule);
        }
        return rules;
    }

    /// <summary>local@domain with both parts there, and nothing that separates.</summary>
    public static bool IsAddress(string text)
    {
        int at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is ',' or '<' or '>');
    }

    private static StoredCredential ReadCredential(
        string field, string defaultScheme, Dictionary<string, string> extra, out string? problem)
    {
        if (extra.TryGetValue("nologin", out string? nologin) && nologin is not ("n" or "no"))
        {
            problem = null; // As the administrator wants it: nothing to warn of.
            return StoredCredential.Disabled;
        }
        if (extra.ContainsKey("allow_nets"))
        {
            problem = "allow_nets= is not supported";
            return StoredCredential.Disabled;
        }
        return ReadPassword(field, defaultScheme, out problem);
    }

    /// <summary>What a password field says; where that cannot be used, a credential that nobody can log in with, and why.</summary>
    public static StoredCredential ReadPassword(string field, string defaultScheme, out string? problem)
    {
        if (field == "*")
        {
            problem = null;
            return StoredCredential.NoPassword;
        }
        if (field is "" or "!" or "!!" or "x")
        {
            problem = null; // Locked, as in passwd(5) and shadow(5). No password never means any password.
            return StoredCredential.Disabled;
        }
        if (!StoredCredential.TryParse(field, defaultScheme, out StoredCredential? credential))
        {
            problem = "the password's {SCHEME} is broken";
            return StoredCredential.Disabled;
        }
        problem = PasswordScheme.FindProblem(credential);
        return problem is null ? credential : StoredCredential.Disabled;
    }

    private static Dictionary<string, string> ParseExtra(string text)
    {
        Dictionary<string, string> extra = new(StringComparer.Ordinal);
        foreach (string field in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            extra[equals < 0 ? field : field[..equals]] = equals < 0 ? "" : field[(equals + 1)..];
        }
        return extra;
    }
}
