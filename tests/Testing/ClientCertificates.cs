using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Testing;

/// <summary>Certificates of clients, as a session gets them: verified, so that nobody looks at who has signed.</summary>
public static class ClientCertificates
{
    /// <summary>DER, with these mail addresses as subject alternative names.</summary>
    public static byte[] For(params IEnumerable<string> addresses) => WithSubject("CN=somebody", addresses);

    /// <summary>DER, with this subject too.</summary>
    public static byte[] WithSubject(string subject, params IEnumerable<string> addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("client.example.test");
        foreach (string address in addresses)
        {
            names.AddEmailAddress(address);
        }
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using X509Certificate2 certificate = request.CreateSelfSigned(start, start.AddYears(50));
        return certificate.RawData;
    }
}
