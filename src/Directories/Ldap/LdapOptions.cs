namespace MailAccess.Directories.Ldap;

/// <summary>Who checks passwords.</summary>
public enum LdapPasswords
{
    /// <summary>The directory: by a bind as the user.</summary>
    Bind,
    /// <summary>We: by what is stored of them, which the directory lets us read.</summary>
    Lookup,
}

/// <summary>Which directory, and how accounts are found there.</summary>
/// <remarks>In filters and <see cref="UserDn"/>, %u is the name that is looked up, in lower case, %n what stands before its @ and %d what stands behind.</remarks>
public sealed record LdapOptions
{
    /// <summary>ldap: and ldaps: addresses; the first one that answers is asked.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>StartTLS at ldap: addresses; it is never gone without.</summary>
    public bool StartTls { get; init; } = true;

    /// <summary>PEM file with the authorities of the servers' certificates; null: the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>As whom we look things up; null: as nobody in particular.</summary>
    public string? BindDn { get; init; }

    /// <summary>Gives the password of <see cref="BindDn"/> when a connection is opened; throws <see cref="IOException"/>.</summary>
    public Func<string>? ReadPassword { get; init; }

    /// <summary>The entry below which accounts are.</summary>
    public required string Base { get; init; }

    /// <summary>Name of the entry of a user, where it can be told from his name; null: it is searched for.</summary>
    public string? UserDn { get; init; }

    /// <summary>Finds the account that a client names at login, and one by its own name. Null: by the name, and by the first address.</summary>
    public string? LoginFilter { get; init; }

    /// <summary>Finds the account that owns an address. Null: by the attributes with addresses, and by the name.</summary>
    public string? AddressFilter { get; init; }

    /// <summary>Finds all accounts. Null: whatever has a name.</summary>
    public string? ListFilter { get; init; }

    /// <summary>Who checks passwords.</summary>
    public LdapPasswords Passwords { get; init; } = LdapPasswords.Bind;

    /// <summary>The attribute that is an account's name.</summary>
    public string NameAttribute { get; init; } = "uid";

    /// <summary>Attributes whose values are an account's addresses; a <c>smtp:</c> before them is taken away.</summary>
    public IReadOnlyList<string> AddressAttributes { get; init; } = ["mail", "mailAlternateAddress"];

    /// <summary>With <see cref="LdapPasswords.Lookup"/>: the attribute that holds them.</summary>
    public string PasswordAttribute { get; init; } = "userPassword";

    /// <summary>The attribute with rules of quota, or a number of octets; null: none.</summary>
    public string? QuotaAttribute { get; init; }

    /// <summary>The attribute with the home folder; null: none.</summary>
    public string? HomeAttribute { get; init; } = "homeDirectory";

    /// <summary>Domains of accounts without one.</summary>
    public IReadOnlyList<string> DefaultDomains { get; init; } = [];

    /// <summary>Connections for look-ups at one time, and as many for binds of users; more wait for one.</summary>
    public int ConnectionsMax { get; init; } = 8;

    /// <summary>For each look-up or check, connecting included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An address as <see cref="Servers"/> has it; null for others.</summary>
    public static Uri? ReadServer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? server) && server.Scheme is "ldap" or "ldaps" && server.Host.Length > 0
            && server.AbsolutePath is "" or "/" && server.Query.Length == 0 && server.UserInfo.Length == 0 ? server : null;

    /// <summary>What is wrong with a filter, or null.</summary>
    public static string? FindProblem(string filter) => LdapFilter.TryParse(filter, out _, out string? problem) ? null : problem;

    /// <summary>What is wrong with <see cref="UserDn"/>, or null.</summary>
    public static string? FindDnProblem(string template) =>
        LdapTemplate.TryParse(System.Text.Encoding.UTF8.GetBytes(template)) is null ? "holds a percent sign that is none of %u, %n, %d and %%" : null;
}
