using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire;

/// <summary>Whether a client's certificate is looked up in its authority's list of revoked ones.</summary>
public enum RevocationCheck
{
    /// <summary>Not at all: who is to be kept out is taken out of the accounts.</summary>
    None,
    /// <summary>
    /// Asked over the network, by the addresses in the certificates, while the handshake waits. What cannot be asked counts as revoked.
    /// </summary>
    Online,
}

/// <summary>
/// Whose certificates clients of a listener may show: the authorities, replaced without a restart. Nobody else is trusted, neither the system's
/// authorities nor what a client sends along.
/// </summary>
/// <remarks>Loading reads a file and blocks. A certificate counts for as long as the connection lasts.</remarks>
public sealed class ClientTrust
{
    /// <summary>id-kp-clientAuth — RFC 5280 §4.2.1.12: a certificate that names its purposes must name this one.</summary>
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Of one question to an authority; well below the time that a handshake may take.</summary>
    private static readonly TimeSpan RevocationTimeout = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly RevocationCheck _revocation;
    private ClientAuthorities _current;

    private ClientTrust(string path, RevocationCheck revocation, ClientAuthorities authorities)
    {
        _path = path;
        _revocation = revocation;
        _current = authorities;
    }

    /// <summary>The authorities of now.</summary>
    internal ClientAuthorities Authorities => Volatile.Read(ref _current);

    /// <summary>Reads a PEM file of authorities' certificates. Each error names the file and what is wrong with it.</summary>
    public static bool TryLoad(
        string path, RevocationCheck revocation, [NotNullWhen(true)] out ClientTrust? trust, out IReadOnlyList<string> errors)
    {
        ClientAuthorities? authorities = ClientAuthorities.Load(path, out errors);
        trust = authorities is null ? null : new ClientTrust(path, revocation, authorities);
        return trust is not null;
    }

    /// <summary>Reads the file again. With any error the authorities in use stay in use.</summary>
    public bool TryReload(out IReadOnlyList<string> errors)
    {
        if (ClientAuthorities.Load(_path, out errors) is not { } authorities)
        {
            return false;
        }
        Volatile.Write(ref _current, authorities);
        return true;
    }

    /// <summary>The file has changed since it was read. Cheap: ask every minute or so, then reload.</summary>
    public bool HasFileChanged() => PemFiles.Stamp(_path) != Authorities.FileStamp;

    /// <summary>How a certificate is judged at this time.</summary>
    internal X509ChainPolicy PolicyAt(DateTimeOffset now)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = _revocation == RevocationCheck.Online ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            UrlRetrievalTimeout = RevocationTimeout,
            // Else anybody could make us fetch what a certificate of his own names.
            DisableCertificateDownloads = true,
            VerificationTimeIgnored = false,
            VerificationTime = now.LocalDateTime,
        };
        policy.CustomTrustStore.AddRange(Authorities.Certificates);
        policy.ApplicationPolicy.Add(ClientAuthentication);
        return policy;
    }
}

/// <summary>One reading of the authorities' file. Immutable.</summary>
internal sealed class ClientAuthorities
{
    private ClientAuthorities(X509Certificate2Collection certificates, string stamp)
    {
        Certificates = certificates;
        FileStamp = stamp;
        // Their names are sent to clients, so that a client with other certificates shows none of them: RFC 8446 §4.2.4.
        Trust = SslCertificateTrust.CreateForX509Collection(certificates, sendTrustInHandshake: true);
    }

    public X509Certificate2Collection Certificates { get; }

    public SslCertificateTrust Trust { get; }

    public string FileStamp { get; }

    public static ClientAuthorities? Load(string path, out IReadOnlyList<string> errors)
    {
        List<string> found = [];
        errors = found;
        string stamp = PemFiles.Stamp(path); // Before reading: a change in between is seen by the next look.
        X509Certificate2Collection? certificates = PemFiles.ReadCertificates(path, found);
        return certificates is null ? null : new ClientAuthorities(certificates, stamp);
    }
}
