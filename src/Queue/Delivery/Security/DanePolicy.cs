using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Dns;

namespace MailAccess.Queue;

/// <summary>The secure TLSA records of one server, and what they demand. RFC 7672 §3, RFC 7671 §5.</summary>
internal sealed class DanePolicy
{
    private const byte TrustAnchor = 2;
    private const byte EndEntity = 3;

    private readonly TlsaRecord[] _usable;

    /// <param name="baseDomain">Where the records were found, without the port's labels.</param>
    /// <param name="records">At least one.</param>
    public DanePolicy(string baseDomain, IReadOnlyList<TlsaRecord> records)
    {
        BaseDomain = baseDomain;
        Records = records;
        TlsaRecord[] usable = [.. records.Where(IsUsable)];
        // "a matching type of Full(0) and the usable records whose digest algorithm is ... the strongest": RFC 7671 §9.
        _usable = [.. usable.Where(r => r.MatchingType == 0
            || !usable.Any(o => (o.Usage, o.Selector) == (r.Usage, r.Selector) && o.MatchingType > r.MatchingType))];
    }

    /// <summary>The TLSA base domain, RFC 7672 §2.2.3: the first name that a certificate under a trust anchor may bear.</summary>
    public string BaseDomain { get; }

    /// <summary>All that were published.</summary>
    public IReadOnlyList<TlsaRecord> Records { get; }

    /// <summary>The server must prove itself by them. Else TLS is needed, but no proof: RFC 7672 §2.2.</summary>
    public bool IsUsableAtAll => _usable.Length > 0;

    /// <summary>Whether what the server presented is what DNS says.</summary>
    /// <param name="leaf">The server's own certificate.</param>
    /// <param name="others">The rest of what it sent.</param>
    /// <param name="names">Reference identifiers for certificates under a trust anchor. RFC 7672 §3.2.2.</param>
    public CertificateFlaw Check(X509Certificate2 leaf, X509Certificate2Collection others, IReadOnlyList<string> names)
    {
        // Neither names nor dates concern DANE-EE: RFC 7672 §3.1.1.
        if (_usable.Any(r => r.Usage == EndEntity && IsMatch(r, leaf)))
        {
            return CertificateFlaw.None;
        }
        CertificateFlaw flaw = CertificateFlaw.NoTlsaMatch;
        foreach (X509Certificate2 anchor in others.Concat(Published()).Where(c => _usable.Any(r => r.Usage == TrustAnchor && IsMatch(r, c))))
        {
            CertificateFlaw found = CheckUnder(anchor, leaf, others);
            if (found == CertificateFlaw.None)
            {
                return CertificateNames.Match(leaf, names, allowsCommonName: true) ? CertificateFlaw.None : CertificateFlaw.OtherName;
            }
            flaw = found;
        }
        return flaw;
    }

    private static bool IsUsable(TlsaRecord record) => record is { Usage: TrustAnchor or EndEntity, Selector: 0 or 1 }
        && record.MatchingType switch
        {
            0 => record.Data.Length > 0,
            1 => record.Data.Length == SHA256.HashSizeInBytes,
            2 => record.Data.Length == SHA512.HashSizeInBytes,
            _ => false,
        };

    private static bool IsMatch(TlsaRecord record, X509Certificate2 certificate)
    {
        byte[] selected = record.Selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return record.Data.Span.SequenceEqual(record.MatchingType switch
        {
            0 => selected,
            1 => SHA256.HashData(selected),
            _ => SHA512.HashData(selected),
        });
    }

    // A trust anchor that stands whole in DNS ("2 0 0") need not be sent. RFC 7671 §5.2.2.
    private IEnumerable<X509Certificate2> Published()
    {
        foreach (TlsaRecord record in _usable.Where(r => r is { Usage: TrustAnchor, Selector: 0, MatchingType: 0 }))
        {
            X509Certificate2? certificate = null;
            try
            {
                certificate = X509CertificateLoader.LoadCertificate(record.Data.Span);
            }
            catch (CryptographicException)
            {
                // Not a certificate: it anchors nothing.
            }
            if (certificate is not null)
            {
                yield return certificate;
            }
        }
    }

    // The path from the server's certificate up to the anchor must be right; what lies above the anchor does not concern us.
    private static CertificateFlaw CheckUnder(X509Certificate2 anchor, X509Certificate2 leaf, X509Certificate2Collection others)
    {
        using X509Chain chain = new();
        chain.ChainPolicy = CertificateChains.NewPolicy();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(anchor);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        chain.Build(leaf);
        X509ChainStatusFlags found = X509ChainStatusFlags.NoError;
        bool isReached = false;
        foreach (X509ChainElement element in chain.ChainElements)
        {
            found |= element.ChainElementStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
            isReached = element.Certificate.RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span);
            if (isReached)
            {
                break;
            }
        }
        found &= ~(X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation);
        return !isReached ? CertificateFlaw.Untrusted : CertificateChains.FlawOf(found);
    }
}
