using System.Globalization;
using System.Net;

namespace MailAccess.Dns;

/// <summary>Which name servers are asked, and how patiently.</summary>
public sealed record ResolverOptions
{
    /// <summary>The servers in order of preference; they must offer recursion.</summary>
    public required IReadOnlyList<IPEndPoint> Servers { get; init; }

    /// <summary>How long one server may think about one question.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Rounds over all servers before a look-up has failed.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>The way to the servers is safe, so that their AD bit can be believed (RFC 6840 §5.7, <c>trust-ad</c>). Null: only those on this host.</summary>
    public bool? TrustAuthenticData { get; init; }

    /// <summary>Bounds.</summary>
    public DnsLimits Limits { get; init; } = new();

    /// <summary>
    /// Reads resolv.conf: <c>nameserver</c>, and of <c>options</c>: <c>timeout</c>, <c>attempts</c>, <c>trust-ad</c>.
    /// <c>search</c> and <c>domain</c> do not concern us, every name we ask for is absolute. No server named: this host (resolv.conf(5)).
    /// </summary>
    public static ResolverOptions Parse(IEnumerable<string> resolvConf)
    {
        List<IPEndPoint> servers = [];
        ResolverOptions options = new() { Servers = servers };
        foreach (string line in resolvConf)
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';')
            {
                continue;
            }
            if (words[0] == "nameserver" && IPAddress.TryParse(words[1], out IPAddress? address))
            {
                servers.Add(new IPEndPoint(address, 53));
            }
            else if (words[0] == "options")
            {
                options = words.Skip(1).Aggregate(options, Apply);
            }
        }
        if (servers.Count == 0)
        {
            servers.Add(new IPEndPoint(IPAddress.Loopback, 53));
        }
        return options;
    }

    // glibc's own bounds, resolv.conf(5): 30 seconds, 5 attempts.
    private static ResolverOptions Apply(ResolverOptions options, string option)
    {
        string[] parts = option.Split(':', 2);
        bool hasNumber = int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return parts[0] switch
        {
            "timeout" when hasNumber => options with { Timeout = TimeSpan.FromSeconds(Math.Clamp(number, 1, 30)) },
            "attempts" when hasNumber => options with { Attempts = Math.Clamp(number, 1, 5) },
            "trust-ad" => options with { TrustAuthenticData = true },
            _ => options,
        };
    }
}
