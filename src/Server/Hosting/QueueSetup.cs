using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Store.Delivery;
using MailAccess.Tables;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Makes the queue from its configuration.</summary>
internal static class QueueSetup
{
    private const string ResolvConf = "/etc/resolv.conf";

    /// <summary>Null with errors.</summary>
    public static MailQueue? Create(
        ServerConfiguration configuration, IMailRouter router, MessageRewriting? rewriting, TableOpener tables, IMailStore mail, IResolver resolver, TimeProvider clock, ILoggerFactory loggers,
        List<string> errors)
    {
        QueueOptions options = CreateOptions(configuration, rewriting, tables, resolver, clock, loggers, errors);
        if (configuration.Queue.RemoteTls.ClientCertificate is { } own)
        {
            options = options with { ClientCertificate = PeerCertificates.LoadOwn(new Wire.CertificateFiles(own.Certificate, own.Key), errors) };
        }
        return errors.Count > 0 ? null : new MailQueue(options, mail, router, resolver, clock, loggers.CreateLogger<MailQueue>());
    }

    /// <summary>All but our certificate, whose key only the server may read. What is wrong is added to the errors; the policy fetcher is the caller's or the queue's to dispose of.</summary>
    public static QueueOptions CreateOptions(
        ServerConfiguration configuration, MessageRewriting? rewriting, TableOpener tables, IResolver resolver, TimeProvider clock, ILoggerFactory loggers, List<string> errors)
    {
        QueueConfiguration queue = configuration.Queue;
        RemoteTlsConfiguration tls = queue.RemoteTls;
        RoutingTables policies = ConfiguredTables.Open("queue.tlsPolicyTables", configuration, tables, errors);
        X509Certificate2Collection? authorities = tls.Authorities is { } file ? PeerCertificates.LoadAuthorities(file, errors) : null;
        return new QueueOptions
        {
            Tls = tls.Tls,
            TlsPolicies = tls.Policies.Count + policies.Tables.Count > 0 ? new RemoteTlsPolicies(tls.Policies, policies, loggers.CreateLogger<MailQueue>()).FindAsync : null,
            HonoursMtaSts = tls.MtaSts,
            TrustedCertificates = authorities,
            PolicyFetcher = new HttpsPolicyFetcher(resolver, authorities, clock),
            SecurityFolder = Path.Combine(configuration.DataFolder, "remote-tls"),
            TlsReportContact = tls.ReportContact,
            TlsReportOrganization = tls.ReportOrganization,
            HostName = configuration.HostName,
            SpoolFolder = Path.Combine(configuration.DataFolder, "queue"),
            Rewriting = rewriting,
            HoldRulesFile = Path.Combine(configuration.DataFolder, HoldRules.FileName),
            HistoryFolder = HistoryFolder(configuration),
            HistoryDays = queue.HistoryDays,
            HistoryOctetsMax = queue.HistorySizeMax,
            FullMailboxIsPermanent = configuration.Quota.FullIsPermanent,
            OwnAddresses = OwnAddresses(configuration),
            RemotePort = queue.RemotePort,
            DelayWarningAfter = queue.DelayWarning > TimeSpan.Zero ? queue.DelayWarning : null,
            Agents = configuration.Agents with
            {
                RecipientDelimiter = configuration.RecipientDelimiter,
                Files = new FileDeliveryOptions { HostName = configuration.HostName, LockOrder = configuration.Mail.Locks },
            },
            Retry = new RetryPolicy { FirstDelay = queue.FirstRetry, LongestDelay = queue.LongestRetry, GiveUpAfter = queue.Lifetime, GiveUpBouncesAfter = queue.BounceLifetime },
            NotifyPostmaster = queue.NotifyPostmaster,
            Limits = new QueueLimits
            {
                MessageOctetsMax = configuration.Mail.MessageSizeMax,
                ConnectionsMax = queue.Deliveries,
                ConnectionsPerDestinationMax = queue.DeliveriesPerDestination,
            },
        };
    }

    /// <summary>Where finished deliveries are remembered.</summary>
    public static string HistoryFolder(ServerConfiguration configuration) => Path.Combine(configuration.DataFolder, "history");

    /// <summary>The caller disposes it.</summary>
    public static StubResolver CreateResolver(QueueConfiguration queue, TimeProvider clock, ILoggerFactory loggers)
    {
        ResolverOptions options = queue.DnsServers.Count > 0
            ? new ResolverOptions { Servers = queue.DnsServers }
            : ResolverOptions.Parse(File.Exists(ResolvConf) ? File.ReadLines(ResolvConf) : []);
        if (queue.RemoteTls.TrustsDns)
        {
            options = options with { TrustAuthenticData = true };
        }
        return new StubResolver(options, clock, loggers.CreateLogger<StubResolver>());
    }

    /// <summary>Where we ourselves take mail on port 25: an MX record that leads there leads in a circle.</summary>
    public static HashSet<IPAddress> OwnAddresses(ServerConfiguration configuration)
    {
        HashSet<IPAddress> own = [];
        foreach (ListenerConfiguration listener in configuration.Listeners.Where(l => l is { Protocol: ListenerProtocol.Smtp } && l.EndPoint?.Port == configuration.Queue.RemotePort))
        {
            IPAddress address = listener.EndPoint!.Address;
            if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
            {
                own.Add(address);
                continue;
            }
            foreach (UnicastIPAddressInformation known in NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses))
            {
                own.Add(known.Address);
            }
        }
        return own;
    }
}
