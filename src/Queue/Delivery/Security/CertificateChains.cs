using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Queue;

/// <summary>What is wrong with a server's certificate, in the kinds that reports tell apart. RFC 8460 §4.3.</summary>
internal enum CertificateFlaw
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>No authority that is trusted has signed it, or it is not made for servers, or there is none.</summary>
    Untrusted,
    /// <summary>Its time is over, or has not come.</summary>
    Expired,
    /// <summary>It is somebody else's.</summary>
    OtherName,
    /// <summary>No TLSA record fits it.</summary>
    NoTlsaMatch,
}

/// <summary>Chains up to an authority that we trust. Nothing is fetched for them: what the server does not send is missing.</summary>
internal static class CertificateChains
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>For one chain; the system's authorities.</summary>
    public static X509ChainPolicy NewPolicy()
    {
        X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        return policy;
    }

    /// <summary>Whether the authorities among these, which are trusted besides the system's, vouch for the certificate.</summary>
    public static CertificateFlaw CheckUnder(X509Certificate2Collection trusted, X509Certificate2 leaf, X509Certificate2Collection others)
    {
        using X509Chain chain = new();
        chain.ChainPolicy = NewPolicy();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        return chain.Build(leaf) ? CertificateFlaw.None : FlawOf(StatusOf(chain));
    }

    /// <summary>All that is wrong somewhere in the chain.</summary>
    public static X509ChainStatusFlags StatusOf(X509Chain chain) => chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);

    /// <summary>In our words. A chain that is expired and nothing else is expired; everything else makes it untrusted.</summary>
    public static CertificateFlaw FlawOf(X509ChainStatusFlags status) => status switch
    {
        X509ChainStatusFlags.NoError => CertificateFlaw.None,
        X509ChainStatusFlags.NotTimeValid => CertificateFlaw.Expired,
        _ => CertificateFlaw.Untrusted,
    };
}
