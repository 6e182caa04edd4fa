using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace MailAccess.Directories.Postgres;

/// <summary>Which database, and how accounts are found there.</summary>
/// <remarks>
/// Queries know these parameters: <c>@login</c>, the login name in lower case, <c>@logins</c>, an array of it and of its spellings with and
/// without a default domain, <c>@address</c>, and of both <c>@local</c> and <c>@domain</c>. They give the columns <c>name</c>, <c>password</c>,
/// <c>addresses</c>, <c>quota</c>, <c>home</c>, <c>disabled_capabilities</c> and <c>enabled</c>, of which only the first must be there.
/// </remarks>
public sealed record PostgresOptions
{
    private const string Columns = """
        SELECT a.name, a.password, a.quota, a.home, a.disabled_capabilities, a.enabled,
               ARRAY(SELECT b.address FROM addresses b WHERE b.account = a.name ORDER BY b.position, b.address) AS addresses
        FROM accounts a
        """;

    /// <summary>Npgsql's; without a password.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Gives the password when a connection is opened; throws <see cref="IOException"/>. Null: none is needed.</summary>
    public Func<string>? ReadPassword { get; init; }

    /// <summary>Finds the account that a client names at login, and one by its name.</summary>
    public string LoginQuery { get; init; } = Columns + "\nWHERE a.name = ANY(@logins) ORDER BY array_position(@logins, a.name) LIMIT 1";

    /// <summary>Finds the accounts that may own an address; of these the first one that does.</summary>
    public string AddressQuery { get; init; } = Columns + """

        LEFT JOIN addresses o ON o.account = a.name AND o.address = @address
        WHERE o.address IS NOT NULL OR a.name IN (@address, @local) ORDER BY o.address IS NULL
        """;

    /// <summary>Finds all accounts.</summary>
    public string ListQuery { get; init; } = Columns;

    /// <summary>Scheme of passwords without <c>{SCHEME}</c>.</summary>
    public string DefaultScheme { get; init; } = "CRYPT";

    /// <summary>Domains of accounts without one.</summary>
    public IReadOnlyList<string> DefaultDomains { get; init; } = [];

    /// <summary>Connections at one time; more look-ups wait for one.</summary>
    public int ConnectionsMax { get; init; } = 10;

    /// <summary>For connecting, and for each query.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong with a connection string, without its values; or null.</summary>
    public static string? FindProblem(string connectionString) =>
        !TryParse(connectionString, out NpgsqlConnectionStringBuilder? parsed) ? "is not a connection string of Npgsql: \"Host=…;Database=…;Username=…\""
        : parsed.Password is not null ? "holds a password, which belongs into passwordFile"
        : string.IsNullOrEmpty(parsed.Host) ? "has no Host"
        : null;

    /// <summary>False for what Npgsql does not understand.</summary>
    internal static bool TryParse(string connectionString, [NotNullWhen(true)] out NpgsqlConnectionStringBuilder? parsed)
    {
        try
        {
            parsed = new NpgsqlConnectionStringBuilder(connectionString);
            return true;
        }
        catch (Exception broken) when (broken is ArgumentException or FormatException or NotSupportedException)
        {
            parsed = null;
            return false;
        }
    }
}
