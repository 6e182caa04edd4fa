using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Dns;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Certificates against TLSA records. RFC 7672 §3, RFC 7671 §5 and §9.</summary>
public sealed class DanePolicyTests : IDisposable
{
    private readonly TestAuthority _root = TestAuthority.Create();
    private readonly TestAuthority _middle;
    private readonly X509Certificate2 _leaf;

    public DanePolicyTests()
    {
        _middle = _root.CreateBelow();
        _leaf = _middle.Issue("mx.far.test");
    }

    public void Dispose()
    {
        _root.Dispose();
        _middle.Dispose();
        _leaf.Dispose();
    }

    internal static TlsaRecord Record(byte usage, byte selector, byte type, X509Certificate2 certificate)
    {
        byte[] selected = selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return new TlsaRecord(usage, selector, type, type switch { 0 => selected, 1 => SHA256.HashData(selected), _ => SHA512.HashData(selected) });
    }

    private static DanePolicy Policy(params TlsaRecord[] records) => new("mx.far.test", records);

    private CertificateFlaw Check(DanePolicy policy, X509Certificate2? leaf = null, string name = "mx.far.test") =>
        policy.Check(leaf ?? _leaf, [_middle.Certificate, _root.Certificate], [name]);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Each_form_of_a_record_fits_its_certificate_and_no_other(byte type)
    {
        using X509Certificate2 other = _middle.Issue("mx.far.test");
        for (byte selector = 0; selector <= 1; selector++)
        {
            Assert.Equal(CertificateFlaw.None, Check(Policy(Record(3, selector, type, _leaf))));
            Assert.Equal(CertificateFlaw.NoTlsaMatch, Check(Policy(Record(3, selector, type, other))));
            Assert.Equal(CertificateFlaw.None, Check(Policy(Record(2, selector, type, _middle.Certificate))));
            Assert.Equal(CertificateFlaw.None, Check(Policy(Record(2, selector, type, _root.Certificate))));
            Assert.NotEqual(CertificateFlaw.None, Check(Policy(Record(2, selector, type, other))));
        }
    }

    [Fact]
    public void Of_the_servers_own_certificate_neither_name_nor_dates_count() // RFC 7672 §3.1.1
    {
        using X509Certificate2 old = _middle.Issue(TestAuthority.Day(-40), TestAuthority.Day(-20), "somebody.else.test");
        Assert.Equal(CertificateFlaw.None, Check(Policy(Record(3, 1, 1, old)), old));
    }

    [Fact]
    public void Under_a_trust_anchor_name_and_dates_count() // RFC 7672 §3.2.2
    {
        TlsaRecord anchor = Record(2, 0, 1, _middle.Certificate);
        using X509Certificate2 old = _middle.Issue(TestAuthority.Day(-40), TestAuthority.Day(-20), "mx.far.test");
        Assert.Equal(CertificateFlaw.Expired, Check(Policy(anchor), old));
        Assert.Equal(CertificateFlaw.OtherName, Check(Policy(anchor), name: "mx.other.test"));
        using X509Certificate2 nameless = _middle.Issue();
        Assert.Equal(CertificateFlaw.None, Check(Policy(anchor), nameless, "nobody")); // CN-ID, RFC 7672 §3.2.3
    }

    [Fact]
    public void A_certificate_that_the_anchor_did_not_sign_does_not_pass_for_its_name()
    {
        using TestAuthority impostor = _root.CreateBelow(); // The same name, another key.
        using X509Certificate2 forged = impostor.Issue("mx.far.test");
        Assert.NotEqual(CertificateFlaw.None, Check(Policy(Record(2, 0, 1, _middle.Certificate)), forged));
        Assert.NotEqual(CertificateFlaw.None, Check(Policy(Record(2, 1, 0, _middle.Certificate)), forged));
        Assert.NotEqual(CertificateFlaw.None, Policy(Record(2, 0, 1, _middle.Certificate)).Check(forged, [_middle.Certificate, impostor.Certificate], ["mx.far.test"]));
    }

