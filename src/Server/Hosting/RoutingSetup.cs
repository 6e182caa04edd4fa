using MailAccess.Directories.Tables;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Tables;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Makes the router from its configuration.</summary>
internal static class RoutingSetup
{
    /// <summary>Types of tables that are no files.</summary>
    public static IReadOnlyDictionary<string, TableFactory> TableTypes { get; } =
        new Dictionary<string, TableFactory>(StringComparer.Ordinal) { ["ldap"] = LdapTable.Open, ["pgsql"] = PostgresTable.Open };

    /// <summary>Opens tables; the caller disposes it, after the router's last question.</summary>
    public static TableOpener CreateTables(TimeProvider clock, ILoggerFactory loggers) =>
        new(new TableContext(TableLimits.Default, clock, loggers.CreateLogger("MailAccess.Tables")), TableTypes);

    /// <summary>How mail is routed; what is wrong with a table is added to the errors, with its file and line.</summary>
    public static RoutingOptions CreateOptions(
        ServerConfiguration configuration, string? postmaster, TableOpener tables, IMailExchangers exchangers, List<string> errors)
    {
        QueueConfiguration queue = configuration.Queue;
        RoutingConfiguration routing = configuration.Routing;
        RewritingConfiguration rewriting = configuration.Rewriting;
        SmtpCredentials? credentials = ReadCredentials(queue, errors);
        return new RoutingOptions
        {
            RecipientDelimiter = configuration.RecipientDelimiter,
            PostmasterAccount = postmaster,
            RelaysOutside = queue.RelayOutside,
            SmartHost = queue.SmartHost is { } host ? new NextHop { Host = host.Host, Port = host.Port, Credentials = credentials, Tls = credentials is null ? null : TlsPolicy.Verified } : null,
            Routes = queue.Routes.Count > 0 ? Routes(queue.Routes) : null,
            Origin = rewriting.Origin ?? (configuration.Domains.Count > 0 ? configuration.Domains[0] : configuration.HostName),
            OwnAddresses = QueueSetup.OwnAddresses(configuration),
            LocalDomains = Open(RoutingSettings.LocalDomains, TableSyntax.List),
            DomainTable = OpenAll("rewriting.domainTable", rewriting.DomainTable, TableSyntax.Map),
            RecipientCanonical = OpenAll("rewriting.recipientCanonical", rewriting.RecipientCanonical, TableSyntax.Map),
            Canonical = (rewriting.CanonicalClasses & AddressClasses.EnvelopeRecipient) == 0 ? RoutingTables.None
                : OpenAll("rewriting.canonical", rewriting.Canonical, TableSyntax.Map),
            VirtualAliases = Open(RoutingSettings.VirtualAliases, TableSyntax.Map),
            VirtualAliasDomains = Open(RoutingSettings.VirtualAliasDomains, TableSyntax.List),
            Aliases = Open(RoutingSettings.Aliases, TableSyntax.Aliases),
            ReadsForwardFiles = routing.ForwardFiles,
            Transports = Open(RoutingSettings.Transports, TableSyntax.Map),
            MailerTable = Open(RoutingSettings.MailerTable, TableSyntax.Map),
            RelayDomains = Open(RoutingSettings.RelayDomains, TableSyntax.List),
            RelayByMx = routing.RelayByMx ? exchangers : null,
            SenderSmartHosts = Open(RoutingSettings.SmartHosts, TableSyntax.Map),
            SmartHostPasswords = Open(RoutingSettings.SmartHostPasswords, TableSyntax.Map),
            DirectDomains = Open(RoutingSettings.DirectDomains, TableSyntax.List),
            MailHub = routing.MailHub,
            LocalUsers = Open(RoutingSettings.LocalUsers, TableSyntax.List),
            UnknownUsers = routing.UnknownUsers,
            IsNullClient = routing.NullClient,
        };

        RoutingTables Open(ListSetting<string> key, TableSyntax syntax) => OpenAll($"routing.{key.Key}", routing[key], syntax);

        RoutingTables OpenAll(string key, IReadOnlyList<string> specifications, TableSyntax syntax) => OpenTables(key, specifications, syntax, tables, errors);
    }

    /// <summary>Opens the tables of a key; what is wrong with one is added to the errors, with its file and line.</summary>
    public static RoutingTables OpenTables(string key, IReadOnlyList<string> specifications, TableSyntax syntax, TableOpener tables, List<string> errors)
    {
        List<ILookUpTable> opened = [];
        foreach (string specification in specifications)
        {
            if (tables.TryOpen(specification, syntax, out ILookUpTable? table, out string? error))
            {
                opened.Add(table!);
            }
            else if (!errors.Contains($"{key}: {error}"))
            {
                errors.Add($"{key}: {error}");
            }
        }
        return opened.Count == 0 ? RoutingTables.None : new RoutingTables(key, opened);
    }

    private static SmtpCredentials? ReadCredentials(QueueConfiguration queue, List<string> errors)
    {
        if (queue.SmartHostUser is null || queue.SmartHostPasswordFile is null)
        {
            return null;
        }
        return SecretFile.Read("queue.smartHostPasswordFile", queue.SmartHostPasswordFile, errors) is { } password
            ? new SmtpCredentials(queue.SmartHostUser, password) : null;
    }

    private static Func<string, NextHop?> Routes(IReadOnlyList<(string Domain, HostAndPort To)> routes)
    {
        Dictionary<string, NextHop> exact = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string domain, HostAndPort to) in routes)
        {
            exact.TryAdd(domain, new NextHop { Host = to.Host, Port = to.Port });
        }
        return domain =>
        {
            if (exact.TryGetValue(domain, out NextHop? route))
            {
                return route;
            }
            // ".example.org" stands for everything below it; the longest such entry decides.
            for (int dot = domain.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = domain.IndexOf('.', dot + 1))
            {
                if (exact.TryGetValue(domain[dot..], out route))
                {
                    return route;
                }
            }
            return null;
        };
    }
}
