using MailAccess.Directories.Ldap;

namespace MailAccess.Server.Configuration;

/// <summary>The keys of where accounts come from.</summary>
internal static class DirectorySettings
{
    private static readonly (string Word, AccountSourceKind Kind)[] Kinds = [("passwd", AccountSourceKind.Passwd), ("ldap", AccountSourceKind.Ldap), ("postgresql", AccountSourceKind.PostgreSql), ("system", AccountSourceKind.System)];

    public static readonly ListSetting<AccountSourceKind> Sources = new("sources", ScalarTypes.Choice(Kinds),
        [AccountSourceKind.Passwd], "[\"passwd\"]",
        "Where accounts come from: passwd, the passwd file; ldap, an LDAP directory; postgresql, tables in PostgreSQL; system, the users of this machine. They are asked in this order, and the first one that knows a name decides.");

    public static readonly Setting<TimeSpan> CacheTime = new("cacheTime", ScalarTypes.Duration, TimeSpan.FromSeconds(30), "\"30s\"",
        "How long it is remembered what sources other than the passwd file have said of names and addresses, also that there are none. Passwords are not meant: whoever logs in is looked up. At most 1h.");

    // ldap
    public static readonly ListSetting<string> LdapServers = new("servers", ScalarTypes.Text, [], "#[\"ldap://ldap.example.org\"]",
        "Addresses, \"ldap://host\" or \"ldaps://host\", with a port or without. The first one that answers is asked.");

    public static readonly Setting<bool> LdapStartTls = new("startTls", ScalarTypes.Switch, true, "#true",
        "TLS by StartTLS at addresses that begin with ldap://; without it there passwords cross the network in clear.");

    public static readonly Setting<string?> LdapAuthorities = new("authorities", Settings.Optional(ScalarTypes.Text), null, "#\"ldap-ca.pem\"",
        "PEM file with the authorities of the servers' certificates. Default: those of the system.");

    public static readonly Setting<string?> LdapBindDn = new("bindDn", Settings.Optional(ScalarTypes.Text), null, "#\"cn=mailaccess,dc=example,dc=org\"",
        "As whom accounts are looked up. Default: as nobody in particular.");

    public static readonly Setting<string?> LdapPasswordFile = new("passwordFile", Settings.Optional(ScalarTypes.Text), null, "#\"ldap-password\"",
        "File with the password of bindDn, on its first line. Read each time that a connection is opened.");

    public static readonly Setting<string?> LdapBase = new("base", Settings.Optional(ScalarTypes.Text), null, "#\"ou=people,dc=example,dc=org\"", "The entry below which accounts are.");

    public static readonly Setting<LdapPasswords> LdapPasswordsBy = new("passwords",
        ScalarTypes.Choice(("bind", LdapPasswords.Bind), ("lookup", LdapPasswords.Lookup)), LdapPasswords.Bind, "#\"bind\"",
        "Who checks passwords: bind, the directory, by a bind as the user; or lookup, this server, by passwordAttribute, which bindDn must be able to read.");

    public static readonly Setting<string?> LdapUserDn = new("userDn", Settings.Optional(ScalarTypes.Text), null, "#\"uid=%n,ou=people,dc=example,dc=org\"",
        "The name of a user's entry, where it can be told from his login name (%u the whole of it, %n what stands before its @, %d what stands behind). Default: it is searched for.");

    public static readonly Setting<string?> LdapLoginFilter = new("loginFilter", Settings.Optional(ScalarTypes.Text), null, "#\"(&(objectClass=inetOrgPerson)(|(uid=%u)(mail=%u)))\"",
        "Finds the entry of a login name (%u, %n, %d), and one by its own name. Default: by nameAttribute and the first of addressAttributes.");

    public static readonly Setting<string?> LdapAddressFilter = new("addressFilter", Settings.Optional(ScalarTypes.Text), null, null,
        "Finds the entry that owns an address (%u, %n, %d). Default: by addressAttributes and nameAttribute.");

    public static readonly Setting<string?> LdapListFilter = new("listFilter", Settings.Optional(ScalarTypes.Text), null, null, "Finds the entries of all accounts. Default: whatever has a nameAttribute.");

    public static readonly Setting<string> LdapName = new("nameAttribute", ScalarTypes.Text, "uid", "#\"uid\"", "The attribute that is an account's name.");

    public static readonly ListSetting<string> LdapAddresses = new("addressAttributes", ScalarTypes.Text, ["mail", "mailAlternateAddress"], "#[\"mail\", \"mailAlternateAddress\"]",
        "The attributes that are an account's addresses, the main one first. An account without any has those of its name.");

    public static readonly Setting<string> LdapPassword = new("passwordAttribute", ScalarTypes.Text, "userPassword", "#\"userPassword\"", "With lookup: the attribute that holds the stored password; without {SCHEME} it is the password itself.");

    public static readonly Setting<string?> LdapQuota = new("quotaAttribute", Settings.Optional(ScalarTypes.Text), null, "#\"mailQuotaSize\"",
        "The attribute with what an account may hold: a number of octets, or rules such as *:storage=1G.");

