using System.Net;
using MailAccess.Queue;

namespace MailAccess.Server.Configuration;

/// <summary>queue</summary>
internal sealed record QueueConfiguration
{
    private const long HistorySizeMin = 1024 * 1024;

    public required bool RelayOutside { get; init; }
    public required TimeSpan FirstRetry { get; init; }
    public required TimeSpan LongestRetry { get; init; }
    public required TimeSpan Lifetime { get; init; }
    public required TimeSpan BounceLifetime { get; init; }
    public required TimeSpan DelayWarning { get; init; }
    public required PostmasterNotices NotifyPostmaster { get; init; }
    public required int Deliveries { get; init; }
    public required int DeliveriesPerDestination { get; init; }
    public required int HistoryDays { get; init; }
    public required long HistorySizeMax { get; init; }
    public required IReadOnlyList<IPEndPoint> DnsServers { get; init; }
    public required int RemotePort { get; init; }
    public HostAndPort? SmartHost { get; init; }
    public string? SmartHostUser { get; init; }
    public string? SmartHostPasswordFile { get; init; }
    public required IReadOnlyList<(string Domain, HostAndPort To)> Routes { get; init; }
    public required RemoteTlsConfiguration RemoteTls { get; init; }

    public static QueueConfiguration From(ConfigurationView queue, string file, List<ConfigurationError> errors)
    {
        if (queue.Get(Settings.FirstRetry) <= TimeSpan.Zero || queue.Get(Settings.FirstRetry) > queue.Get(Settings.LongestRetry))
        {
            errors.Add(queue.Error(file, Settings.FirstRetry, "must be more than 0s and not more than queue.longestRetry"));
        }
        if (queue.Get(Settings.Lifetime) <= TimeSpan.Zero)
        {
            errors.Add(queue.Error(file, Settings.Lifetime, "must be more than 0s"));
        }
        if (queue.Get(Settings.HistorySizeMax) < HistorySizeMin)
        {
            errors.Add(queue.Error(file, Settings.HistorySizeMax, "must be at least 1MB"));
        }
        if (queue.Get(Settings.SmartHostUser) is null != queue.Get(Settings.SmartHostPasswordFile) is null)
        {
            errors.Add(queue.Error(file, Settings.SmartHostUser, "smartHostUser and smartHostPasswordFile go together"));
        }
        List<IPEndPoint> servers = [];
        foreach (HostAndPort server in queue.Get(Settings.DnsServers))
        {
            if (IPAddress.TryParse(server.Host, out IPAddress? address))
            {
                servers.Add(new IPEndPoint(address, server.Port));
            }
            else
            {
                errors.Add(queue.Error(file, Settings.DnsServers, $"\"{server}\": a DNS server is named by its address, such as \"127.0.0.1:53\""));
            }
        }
        return new QueueConfiguration
        {
            RelayOutside = queue.Get(Settings.RelayOutside),
            FirstRetry = queue.Get(Settings.FirstRetry),
            LongestRetry = queue.Get(Settings.LongestRetry),
            Lifetime = queue.Get(Settings.Lifetime),
            BounceLifetime = queue.Get(Settings.BounceLifetime),
            DelayWarning = queue.Get(Settings.DelayWarning),
            NotifyPostmaster = queue.Get(Settings.NotifyPostmaster).Aggregate(PostmasterNotices.None, (all, one) => all | one),
            Deliveries = queue.Get(Settings.Deliveries),
            DeliveriesPerDestination = queue.Get(Settings.DeliveriesPerDestination),
            HistoryDays = queue.Get(Settings.HistoryDays),
            HistorySizeMax = queue.Get(Settings.HistorySizeMax),
            DnsServers = servers,
            RemotePort = queue.Get(Settings.RemotePort),
            SmartHost = queue.Get(Settings.SmartHost),
            SmartHostUser = queue.Get(Settings.SmartHostUser),
            SmartHostPasswordFile = queue.Get(Settings.SmartHostPasswordFile) is { } path ? queue.FullPath(path) : null,
            RemoteTls = RemoteTlsConfiguration.From(queue, file, errors),
            Routes = [.. queue.Sections(Settings.Routes).Select(r => (r.Get(Settings.RouteDomain).ToLowerInvariant(), r.Get(Settings.RouteTo)!))],
        };
    }
}