    [Fact]
    public void A_server_cannot_sign_for_others()
    {
        using X509Certificate2 server = _root.Issue("evil.test");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.far.test", key, HashAlgorithmName.SHA256);
        X509SignatureGenerator signer = X509SignatureGenerator.CreateForECDsa(server.GetECDsaPrivateKey()!);
        using X509Certificate2 forged = request.Create(server.SubjectName, signer, TestAuthority.Day(-1), TestAuthority.Day(1), [1, 2, 3]);
        DanePolicy policy = Policy(Record(2, 0, 1, _root.Certificate));
        Assert.NotEqual(CertificateFlaw.None, policy.Check(forged, [server, _root.Certificate], ["mx.far.test"]));
    }

    [Fact]
    public void An_anchor_that_the_server_does_not_send_counts_only_where_dns_has_it_whole() // RFC 7671 §5.2
    {
        X509Certificate2Collection sent = [_middle.Certificate];
        Assert.Equal(CertificateFlaw.None, Policy(Record(2, 0, 0, _root.Certificate)).Check(_leaf, sent, ["mx.far.test"]));
        Assert.Equal(CertificateFlaw.NoTlsaMatch, Policy(Record(2, 0, 1, _root.Certificate)).Check(_leaf, sent, ["mx.far.test"]));
    }

    [Fact]
    public void Records_that_are_not_for_smtp_or_not_well_formed_are_unusable() // RFC 7672 §3.1.3
    {
        TlsaRecord[] records =
        [
            Record(0, 0, 1, _root.Certificate), Record(1, 1, 1, _leaf), new(3, 2, 1, new byte[32]), new(3, 1, 3, new byte[32]),
            new(3, 1, 1, new byte[31]), new(3, 1, 2, new byte[32]), new(4, 1, 1, new byte[32]), new(3, 1, 0, Array.Empty<byte>()),
        ];
        Assert.All(records, r => Assert.False(Policy(r).IsUsableAtAll, r.ToString()));
        Assert.True(Policy([.. records, Record(3, 1, 1, _leaf)]).IsUsableAtAll);
    }

    [Fact]
    public void The_strongest_digest_decides_and_whole_records_always_count() // RFC 7671 §9
    {
        using X509Certificate2 other = _middle.Issue("x.test");
        Assert.Equal(CertificateFlaw.NoTlsaMatch, Check(Policy(Record(3, 1, 1, _leaf), Record(3, 1, 2, other))));
        Assert.Equal(CertificateFlaw.None, Check(Policy(Record(3, 1, 0, _leaf), Record(3, 1, 2, other))));
        Assert.Equal(CertificateFlaw.None, Check(Policy(Record(3, 1, 1, _leaf), Record(3, 0, 2, other)))); // Another selector.
        Assert.Equal(CertificateFlaw.None, Check(Policy(Record(3, 1, 1, _leaf), new TlsaRecord(3, 1, 2, new byte[5])))); // Malformed: no rival.
    }

    [Theory]
    [InlineData("mx.far.test", "MX.far.test.", true)]
    [InlineData("*.far.test", "mx.far.test", true)]
    [InlineData("*.far.test", "far.test", false)]
    [InlineData("*.far.test", "a.mx.far.test", false)]
    [InlineData("m*.far.test", "mx.far.test", false)]
    [InlineData("*", "test", false)]
    [InlineData("mx.far.test", ".far.test", true)]
    [InlineData("far.test", ".far.test", false)]
    [InlineData("mxfar.test", ".far.test", false)]
    [InlineData("*.far.test", ".far.test", true)]
    [InlineData("", "", false)]
    public void Names_match_label_by_label(string presented, string reference, bool expected) // RFC 7672 §3.2.3, RFC 8461 §4.1
        => Assert.Equal(expected, CertificateNames.Matches(presented, reference));
}
