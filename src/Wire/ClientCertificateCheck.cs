using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire;

/// <summary>
/// What became of the certificate that a client was asked for in one handshake. A client without one, or with one that is not trusted, still gets its
/// TLS: it may log in otherwise.
/// </summary>
internal sealed class ClientCertificateCheck
{
    /// <summary>The certificate, DER, where it was good; else empty.</summary>
    public ReadOnlyMemory<byte> Verified { get; private set; }

    /// <summary>Why the certificate that was shown is not good; null: it is, or none was shown.</summary>
    public string? Problem { get; private set; }

    /// <summary>The platform has built the chain by <see cref="ClientTrust.PolicyAt"/>; it is asked to go on in any case.</summary>
    public bool Look(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return true;
        }
        if (errors == SslPolicyErrors.None)
        {
            Verified = certificate.GetRawCertData();
            return true;
        }
        IEnumerable<string> reasons = chain?.ChainStatus.Select(s => s.Status.ToString()).Distinct() ?? [];
        Problem = string.Join(", ", reasons.DefaultIfEmpty(errors.ToString()));
        return true;
    }
}
