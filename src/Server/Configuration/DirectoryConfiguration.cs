using MailAccess.Directories.Ldap;
using MailAccess.Directories.Postgres;
using MailAccess.Directories.SystemUsers;
using MailAccess.Server.Hosting;

namespace MailAccess.Server.Configuration;

/// <summary>Where accounts come from, beside the passwd file itself.</summary>
/// <param name="Sources">In the order in which they are asked; at least one.</param>
/// <param name="CacheTime">How long names and addresses are remembered of sources outside.</param>
/// <param name="Ldap">Null where it is no source.</param>
/// <param name="PostgreSql">Null where it is no source.</param>
/// <param name="System">Null where it is no source.</param>
internal sealed record DirectoryConfiguration(IReadOnlyList<AccountSourceKind> Sources, TimeSpan CacheTime, LdapOptions? Ldap, PostgresOptions? PostgreSql, SystemUserOptions? System)
{
    private static readonly TimeSpan CacheTimeMax = TimeSpan.FromHours(1);

    /// <summary>The passwd file is one of them.</summary>
    public bool HasPasswdFile => Sources.Contains(AccountSourceKind.Passwd);

    /// <summary>The passwd file is the only one.</summary>
    public bool IsPasswdFileAlone => HasPasswdFile && Sources.Count == 1;

    public static DirectoryConfiguration From(ConfigurationView accounts, IReadOnlyList<string> domains, string file, List<ConfigurationError> errors)
    {
        IReadOnlyList<AccountSourceKind> sources = accounts.Get(DirectorySettings.Sources);
        if (sources.Count == 0 || sources.Distinct().Count() != sources.Count)
        {
            errors.Add(accounts.Error(file, DirectorySettings.Sources, "must name at least one source, each once"));
        }
        if (accounts.Get(DirectorySettings.CacheTime) > CacheTimeMax)
        {
            errors.Add(accounts.Error(file, DirectorySettings.CacheTime, "must be at most 1h"));
        }
        CheckAsked(DirectorySettings.Ldap, AccountSourceKind.Ldap);
        CheckAsked(DirectorySettings.PostgreSql, AccountSourceKind.PostgreSql);
        CheckAsked(DirectorySettings.System, AccountSourceKind.System);
        return new DirectoryConfiguration(
            sources, accounts.Get(DirectorySettings.CacheTime),
            sources.Contains(AccountSourceKind.Ldap) ? ReadLdap(accounts.Section(DirectorySettings.Ldap), domains, file, errors) : null,
            sources.Contains(AccountSourceKind.PostgreSql)
                ? ReadPostgreSql(accounts.Section(DirectorySettings.PostgreSql), accounts.Get(Settings.DefaultScheme), domains, file, errors) : null,
            sources.Contains(AccountSourceKind.System) ? ReadSystem(accounts.Section(DirectorySettings.System), domains, file, errors) : null);

        void CheckAsked(SectionSetting section, AccountSourceKind kind)
        {
            if (!sources.Contains(kind) && section.Members.Any(accounts.Section(section).Has))
            {
                errors.Add(accounts.Error(file, section, $"is not asked: \"{section.Key}\" is not in accounts.sources"));
            }
        }
    }

