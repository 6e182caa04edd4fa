using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire;

/// <summary>One certificate with its key and chain, ready for handshakes. Shared by all connections that use it.</summary>
internal sealed class ServerCertificate
{
    private readonly X509Certificate2 _leaf;
    private readonly X509Certificate2Collection _chain;
    private Tuple<ClientAuthorities, SslStreamCertificateContext>? _asking;

    public ServerCertificate(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        _leaf = leaf;
        _chain = chain;
        IsEcdsa = leaf.GetKeyAlgorithm() == "1.2.840.10045.2.1";
        NotBefore = leaf.NotBefore.ToUniversalTime();
        NotAfter = leaf.NotAfter.ToUniversalTime();
        Names = [.. leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames()).Select(n => n.ToLowerInvariant())];
        EndPointBinding = Bind(leaf);
        // One context for all handshakes: the session tickets of a context open only in the same one.
        // Offline: a handshake never waits for somebody else's server.
        Options = OptionsWith(SslStreamCertificateContext.Create(leaf, chain, offline: true));
        Options.AllowTlsResume = true;
    }

    public SslServerAuthenticationOptions Options { get; }

    public bool IsEcdsa { get; }

    public DateTime NotBefore { get; }

    public DateTime NotAfter { get; }

    /// <summary>DNS names of the subjectAltName, in lower case; the first label may be "*".</summary>
    public string[] Names { get; }

    /// <summary>tls-server-end-point, RFC 5929 §4.1; empty where the signature names no hash.</summary>
    public ReadOnlyMemory<byte> EndPointBinding { get; }

    /// <summary>
    /// Options for one handshake that asks for the client's certificate and goes on without one; the callback is told what came.
    /// </summary>
    public SslServerAuthenticationOptions OptionsAsking(ClientTrust trust, DateTimeOffset now, RemoteCertificateValidationCallback callback)
    {
        ClientAuthorities authorities = trust.Authorities;
        Tuple<ClientAuthorities, SslStreamCertificateContext>? asking = Volatile.Read(ref _asking);
        if (asking is null || asking.Item1 != authorities)
        {
            asking = Tuple.Create(authorities, SslStreamCertificateContext.Create(_leaf, _chain, offline: true, authorities.Trust));
            Volatile.Write(ref _asking, asking);
        }
        SslServerAuthenticationOptions options = OptionsWith(asking.Item2);
        options.ClientCertificateRequired = true; // The platform's word for asking; the callback decides what is required.
        options.AllowTlsResume = false; // A certificate is shown, and judged, each time.
        options.CertificateChainPolicy = trust.PolicyAt(now);
        options.RemoteCertificateValidationCallback = callback;
        return options;
    }

    private static SslServerAuthenticationOptions OptionsWith(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996; RFC 8314 §4.1
        AllowRenegotiation = false,
    };

    private static byte[] Bind(X509Certificate2 leaf)
    {
        HashAlgorithmName? hash = leaf.SignatureAlgorithm.Value switch
        {
            "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" => HashAlgorithmName.SHA256, // MD5, SHA-1: RFC 5929 §4.1 takes SHA-256
            "1.2.840.10045.4.1" => HashAlgorithmName.SHA256, // ECDSA with SHA-1
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            "1.2.840.113549.1.1.10" => PssHash(leaf.RawData),
            _ => null,
        };
        return hash is { } known ? CryptographicOperations.HashData(known, leaf.RawData) : [];
    }

    /// <summary>RSASSA-PSS names its hash in the parameters (RFC 4055 §3.1), by default SHA-1.</summary>
    private static HashAlgorithmName? PssHash(byte[] certificate)
    {
        AsnReader body = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
        body.ReadEncodedValue(); // tbsCertificate
        AsnReader algorithm = body.ReadSequence();
        algorithm.ReadObjectIdentifier();
        AsnReader parameters = algorithm.ReadSequence();
        var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0);
        if (!parameters.HasData || parameters.PeekTag().TagValue != 0)
        {
            return HashAlgorithmName.SHA256;
        }
        return parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier() switch
        {
            "1.3.14.3.2.26" or "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }
}
