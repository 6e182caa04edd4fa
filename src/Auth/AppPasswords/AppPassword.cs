using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.AppPasswords;

/// <summary>
/// A further password of an account, made by us for one program or device. What is kept of it is a hash.
/// </summary>
/// <remarks>
/// <para>The password is 20 letters and digits of 32 (Crockford's, without those that look alike) in groups of five: 100 random bits. Nobody can go
/// through these, so what is kept is one salted SHA-256, <c>{SSHA256}</c>: what makes a hash slow protects passwords that people
/// thought up, and here would only cost time at each login.</para>
/// A line of the file: account, name, protocols (<c>*</c>: all), when it was made, when it ends (<c>never</c>), an id that no other has, and the
/// credential, with tabs between. Of a line that is cut off no password fits.
/// </remarks>
public sealed record AppPassword
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Groups = 4;
    private const int GroupLength = 5;
    private const int SaltOctets = 16;
    private const int IdOctets = 8;
    private const int Fields = 7;
    private const int NameLengthMax = 64;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string Never = "never";
    private const string EveryProtocol = "*";

    /// <summary>Protocols that an app password may be restricted to, as <see cref="AuthenticationContext.Protocol"/> has them.</summary>
    public static IReadOnlyList<string> KnownProtocols { get; } = ["imap", "pop3", "submission"];

    /// <summary>The canonical account name, of whatever source.</summary>
    public required string Account { get; init; }

    /// <summary>What the account's owner calls it; unique in the account, without case.</summary>
    public required string Name { get; init; }

    /// <summary>Where it may be used; empty: everywhere.</summary>
    public required IReadOnlyList<string> Protocols { get; init; }

    /// <summary>When it was made, UTC, in whole seconds.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The first moment at which it fits no more; null: it does not end.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Tells it from an earlier one of the same name.</summary>
    internal string Id { get; init; } = "";

    internal StoredCredential Credential { get; init; } = StoredCredential.NoPassword;

    /// <summary>Why an account or app password cannot have this name, or null. It stands in log lines, so it holds nothing that could end a field.</summary>
    public static string? FindNameProblem(string name) =>
        name.Length is 0 or > NameLengthMax || name != name.Trim() ? $"the name of an app password has 1 to {NameLengthMax} characters and no blanks around them"
        : name.All(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_' or '.' or ',' or '+' or '(' or ')' or '\'' or '&' or '@' or ':') ? null
        : $"the name of an app password holds letters, digits, blanks and - _ . , + ( ) ' & @ : and nothing else";

    /// <summary>Makes an app password, and the password that goes with it, which is kept nowhere.</summary>
    internal static AppPassword Create(
        string account, string name, IReadOnlyList<string> protocols, DateTimeOffset now, DateTimeOffset? expires, out string password)
    {
        password = string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
        byte[] salt = RandomNumberGenerator.GetBytes(SaltOctets);
        byte[] digest = SHA256.HashData([.. Encoding.ASCII.GetBytes(password), .. salt]);
        return new AppPassword
        {
            Account = account,
            Name = name,
            Protocols = protocols,
            Created = now,
            Expires = expires,
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdOctets)),
            Credential = new StoredCredential("SSHA256", Convert.ToBase64String([.. digest, .. salt])),
        };
    }

    /// <summary>Whether octets have the form of our passwords: others need not be hashed.</summary>
    internal static bool IsPossible(ReadOnlySpan<byte> password)
    {
        if (password.Length != (Groups * (GroupLength + 1)) - 1)
        {
            return false;
        }
        for (int i = 0; i < password.Length; i++)
        {
            bool isBetweenGroups = i % (GroupLength + 1) == GroupLength;
            if (isBetweenGroups ? password[i] != '-' : !Alphabet.Contains((char)password[i], StringComparison.Ordinal))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether the password is this one; says nothing of where and until when it counts.</summary>
    internal bool Matches(ReadOnlySpan<byte> password) => PasswordScheme.Matches(Credential, password);

    /// <summary>Why it does not count there and then, in a word for the log; null: it does.</summary>
    internal string? FindProblem(string protocol, DateTimeOffset now) =>
        now >= Expires ? "Expired" : Protocols.Count > 0 && !Protocols.Contains(protocol) ? "OtherProtocol" : null;

    /// <summary>The account of a line, whatever the rest is; null for comments and empty lines.</summary>
    internal static string? AccountOf(string line) =>
        Directories.PasswdLine.IsEntry(line) && line.IndexOf('\t', StringComparison.Ordinal) is > 0 and int tab ? line[..tab] : null;

    /// <summary>The line, without its end.</summary>
    internal string Format() => string.Join(
        '\t', Account, Name, Protocols.Count > 0 ? string.Join(',', Protocols) : EveryProtocol, FormatTime(Created),
        Expires is { } end ? FormatTime(end) : Never, Id, Credential.Format());

    /// <summary>False for a line that is not as <see cref="Format"/> makes it, with what is wrong.</summary>
    internal static bool TryParse(string line, [NotNullWhen(true)] out AppPassword? password, [NotNullWhen(false)] out string? problem)
    {
        password = null;
        string[] fields = line.Split('\t');
        if (fields.Length != Fields)
        {
            problem = $"not {Fields} fields with tabs between";
            return false;
        }
        DateTimeOffset end = default;
        string[] protocols = fields[2] == EveryProtocol ? [] : fields[2].Split(',');
        problem = FindNameProblem(fields[1])
            ?? (protocols.All(KnownProtocols.Contains) ? null : $"\"{fields[2]}\" are no protocols")
            ?? (TryParseTime(fields[3], out DateTimeOffset created) && (fields[4] == Never || TryParseTime(fields[4], out end)) ? null : "no time in UTC")
            ?? (fields[5].Length > 0 ? null : "no id")
            ?? (StoredCredential.TryParse(fields[6], "", out StoredCredential? credential) ? PasswordScheme.FindProblem(credential) : "no credential");
        if (problem is not null)
        {
            return false;
        }
        _ = TryParseTime(fields[3], out created);
        _ = StoredCredential.TryParse(fields[6], "", out credential);
        password = new AppPassword
        {
            Account = fields[0],
            Name = fields[1],
            Protocols = protocols,
            Created = created,
            Expires = fields[4] == Never ? null : end,
            Id = fields[5],
            Credential = credential!,
        };
        return true;
    }

    internal static string FormatTime(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    internal static bool TryParseTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
