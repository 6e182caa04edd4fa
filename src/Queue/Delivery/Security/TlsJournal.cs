using System.Net;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Counts sessions with the hosts of one domain, in the kinds of RFC 8460 §4.3. Failures of the network are not among them (§4.3.4).</summary>
internal sealed class TlsJournal(TlsOutcomes outcomes, string domain)
{
    private const string NoStartTls = "starttls-not-supported";
    private const string General = "validation-failure";

    /// <summary>The domain's MTA-STS policy could not be had.</summary>
    public void FetchFailed(FetchResult? failure)
    {
        if (failure is { } found)
        {
            string kind = found.Flaw switch
            {
                FetchFlaw.Certificate => "sts-webpki-invalid",
                FetchFlaw.Invalid => "sts-policy-invalid",
                _ => "sts-policy-fetch-error",
            };
            outcomes.Add(domain, null, new TlsFailure(kind, Reason: found.Reason));
        }
    }

    /// <summary>A host was not even called.</summary>
    public void Refused(HostTls terms, HostAddress host, string reason) =>
        outcomes.Add(domain, terms, new TlsFailure(terms.RefusalKind ?? General, null, host.Host, host.Address.ToString(), reason));

    /// <summary>There is a session; a policy that is only tested may have failed all the same.</summary>
    public void Opened(HostTls terms, HostAddress host, IPAddress? local, bool isEncrypted, CertificateFlaw? flaw)
    {
        if (terms.Policy == TlsPolicy.Never)
        {
            return; // Nobody wanted TLS, or its failure is counted already.
        }
        bool isTested = terms.Sts is not null && !terms.MustVerify;
        (string? kind, string? reason) = !isEncrypted ? (NoStartTls, null)
            : isTested && terms.RefusalKind is { } refusal ? (refusal, "the mail exchanger is not in the policy")
            : isTested && flaw is { } found ? KindOf(found)
            : (null, null);
        outcomes.Add(domain, terms, kind is null ? null : new TlsFailure(kind, local?.ToString(), host.Host, host.Address.ToString(), reason));
    }

    /// <summary>There is none, because of TLS.</summary>
    public void NotEncrypted(HostTls terms, HostAddress host, IPAddress? local, PeerVerifier verifier, SmtpReply reply)
    {
        (string? kind, string? reason) = reply == SmtpSession.TlsUnavailable ? (NoStartTls, null)
            : verifier is { IsRefused: true, Flaw: { } flaw } ? KindOf(flaw)
            : (General, reply.Text);
        outcomes.Add(domain, terms, new TlsFailure(kind ?? General, local?.ToString(), host.Host, host.Address.ToString(), reason));
    }

    private static (string? Kind, string? Reason) KindOf(CertificateFlaw flaw) => flaw switch
    {
        CertificateFlaw.None => (null, null),
        CertificateFlaw.Expired => ("certificate-expired", null),
        CertificateFlaw.OtherName => ("certificate-host-mismatch", null),
        CertificateFlaw.NoTlsaMatch => (General, "no TLSA record fits the certificate"),
        _ => ("certificate-not-trusted", null),
    };
}
