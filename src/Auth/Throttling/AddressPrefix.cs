using System.Net;
using System.Net.Sockets;

namespace MailAccess.Auth.Throttling;

/// <summary>The leading bits of an address, which some party has for itself.</summary>
internal readonly record struct AddressPrefix(UInt128 Bits, byte Length, bool IsIpv6)
{
    /// <summary>One client: the whole IPv4 address, since behind its neighbours are strangers; the /64 of an IPv6 address, since every home has one.</summary>
    public static AddressPrefix Narrow(IPAddress address) => Of(address, 32, 64);

    /// <summary>One network: an IPv4 /24; an IPv6 /48, the most that a home or an office usually has.</summary>
    public static AddressPrefix Wide(IPAddress address) => Of(address, 24, 48);

    /// <summary>One provider: an IPv4 /16; an IPv6 /32, the least that a registry gives.</summary>
    public static AddressPrefix Provider(IPAddress address) => Of(address, 16, 32);

    private static AddressPrefix Of(IPAddress address, int ipv4Length, int ipv6Length)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        bool isIpv6 = plain.AddressFamily == AddressFamily.InterNetworkV6;
        int length = isIpv6 ? ipv6Length : ipv4Length;
        UInt128 bits = 0;
        foreach (byte octet in plain.GetAddressBytes().AsSpan(0, length / 8))
        {
            bits = (bits << 8) | octet;
        }
        return new AddressPrefix(bits, (byte)length, isIpv6);
    }
}
