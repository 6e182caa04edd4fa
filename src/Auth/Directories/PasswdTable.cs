using MailAccess.Auth.Passwords;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Directories;

/// <summary>All accounts of one reading of a passwd-file. Immutable.</summary>
internal sealed class PasswdTable
{
    /// <summary>A file that is no passwd-file at all must not fill the log.</summary>
    private const int ProblemsShownMax = 100;

    private readonly Dictionary<string, StoredAccount> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Account> _byAddress = new(StringComparer.Ordinal);
    private readonly PasswdFileOptions _options;
    private int _problems;

    private PasswdTable(PasswdFileOptions options) => _options = options;

    /// <summary>No account.</summary>
    public static PasswdTable Empty(PasswdFileOptions options) => new(options);

    public IReadOnlyList<Account> Accounts => [.. _byName.Values.Select(a => a.Account)];

    public bool AllServeSha256 { get; private set; } = true;

    public bool AllServeSha1 { get; private set; } = true;

    public static PasswdTable Parse(string content, PasswdFileOptions options, ILogger logger)
    {
        PasswdTable table = new(options);
        int number = 0;
        foreach (ReadOnlySpan<char> line in content.AsSpan().EnumerateLines())
        {
            number++;
            string text = line.ToString();
            if (PasswdLine.IsEntry(text))
            {
                table.Add(text, number, logger);
            }
        }
        if (table._problems > ProblemsShownMax)
        {
            Log.FurtherProblems(logger, options.Path, table._problems - ProblemsShownMax);
        }
        Log.Loaded(logger, options.Path, table._byName.Count);
        return table;
    }

    /// <summary>The account of a login name in lower case: as it stands, with a default domain added, or with one taken away.</summary>
    public StoredAccount? FindByLogin(string name)
    {
        if (_byName.TryGetValue(name, out StoredAccount? account))
        {
            return account;
        }
        int at = name.LastIndexOf('@');
        if (at >= 0)
        {
            bool isDefault = _options.DefaultDomains.Contains(name[(at + 1)..], StringComparer.OrdinalIgnoreCase);
            return isDefault ? _byName.GetValueOrDefault(name[..at]) : null;
        }
        foreach (string domain in _options.DefaultDomains)
        {
            if (_byName.TryGetValue($"{name}@{domain.ToLowerInvariant()}", out account))
            {
                return account;
            }
        }
        return null;
    }

    public Account? FindByAddress(string address) => _byAddress.GetValueOrDefault(address);

    private void Add(string text, int number, ILogger logger)
    {
        if (!PasswdLine.TryParse(text, _options.DefaultScheme, out PasswdLine? line, out string? problem))
        {
            Skip(logger, number, problem);
            return;
        }
        Account account = new()
        {
            Name = line.User,
            Addresses = AddressesOf(line),
            Home = line.Home,
            QuotaRules = line.QuotaRules,
            DisabledImapCapabilities = line.DisabledImapCapabilities,
        };
        if (!_byName.TryAdd(line.User, new StoredAccount(account, line.Credential)))
        {
            Skip(logger, number, $"{line.User} stands in the file already");
            return;
        }
        foreach (string address in account.Addresses)
        {
            if (!_byAddress.TryAdd(address, account) && ++_problems <= ProblemsShownMax)
            {
                Log.AddressTaken(logger, _options.Path, number, address, _byAddress[address].Name);
            }
        }
        if (line.LoginProblem is not null && ++_problems <= ProblemsShownMax)
        {
            Log.LoginDisabled(logger, _options.Path, number, line.User, line.LoginProblem);
        }
        if (line.Credential != StoredCredential.Disabled && line.Credential != StoredCredential.NoPassword)
        {
            bool isPlain = PasswordScheme.TryGetPlain(line.Credential, out _);
            AllServeSha256 &= isPlain || line.Credential.Scheme.Equals(SaslMechanisms.ScramSha256, StringComparison.OrdinalIgnoreCase);
            AllServeSha1 &= isPlain || line.Credential.Scheme.Equals(SaslMechanisms.ScramSha1, StringComparison.OrdinalIgnoreCase);
        }
    }

    private string[] AddressesOf(PasswdLine line) =>
        [.. AccountRow.AddressesOf(line.User, _options.DefaultDomains).Concat(line.Addresses).Distinct(StringComparer.Ordinal)];

    private void Skip(ILogger logger, int number, string problem)
    {
        if (++_problems <= ProblemsShownMax)
        {
            Log.LineSkipped(logger, _options.Path, number, problem);
        }
    }
}