    private static LdapOptions ReadLdap(ConfigurationView ldap, IReadOnlyList<string> domains, string file, List<ConfigurationError> errors)
    {
        Uri?[] servers = [.. ldap.Get(DirectorySettings.LdapServers).Select(LdapOptions.ReadServer)];
        if (servers.Length == 0 || Array.Exists(servers, s => s is null))
        {
            errors.Add(ldap.Error(file, DirectorySettings.LdapServers, "must name at least one server, as \"ldap://host\" or \"ldaps://host\""));
        }
        if (ldap.Get(DirectorySettings.LdapBase) is null)
        {
            errors.Add(ldap.Error(file, DirectorySettings.LdapBase, "is missing: the entry below which accounts are"));
        }
        if (ldap.Get(DirectorySettings.LdapBindDn) is null != ldap.Get(DirectorySettings.LdapPasswordFile) is null)
        {
            errors.Add(ldap.Error(file, DirectorySettings.LdapBindDn, "bindDn and passwordFile go together"));
        }
        foreach (Setting<string?> filter in new[] { DirectorySettings.LdapLoginFilter, DirectorySettings.LdapAddressFilter, DirectorySettings.LdapListFilter })
        {
            Check(filter, LdapOptions.FindProblem);
        }
        Check(DirectorySettings.LdapUserDn, LdapOptions.FindDnProblem);
        CheckAttribute(DirectorySettings.LdapName, ldap.Get(DirectorySettings.LdapName));
        CheckAttribute(DirectorySettings.LdapPassword, ldap.Get(DirectorySettings.LdapPassword));
        CheckAttribute(DirectorySettings.LdapQuota, ldap.Get(DirectorySettings.LdapQuota));
        CheckAttribute(DirectorySettings.LdapHome, ldap.Get(DirectorySettings.LdapHome));
        foreach (string attribute in ldap.Get(DirectorySettings.LdapAddresses))
        {
            CheckAttribute(DirectorySettings.LdapAddresses, attribute);
        }
        return new LdapOptions
        {
            Servers = [.. servers.OfType<Uri>()],
            StartTls = ldap.Get(DirectorySettings.LdapStartTls),
            AuthorityFile = ldap.Get(DirectorySettings.LdapAuthorities) is { } authorities ? ldap.FullPath(authorities) : null,
            BindDn = ldap.Get(DirectorySettings.LdapBindDn),
            ReadPassword = PasswordOf(ldap, DirectorySettings.LdapPasswordFile, "accounts.ldap.passwordFile"),
            Base = ldap.Get(DirectorySettings.LdapBase) ?? "",
            UserDn = ldap.Get(DirectorySettings.LdapUserDn),
            LoginFilter = ldap.Get(DirectorySettings.LdapLoginFilter),
            AddressFilter = ldap.Get(DirectorySettings.LdapAddressFilter),
            ListFilter = ldap.Get(DirectorySettings.LdapListFilter),
            Passwords = ldap.Get(DirectorySettings.LdapPasswordsBy),
            NameAttribute = ldap.Get(DirectorySettings.LdapName),
            AddressAttributes = ldap.Get(DirectorySettings.LdapAddresses),
            PasswordAttribute = ldap.Get(DirectorySettings.LdapPassword),
            QuotaAttribute = ldap.Get(DirectorySettings.LdapQuota),
            HomeAttribute = ldap.Get(DirectorySettings.LdapHome),
            DefaultDomains = domains,
            ConnectionsMax = ldap.Get(DirectorySettings.LdapConnections),
            Timeout = ldap.Get(DirectorySettings.LdapTimeout),
        };

        void CheckAttribute(SettingDefinition setting, string? attribute)
        {
            if (attribute is not null && LdapOptions.FindProblem($"({attribute}=*)") is not null)
            {
                errors.Add(ldap.Error(file, setting, $"\"{attribute}\" is not the name of an attribute"));
            }
        }

        void Check(Setting<string?> setting, Func<string, string?> findProblem)
        {
            if (ldap.Get(setting) is { } text && findProblem(text) is { } problem)
            {
                errors.Add(ldap.Error(file, setting, $"\"{text}\": {problem}"));
            }
        }
    }

    private static PostgresOptions ReadPostgreSql(
        ConfigurationView database, string defaultScheme, IReadOnlyList<string> domains, string file, List<ConfigurationError> errors)
    {
        string connection = database.Get(DirectorySettings.Connection);
        if (PostgresOptions.FindProblem(connection) is { } problem)
        {
            errors.Add(database.Error(file, DirectorySettings.Connection, problem));
        }
        PostgresOptions standard = new() { ConnectionString = connection };
        return standard with
        {
            ReadPassword = PasswordOf(database, DirectorySettings.DatabasePasswordFile, "accounts.postgresql.passwordFile"),
            LoginQuery = database.Get(DirectorySettings.LoginQuery) ?? standard.LoginQuery,
            AddressQuery = database.Get(DirectorySettings.AddressQuery) ?? standard.AddressQuery,
            ListQuery = database.Get(DirectorySettings.ListQuery) ?? standard.ListQuery,
            DefaultScheme = defaultScheme,
            DefaultDomains = domains,
            ConnectionsMax = database.Get(DirectorySettings.DatabaseConnections),
            Timeout = database.Get(DirectorySettings.DatabaseTimeout),
        };
    }

    /// <summary>Reads the file when the password is needed, so that a new one counts from then on.</summary>
    private static Func<string>? PasswordOf(ConfigurationView view, Setting<string?> setting, string key) =>
        view.Get(setting) is { } name ? () => SecretFile.Read(key, view.FullPath(name)) : null;

    private static SystemUserOptions ReadSystem(ConfigurationView system, IReadOnlyList<string> domains, string file, List<ConfigurationError> errors)
    {
        string service = system.Get(DirectorySettings.PamService);
        if (service.Contains('/', StringComparison.Ordinal))
        {
            errors.Add(system.Error(file, DirectorySettings.PamService, $"\"{service}\" is not the name of a file in /etc/pam.d"));
        }
        if (system.Get(DirectorySettings.UidMin) > system.Get(DirectorySettings.UidMax))
        {
            errors.Add(system.Error(file, DirectorySettings.UidMin, "must not be larger than uidMax"));
        }
        return new SystemUserOptions
        {
            Service = service,
            ServiceFolder = system.Get(DirectorySettings.PamFolder) is { } folder ? system.FullPath(folder) : null,
            UserIdMin = (uint)system.Get(DirectorySettings.UidMin),
            UserIdMax = (uint)system.Get(DirectorySettings.UidMax),
            ThreadsMax = system.Get(DirectorySettings.PamChecks),
            Timeout = system.Get(DirectorySettings.PamTimeout),
            DefaultDomains = domains,
        };
    }
}
