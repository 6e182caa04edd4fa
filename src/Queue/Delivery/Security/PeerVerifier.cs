using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Queue;

/// <summary>What is known of who is at the other end. The words are those that readers of maillog know.</summary>
internal enum PeerTrust
{
    /// <summary>Encrypted, with anybody.</summary>
    Untrusted,
    /// <summary>Somebody for whom a trusted authority vouches; the name was not asked, or not learned safely.</summary>
    Trusted,
    /// <summary>The host that we meant.</summary>
    Verified,
}

/// <summary>Looks at the certificate of one server in one handshake, and remembers what it saw.</summary>
internal sealed class PeerVerifier(HostTls terms, X509Certificate2Collection? trusted, SslStreamCertificateContext? clientCertificate)
{
    /// <summary>What was demanded.</summary>
    public HostTls Terms { get; } = terms;

    /// <summary>Offered to a server that asks; null: none.</summary>
    public SslStreamCertificateContext? ClientCertificate { get; } = clientCertificate;

    /// <summary>After the handshake.</summary>
    public PeerTrust Trust { get; private set; }

    /// <summary>What was wrong, whether or not it mattered; null: there was no handshake that came so far.</summary>
    public CertificateFlaw? Flaw { get; private set; }

    /// <summary>The handshake ended because of the certificate.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Options for the handshake. The name goes into SNI: the TLSA base domain where there is one (RFC 7672 §8.1), else the host's.</summary>
    [SuppressMessage("Security", "CA5359", Justification = "The terms decide; an unverified certificate is better than plaintext (RFC 7435 §3).")]
    public SslClientAuthenticationOptions OptionsFor(string host) => new()
    {
        TargetHost = Terms.Dane?.BaseDomain ?? host,
        CertificateChainPolicy = CertificateChains.NewPolicy(),
        ClientCertificateContext = ClientCertificate,
        AllowTlsResume = !Terms.MustVerify && !Terms.UsesDane, // A proof is shown, and judged, each time.
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Check(certificate as X509Certificate2, chain, errors),
    };

    /// <summary>The decision. Pure but for what it remembers.</summary>
    public bool Check(X509Certificate2? leaf, X509Chain? chain, SslPolicyErrors errors)
    {
        CertificateFlaw flaw = leaf is null ? CertificateFlaw.Untrusted
            : Terms.UsesDane ? Terms.Dane!.Check(leaf, chain?.ChainPolicy.ExtraStore ?? [], Terms.Names)
            : CheckPki(leaf, chain, errors);
        bool isAsked = Terms.MustVerify || Terms.UsesDane;
        Flaw = flaw;
        Trust = flaw switch
        {
            CertificateFlaw.None => isAsked && Terms.IsHostCertain ? PeerTrust.Verified : PeerTrust.Trusted,
            CertificateFlaw.OtherName => PeerTrust.Trusted,
            _ => PeerTrust.Untrusted,
        };
        IsRefused = isAsked && flaw != CertificateFlaw.None;
        return !IsRefused;
    }

    private CertificateFlaw CheckPki(X509Certificate2 leaf, X509Chain? chain, SslPolicyErrors errors)
    {
        CertificateFlaw flaw = CertificateFlaw.None;
        if (chain is null || (errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            flaw = chain is null ? CertificateFlaw.Untrusted : CertificateChains.FlawOf(CertificateChains.StatusOf(chain));
            if (trusted is { Count: > 0 })
            {
                flaw = CertificateChains.CheckUnder(trusted, leaf, chain?.ChainPolicy.ExtraStore ?? []);
            }
        }
        bool isNamed = Terms.Names.Count == 0 || CertificateNames.Match(leaf, Terms.Names, allowsCommonName: !Terms.DnsNamesOnly);
        return flaw == CertificateFlaw.None && !isNamed ? CertificateFlaw.OtherName : flaw;
    }
}
