using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Queue;

/// <summary>Whose certificate it is. RFC 6125 §6.4 as RFC 7672 §3.2.3 and RFC 8461 §4.1 narrow it: a wildcard is the whole first label and stands for one label.</summary>
internal static class CertificateNames
{
    private const string AnyLabel = "*.";

    /// <summary>Whether the certificate is for one of the reference identifiers: a host's or domain's name, an address, or <c>.example.org</c> for all names below it.</summary>
    /// <param name="certificate">As presented.</param>
    /// <param name="references">In ASCII, without final dot.</param>
    /// <param name="allowsCommonName">The subject's common name counts where there is no DNS name (CN-ID).</param>
    public static bool Match(X509Certificate2 certificate, IEnumerable<string> references, bool allowsCommonName)
    {
        (IReadOnlyList<string> names, IReadOnlyList<System.Net.IPAddress> addresses) = NamesOf(certificate, allowsCommonName);
        return references.Any(r => System.Net.IPAddress.TryParse(r, out System.Net.IPAddress? address)
            ? addresses.Contains(address)
            : names.Any(n => Matches(n, r)));
    }

    /// <summary>Whether a presented name, or a pattern of an MTA-STS policy, covers a reference identifier.</summary>
    public static bool Matches(string presented, string reference)
    {
        string name = presented.TrimEnd('.');
        string wanted = reference.TrimEnd('.');
        if (name.Length == 0 || wanted.Length == 0)
        {
            return false;
        }
        if (wanted[0] == '.')
        {
            return name.Length > wanted.Length && name.EndsWith(wanted, StringComparison.OrdinalIgnoreCase);
        }
        if (!name.StartsWith(AnyLabel, StringComparison.Ordinal))
        {
            return name.Equals(wanted, StringComparison.OrdinalIgnoreCase);
        }
        int dot = wanted.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && name.AsSpan(1).Equals(wanted.AsSpan(dot), StringComparison.OrdinalIgnoreCase);
    }

    private static (IReadOnlyList<string> Names, IReadOnlyList<System.Net.IPAddress> Addresses) NamesOf(X509Certificate2 certificate, bool allowsCommonName)
    {
        try
        {
            X509SubjectAlternativeNameExtension? extension = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
            string[] names = extension is null ? [] : [.. extension.EnumerateDnsNames()];
            if (names.Length == 0 && allowsCommonName)
            {
                string common = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
                names = common.Length > 0 ? [common] : [];
            }
            return (names, extension is null ? [] : [.. extension.EnumerateIPAddresses()]);
        }
        catch (CryptographicException)
        {
            return ([], []); // An extension that cannot be read names nobody.
        }
    }
}
