using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace MailAccess.Smtp;

/// <summary>Domains of addresses as they are compared and looked up.</summary>
public static partial class MailDomain
{
    private const string Prefix = "xn--";

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

    /// <summary>The same of an entry in a list of domains, which may have <c>!</c> and a dot before it; as it is where no such name can be in the DNS.</summary>
    public static string NormalizeEntry(string entry)
    {
        int start = entry.AsSpan().IndexOfAnyExcept('!', '.');
        return start >= 0 && TryNormalize(entry[start..], out string name) ? entry[..start] + name : entry;
    }

    /// <summary>The name with U-labels for its A-labels, where those are valid; null: it has none. The name comes as <see cref="TryNormalize"/> writes it.</summary>
    public static string? ToUnicode(string name)
    {
        if (!name.Contains(Prefix, StringComparison.Ordinal))
        {
            return null;
        }
        string unicode = ALabel().Replace(name, label => Decode(label.Value));
        return unicode == name ? null : unicode;
    }

    // Both ways, so that nobody passes for a domain whose A-label is another: capitals can be encoded too, and tables know no case.
    private static string Decode(string label)
    {
        try
        {
            string decoded = Idn.GetUnicode(label);
            return TryNormalize(decoded, out string encoded) && encoded == label ? decoded : label;
        }
        catch (ArgumentException)
        {
            return label;
        }
    }

    [GeneratedRegex("(?<![a-z0-9_-])xn--[a-z0-9-]+")]
    private static partial Regex ALabel();

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
