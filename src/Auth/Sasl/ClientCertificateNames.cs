using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailAccess.Auth.Passwords;

namespace MailAccess.Auth.Sasl;

/// <summary>
/// Reads the names of its owner from a certificate that is trusted already. A name with control characters is none: it would be read in two ways.
/// </summary>
internal static class ClientCertificateNames
{
    private const string CommonName = "2.5.4.3";

    /// <summary>In the order of the certificate; empty where it has no such name, or cannot be read.</summary>
    public static IReadOnlyList<string> Of(ReadOnlyMemory<byte> certificate, CertificateName which)
    {
        try
        {
            using X509Certificate2 read = X509CertificateLoader.LoadCertificate(certificate.Span);
            return [.. (which == CertificateName.Address ? Addresses(read) : CommonNames(read))
                .Where(n => PasswordPreparation.TryGetText(Encoding.UTF8.GetBytes(n), out _))];
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            return [];
        }
    }

    /// <summary>rfc822Name [1] IA5String — RFC 5280 §4.2.1.6.</summary>
    private static string[] Addresses(X509Certificate2 certificate)
    {
        List<string> addresses = [];
        foreach (X509SubjectAlternativeNameExtension extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                Asn1Tag tag = names.PeekTag();
                if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
                {
                    addresses.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }
        return [.. addresses];
    }

    /// <summary>Of two common names none is the right one.</summary>
    private static string[] CommonNames(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(n => !n.HasMultipleElements && n.GetSingleElementType().Value == CommonName)
            .Select(n => n.GetSingleElementValue() ?? "")];
        return names.Length == 1 ? names : [];
    }
}
