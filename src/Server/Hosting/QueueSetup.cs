using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Store;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>Makes the queue from its configuration.</summary>
internal static class QueueSetup
{
    private const string ResolvConf = "/etc/resolv.conf";

    public static MailQueue? Create(
        ServerConfiguration configuration, ILocalDirectory addresses, string? postmaster, IMailStore mail, IResolver resolver, TimeProvider clock,
        ILoggerFactory loggers, List<string> errors)
    {
        QueueConfiguration queue = configuration.Queue;
        SmtpCredentials? credentials = ReadCredentials(queue, errors);
        RoutingOptions routing = new()
        {
            RecipientDelimiter = configuration.RecipientDelimiter,
            PostmasterAccount = postmaster,
            RelaysOutside = queue.RelayOutside,
            SmartHost = queue.SmartHost is { } host ? new NextHop { Host = host.Host, Port = host.Port, Credentials = credentials, Tls = credentials is null ? null : TlsPolicy.Verified } : null,
            Routes = queue.Routes.Count > 0 ? Routes(queue.Routes) : null,
        };
        RemoteTlsConfiguration tls = queue.RemoteTls;
        X509Certificate2Collection? authorities = tls.Authorities is { } file ? PeerCertificates.LoadAuthorities(file, errors) : null;
        QueueOptions options = new()
        {
            Tls = tls.Tls,
            TlsPolicies = tls.Policies.Count > 0 ? (name, _) => new(tls.Find(name)) : null,
            HonoursMtaSts = tls.MtaSts,
            TrustedCertificates = authorities,
            PolicyFetcher = new HttpsPolicyFetcher(resolver, authorities, clock),
            SecurityFolder = Path.Combine(configuration.DataFolder, "remote-tls"),
            ClientCertificate = tls.ClientCertificate is { } own ? PeerCertificates.LoadOwn(new Wire.CertificateFiles(own.Certificate, own.Key), errors) : null,
            TlsReportContact = tls.ReportContact,
            TlsReportOrganization = tls.ReportOrganization,
            HostName = configuration.HostName,
            SpoolFolder = Path.Combine(configuration.DataFolder, "queue"),
            FullMailboxIsPermanent = configuration.Quota.FullIsPermanent,
            OwnAddresses = OwnAddresses(configuration),
            RemotePort = queue.RemotePort,
            DelayWarningAfter = queue.DelayWarning > TimeSpan.Zero ? queue.DelayWarning : null,
            Retry = new RetryPolicy { FirstDelay = queue.FirstRetry, LongestDelay = queue.LongestRetry, GiveUpAfter = queue.Lifetime },
            Limits = new QueueLimits
            {
                MessageOctetsMax = configuration.Mail.MessageSizeMax,
                ConnectionsMax = queue.Deliveries,
                ConnectionsPerDestinationMax = queue.DeliveriesPerDestination,
            },
        };
        return errors.Count > 0 ? null : new MailQueue(options, mail, new MailRouter(routing, addresses), resolver, clock, loggers.CreateLogger<MailQueue>());
    }

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

    /// <summary>Where we ourselves take mail on port 25: an MX record that leads there leads in a circle.</summary>
    private static HashSet<IPAddress> OwnAddresses(ServerConfiguration configuration)
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
