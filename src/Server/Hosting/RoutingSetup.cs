using MailAccess.Directories.Tables;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Smtp;
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
            LocalDomains = Open(RoutingSettings.LocalDomains),
            DomainTable = OpenKey("rewriting.domainTable"),
            RecipientCanonical = OpenKey("rewriting.recipientCanonical"),
            Canonical = (rewriting.CanonicalClasses & AddressClasses.EnvelopeRecipient) == 0 ? RoutingTables.None
                : OpenKey("rewriting.canonical"),
            VirtualAliases = Open(RoutingSettings.VirtualAliases),
            VirtualAliasDomains = Open(RoutingSettings.VirtualAliasDomains),
            Aliases = Open(RoutingSettings.Aliases),
            ReadsForwardFiles = routing.ForwardFiles,
            Transports = Open(RoutingSettings.Transports),
            MailerTable = Open(RoutingSettings.MailerTable),
            RelayDomains = Open(RoutingSettings.RelayDomains),
            RelayByMx = routing.RelayByMx ? exchangers : null,
            SenderSmartHosts = Open(RoutingSettings.SmartHosts),
            SmartHostPasswords = Open(RoutingSettings.SmartHostPasswords),
            DirectDomains = Open(RoutingSettings.DirectDomains),
            MailHub = routing.MailHub,
            LocalUsers = Open(RoutingSettings.LocalUsers),
            UnknownUsers = routing.UnknownUsers,
            IsNullClient = routing.NullClient,
        };

        RoutingTables Open(ListSetting<string> key) => OpenKey($"{RoutingSettings.Routing.Key}.{key.Key}");

        RoutingTables OpenKey(string key) => ConfiguredTables.Open(key, configuration, tables, errors);
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
            exact.TryAdd(MailDomain.NormalizeEntry(domain), new NextHop { Host = to.Host, Port = to.Port });
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
