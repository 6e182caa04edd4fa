using System.Text;
using MailAccess.Auth;
using Microsoft.Extensions.Logging;

namespace MailAccess.Directories.Ldap;

/// <summary>Accounts of an LDAP directory (RFC 4511).</summary>
public sealed class LdapDirectory : IAccountDirectory, IDisposable
{
    /// <summary>Entries that may share an address before it is nobody's.</summary>
    private const int OwnersMax = 10;

    /// <summary>
    /// Answers to a bind that are the password's fault or the account's (RFC 4511 §A.2): constraintViolation (too many failures, with some directories),
    /// noSuchObject, invalidDNSyntax, inappropriateAuthentication (no password), invalidCredentials, insufficientAccessRights, unwillingToPerform (locked).
    /// All others are the directory's: busy, unavailable, confidentialityRequired, a referral.
    /// </summary>
    private static readonly int[] Refusals = [19, 32, 34, 48, 49, 50, 53];

    private readonly LdapOptions _options;
    private readonly LdapPool _lookups;
    private readonly LdapPool _binds;
    private readonly RowReader _rows;
    private readonly string[] _attributes;
    private readonly LdapTemplate? _userDn;
    private readonly LdapFilter _loginFilter;
    private readonly LdapFilter _addressFilter;
    private readonly LdapFilter _listFilter;

