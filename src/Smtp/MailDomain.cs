using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailAccess.Smtp;

/// <summary>Domains of addresses as they are compared and looked up.</summary>
public static class MailDomain
{
    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = false };

    /// <summary>Lower case, without final dot, U-labels as A-labels (RFC 5891). Address literals as they are. False: no such name can be in the DNS.</summary>
    public static bool TryNormalize(string domain, out string name)
    {
        name = domain.TrimEnd('.').ToLowerInvariant();
        if (name.Length == 0)
        {
            return false;
        }
        if (name[0] == '[' || System.Text.Ascii.IsValid(name))
        {
            return true;
        }
        try
        {
            name = Idn.GetAscii(name);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / … ) "]". RFC 5321 §4.1.3.</summary>
    public static bool TryReadLiteral(string literal, out IPAddress? address)
    {
        address = null;
        if (literal.Length < 3 || literal[^1] != ']')
        {
            return false;
        }
        string inner = literal[1..^1];
        return inner.StartsWith("ipv6:", StringComparison.OrdinalIgnoreCase)
            ? IPAddress.TryParse(inner[5..], out address) && address.AddressFamily == AddressFamily.InterNetworkV6
            : inner.Count(c => c == '.') == 3 && IPAddress.TryParse(inner, out address) && address.AddressFamily == AddressFamily.InterNetwork;
    }
}
