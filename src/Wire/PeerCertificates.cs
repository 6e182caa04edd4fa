using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire;

/// <summary>Certificates for connections that we open, from PEM files.</summary>
public static class PeerCertificates
{
    /// <summary>Our own certificate with its chain, for servers that ask for it; null, with the reason among the errors, where it cannot be used.</summary>
    public static SslStreamCertificateContext? LoadOwn(CertificateFiles files, List<string> errors) => PemFiles.Load(files, errors)?.Options.ServerCertificateContext;

    /// <summary>Authorities; null, with the reason among the errors, where there are none.</summary>
    public static X509Certificate2Collection? LoadAuthorities(string path, List<string> errors) => PemFiles.ReadCertificates(path, errors);
}