    /// <summary>Connects when it is first asked. Filters are ones without <see cref="LdapOptions.FindProblem"/>.</summary>
    public LdapDirectory(LdapOptions options, TimeProvider clock, ILogger log)
    {
        _options = options;
        _lookups = new LdapPool(options, isBound: true, clock);
        _binds = new LdapPool(options, isBound: false, clock);
        _rows = new RowReader("LDAP", options.DefaultDomains, log);
        string?[] wanted =
        [
            options.NameAttribute, .. options.AddressAttributes, options.QuotaAttribute, options.HomeAttribute,
            options.Passwords == LdapPasswords.Lookup ? options.PasswordAttribute : null,
        ];
        _attributes = [.. wanted.OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
        string addresses = string.Concat(options.AddressAttributes.Select(a => $"({a}=%u)"));
        string name = options.NameAttribute;
        _userDn = options.UserDn is { } dn ? LdapTemplate.TryParse(Encoding.UTF8.GetBytes(dn)) : null;
        _loginFilter = Parse(options.LoginFilter ?? (_userDn is null ? $"(|({name}=%u)({options.AddressAttributes.FirstOrDefault(name)}=%u))" : "(objectClass=*)"));
        _addressFilter = Parse(options.AddressFilter ?? $"(|{addresses}({name}=%u)({name}=%n))");
        _listFilter = Parse(options.ListFilter ?? $"({name}=*)");
    }

    /// <inheritdoc/>
    public IPasswordVerifier? Nobody => _options.Passwords == LdapPasswords.Bind
        ? new BindVerifier(this, $"{_options.NameAttribute}=mailaccess-nobody{(_options.Base.Length > 0 ? "," : "")}{_options.Base}") : null;

    /// <inheritdoc/>
    public async ValueTask<StoredAccount?> FindByLoginAsync(string loginName, CancellationToken cancellationToken)
    {
        if (loginName.Length == 0 || loginName.Any(char.IsControl))
        {
            return null; // No name of anybody; some directories would call it a mistake of ours.
        }
        LdapName name = NameOf(loginName);
        LdapSearch search = _userDn is { } dn
            ? new LdapSearch(dn.ExpandDn(name), IsRead: true, _loginFilter, name, _attributes, 2)
            : new LdapSearch(_options.Base, IsRead: false, _loginFilter, name, _attributes, 2);
        List<LdapEntry> found = await SearchAsync(search, cancellationToken);
        // Of two entries nobody can say whose password is meant.
        return found.Count > 1 ? throw new IOException("LDAP: the login filter finds more than one entry")
            : found is [{ } only] ? _rows.Read(RowOf(only)) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<Account?> FindByAddressAsync(string localPart, string domain, CancellationToken cancellationToken)
    {
        string address = $"{localPart}@{domain}".ToLowerInvariant();
        List<LdapEntry> found = await SearchAsync(new LdapSearch(_options.Base, IsRead: false, _addressFilter, NameOf(address), _attributes, OwnersMax), cancellationToken);
        Account[] owners = [.. found.Select(e => _rows.ReadOwner(RowOf(e), address)).OfType<Account>()];
        return owners.Length > 1 || found.Count >= OwnersMax ? throw new IOException($"LDAP: {address} belongs to more than one entry") : owners is [{ } owner] ? owner : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken)
    {
        List<LdapEntry> all = await SearchAsync(new LdapSearch(_options.Base, IsRead: false, _listFilter, default, _attributes, 0), cancellationToken);
        return [.. all.Select(e => _rows.Read(RowOf(e))).OfType<StoredAccount>().Select(a => a.Account)];
    }

    /// <summary>Connects, binds and looks for nobody in particular: what is wrong, or null.</summary>
    public async ValueTask<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        try
        {
            LdapSearch read = new(_options.Base, IsRead: true, Parse("(objectClass=*)"), default, ["1.1"], 1);
            if (_options.Base.Length > 0 && (await SearchAsync(read, cancellationToken)).Count == 0)
            {
                return $"base: there is no {_options.Base}, or {_options.BindDn ?? "nobody in particular"} may not see it";
            }
            await FindByLoginAsync("mailaccess-nobody", cancellationToken);
            return null;
        }
        catch (IOException problem)
        {
            return problem.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lookups.Dispose();
        _binds.Dispose();
    }

    private static LdapFilter Parse(string filter) =>
        LdapFilter.TryParse(filter, out LdapFilter? parsed, out string? problem) ? parsed : throw new ArgumentException(problem, nameof(filter));

    private LdapName NameOf(string name) => LdapName.Of(name.ToLowerInvariant(), _options.DefaultDomains is [string first, ..] ? first : "");

    private Task<List<LdapEntry>> SearchAsync(LdapSearch search, CancellationToken cancellationToken) =>
        _lookups.RunAsync((client, stop) => client.SearchAsync(search, _options.Timeout, stop), cancellationToken);

    private AccountRow RowOf(LdapEntry entry) => new()
    {
        Name = entry.Texts(_options.NameAttribute).FirstOrDefault() ?? "",
        Addresses = [.. _options.AddressAttributes.SelectMany(entry.Texts).Select(a => a.StartsWith("smtp:", StringComparison.OrdinalIgnoreCase) ? a[5..] : a)],
        Password = _options.Passwords == LdapPasswords.Lookup ? PasswordOf(entry) : null,
        Verifier = _options.Passwords == LdapPasswords.Bind && entry.Dn.Length > 0 ? new BindVerifier(this, entry.Dn) : null,
        Quota = [.. entry.Texts(_options.QuotaAttribute)],
        Home = entry.Texts(_options.HomeAttribute).FirstOrDefault(),
    };

    /// <summary>An entry may have several (RFC 4519 §2.41): the first one counts.</summary>
    private string? PasswordOf(LdapEntry entry) => entry.Texts(_options.PasswordAttribute).FirstOrDefault(p => p.Length > 0);

    /// <summary>A bind as the user, on connections where nothing else is asked.</summary>
    private sealed class BindVerifier(LdapDirectory directory, string dn) : IPasswordVerifier
    {
        public async ValueTask<bool> VerifyAsync(ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
        {
            LdapResult result = await directory._binds.RunAsync((client, stop) => client.BindAsync(dn, password, stop), cancellationToken);
            return result.Code == 0 || (Array.IndexOf(Refusals, result.Code) >= 0 ? false : throw new LdapResultException("bind as a user", result.Code, result.Message));
        }
    }
}
