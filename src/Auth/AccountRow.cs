using System.Diagnostics.CodeAnalysis;
using MailAccess.Auth.Directories;

namespace MailAccess.Auth;

/// <summary>What a source outside says of an account, before it is believed.</summary>
public sealed record AccountRow
{
    /// <summary>Compared in lower case.</summary>
    public required string Name { get; init; }

    /// <summary>Addresses that the account owns, the first one its main address. None: those of its name, as in a passwd-file.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>As the password field of a passwd-file; null or empty: nobody logs in. Does not count beside a <see cref="Verifier"/>.</summary>
    public string? Password { get; init; }

    /// <summary>Scheme of a <see cref="Password"/> without <c>{SCHEME}</c>.</summary>
    public string DefaultScheme { get; init; } = "PLAIN";

    /// <summary>Checks passwords in place of <see cref="Password"/>.</summary>
    public IPasswordVerifier? Verifier { get; init; }

    /// <summary>False: the account has mail, but nobody logs in.</summary>
    public bool MayLogIn { get; init; } = true;

    /// <summary>Rules in Dovecot's notation, or a number of octets.</summary>
    public IReadOnlyList<string> Quota { get; init; } = [];

    /// <summary>Home folder; null or empty: none.</summary>
    public string? Home { get; init; }

    /// <summary>IMAP capabilities that are switched off for this account.</summary>
    public IReadOnlyList<string> DisabledImapCapabilities { get; init; } = [];

    /// <summary>
    /// The account; false with the reason where there can be none. <paramref name="problem"/> may also say what of it cannot be used.
    /// </summary>
    public bool TryRead(IReadOnlyList<string> defaultDomains, [NotNullWhen(true)] out StoredAccount? account, out string? problem)
    {
        account = null;
        string name = Name.ToLowerInvariant();
        problem = PasswdLine.FindNameProblem(name);
        if (problem is not null)
        {
            return false;
        }
        string[] addresses = [.. Addresses.Select(a => a.ToLowerInvariant()).Where(PasswdLine.IsAddress).Distinct(StringComparer.Ordinal)];
        if (Addresses.Count > 0 && addresses.Length == 0)
        {
            problem = "none of its addresses is local@domain";
            return false;
        }
        StoredCredential credential =
            !MayLogIn ? StoredCredential.Disabled
            : Verifier is not null ? StoredCredential.NoPassword
            : PasswdLine.ReadPassword(Password ?? "", DefaultScheme, out problem);
        account = new StoredAccount(
            new Account
            {
                Name = name,
                Addresses = addresses.Length > 0 ? addresses : AddressesOf(name, defaultDomains),
                QuotaRules = [.. Quota.Where(q => q.Length > 0).Select(q => q.All(char.IsAsciiDigit) ? $"*:bytes={q}" : q)],
                Home = string.IsNullOrEmpty(Home) ? null : Home,
                DisabledImapCapabilities = DisabledImapCapabilities,
            },
            credential)
        {
            Verifier = Verifier,
        };
        return true;
    }

    /// <summary>The addresses of a name for which none are given: itself, or one in each default domain. In lower case.</summary>
    public static string[] AddressesOf(string name, IReadOnlyList<string> defaultDomains) =>
        name.Contains('@', StringComparison.Ordinal) ? [name] : [.. defaultDomains.Select(d => $"{name}@{d.ToLowerInvariant()}")];
}