    public static readonly Setting<string> LdapHome = new("homeAttribute", ScalarTypes.Text, "homeDirectory", "#\"homeDirectory\"", "The attribute with the home folder.");

    public static readonly Setting<int> LdapConnections = new("connections", ScalarTypes.Integer(1, 1000), 8, "#8", "Connections for look-ups at one time, and as many for binds of users; more wait for one.");

    public static readonly Setting<TimeSpan> LdapTimeout = new("timeout", ScalarTypes.Duration, TimeSpan.FromSeconds(5), "#\"5s\"",
        "For each look-up and each check, connecting included; after that it fails for the time being.");

    public static readonly SectionSetting Ldap = new("ldap", "Accounts in an LDAP directory.",
        [
            LdapServers, LdapStartTls, LdapAuthorities, LdapBindDn, LdapPasswordFile, LdapBase, LdapPasswordsBy, LdapUserDn, LdapLoginFilter, LdapAddressFilter,
            LdapListFilter, LdapName, LdapAddresses, LdapPassword, LdapQuota, LdapHome, LdapConnections, LdapTimeout,
        ]);

    // postgresql
    public static readonly Setting<string> Connection = new("connection", ScalarTypes.Text, "", "#\"Host=/run/postgresql;Database=mail;Username=mailaccess\"",
        "How to connect, in the notation of Npgsql, without a password. Over a network: \"Host=db.example.org;Database=mail;Username=mailaccess;SSL Mode=VerifyFull\".");

    public static readonly Setting<string?> DatabasePasswordFile = new("passwordFile", Settings.Optional(ScalarTypes.Text), null, "#\"postgresql-password\"",
        "File with the password, on its first line. Read each time that a connection is opened.");

    public static readonly Setting<string?> LoginQuery = new("loginQuery", Settings.Optional(ScalarTypes.Text), null, null,
        "Finds the account of a login name (@login, @local, @domain; @logins: an array of its spellings with and without a domain of ours), and one by its own name. Columns: name, password, addresses, quota, home, disabled_capabilities, enabled; only the first must be there. Default: for the tables in docs/accounts.md.");

    public static readonly Setting<string?> AddressQuery = new("addressQuery", Settings.Optional(ScalarTypes.Text), null, null,
        "Finds the account that owns an address (@address, @local, @domain); the same columns.");

    public static readonly Setting<string?> ListQuery = new("listQuery", Settings.Optional(ScalarTypes.Text), null, null, "Finds all accounts; the same columns.");

    public static readonly Setting<int> DatabaseConnections = new("connections", ScalarTypes.Integer(1, 1000), 10, "#10", "Connections at one time; more look-ups wait for one.");

    public static readonly Setting<TimeSpan> DatabaseTimeout = new("timeout", ScalarTypes.Duration, TimeSpan.FromSeconds(5), "#\"5s\"",
        "For connecting, and for each query, in whole seconds; after that it fails for the time being.");

    public static readonly SectionSetting PostgreSql = new("postgresql", "Accounts in PostgreSQL.",
        [Connection, DatabasePasswordFile, LoginQuery, AddressQuery, ListQuery, DatabaseConnections, DatabaseTimeout]);

    // system
    public static readonly Setting<string> PamService = new("service", ScalarTypes.Text, "mailaccess", "#\"mailaccess\"",
        "The PAM service that checks passwords: the name of a file in /etc/pam.d.");

    public static readonly Setting<string?> PamFolder = new("serviceFolder", Settings.Optional(ScalarTypes.Text), null, null,
        "Another folder for that file than /etc/pam.d (Linux-PAM 1.4 or later).");

    public static readonly Setting<int> UidMin = new("uidMin", ScalarTypes.Integer(1, int.MaxValue), 1000, "#1000", "Users with a smaller number have no mail: they are the system's own.");

    public static readonly Setting<int> UidMax = new("uidMax", ScalarTypes.Integer(1, int.MaxValue), 60_000, "#60000", "Users with a larger number have none either.");

    public static readonly Setting<int> PamChecks = new("checks", ScalarTypes.Integer(1, 256), 8, "#8", "Checks and look-ups at one time, each in a thread of its own; more wait.");

    public static readonly Setting<TimeSpan> PamTimeout = new("timeout", ScalarTypes.Duration, TimeSpan.FromSeconds(30), "#\"30s\"",
        "After so long without an answer a login fails for the time being.");

    public static readonly SectionSetting System = new("system", "The users of this machine, their passwords checked by PAM.", [PamService, PamFolder, UidMin, UidMax, PamChecks, PamTimeout]);

    /// <summary>A source as the configuration names it.</summary>
    public static string WordOf(AccountSourceKind kind) => Array.Find(Kinds, k => k.Kind == kind).Word;
}

/// <summary>accounts.sources</summary>
internal enum AccountSourceKind
{
    Passwd,
    Ldap,
    PostgreSql,
    System,
}
