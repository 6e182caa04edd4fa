using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MailAccess.Server.Demo;

/// <summary>
/// The demo's own certificate authority and the server certificate it signs, as PEM files in a folder. ECDSA P-256.
/// </summary>
/// <remarks>A program that trusts <c>ca.pem</c> needs no exception. The authority's key stays in the folder, readable by its owner only.</remarks>
internal sealed class DemoCertificates(string folder, TimeProvider clock)
{
    private static readonly TimeSpan CaLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan ServerLifetime = TimeSpan.FromDays(397); // Apple refuses more: 398 days.
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public string CaFile => Path.Combine(folder, "ca.pem");

    public string ChainFile => Path.Combine(folder, "server.pem");

    public string KeyFile => Path.Combine(folder, "server.key");

    private string CaKeyFile => Path.Combine(folder, "ca.key");

    /// <summary>Makes what is missing or about to expire.</summary>
    public void Ensure(IReadOnlyList<string> dnsNames)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        DateTimeOffset now = clock.GetUtcNow();
        if (!IsGood(CaFile, now, []))
        {
            MakeCa(now);
            File.Delete(ChainFile);
        }
        if (!File.Exists(KeyFile) || !IsGood(ChainFile, now, dnsNames))
        {
            MakeServer(now, dnsNames);
        }
    }

    private static bool IsGood(string file, DateTimeOffset now, IReadOnlyList<string> dnsNames)
    {
        if (!File.Exists(file))
        {
            return false;
        }
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(file);
            return certificate.NotAfter.ToUniversalTime() > (now + RenewBefore).UtcDateTime && dnsNames.All(n => certificate.MatchesHostname(n));
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private void MakeCa(DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=MailAccess demo authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now + CaLifetime);
        WritePrivate(CaKeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CaFile, certificate.ExportCertificatePem() + "\n");
    }

    private void MakeServer(DateTimeOffset now, IReadOnlyList<string> dnsNames)
    {
        using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(CaFile, CaKeyFile);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={dnsNames[0]}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // serverAuth
        SubjectAlternativeNameBuilder names = new();
        foreach (string name in dnsNames)
        {
            names.AddDnsName(name);
        }
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        DateTimeOffset end = now + ServerLifetime;
        using X509Certificate2 certificate = request.Create(authority, now.AddDays(-1), end < authority.NotAfter ? end : authority.NotAfter, serial);
        WritePrivate(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(ChainFile, $"{certificate.ExportCertificatePem()}\n{File.ReadAllText(CaFile)}");
    }

    private static void WritePrivate(string file, string text)
    {
        File.Delete(file);
        using FileStream stream = new(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        stream.Write(Encoding.ASCII.GetBytes(text + "\n"));
    }
}
