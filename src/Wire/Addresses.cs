using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace MailAccess.Wire;

/// <summary>Addresses as logs, limits and sessions want to see them.</summary>
internal static class Addresses
{
    /// <summary>What a Unix socket's client is shown as: this machine, and no port.</summary>
    private static readonly IPEndPoint ThisMachine = new(IPAddress.Loopback, 0);

    /// <summary>IPv4 as IPv4, also where it came through a dual-stack socket.</summary>
    public static IPEndPoint Of(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port),
        IPEndPoint plain => plain,
        _ => ThisMachine,
    };

    /// <summary>Who counts as one client: an IPv4 address, or an IPv6 /64, which one subscriber has whole (RFC 6177 §2).</summary>
    public static IPAddress CountedAs(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out _);
        octets[8..].Clear();
        return new IPAddress(octets);
    }
}

/// <summary>The names that Received fields and logs use.</summary>
internal static class TlsNames
{
    public static string Protocol(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls12 => "TLSv1.2",
        SslProtocols.Tls13 => "TLSv1.3",
        _ => protocol.ToString(),
    };
}
