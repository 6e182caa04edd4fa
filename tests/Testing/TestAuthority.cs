using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Testing;

/// <summary>A certificate authority made for one test; it lives in memory only. Dates are around the real time, since that is what chains are checked against.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _own;

    private TestAuthority(X509Certificate2 own) => _own = own;

    /// <summary>Its certificate, without the key.</summary>
    public X509Certificate2 Certificate => X509CertificateLoader.LoadCertificate(_own.RawData);

    /// <summary>One that signs itself.</summary>
    public static TestAuthority Create(string name = "Test root")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = RequestFor(name, key, isAuthority: true).CreateSelfSigned(Day(-400), Day(400));
        return new TestAuthority(WithKey(made, null));
    }

    /// <summary>One below this.</summary>
    public TestAuthority CreateBelow(string name = "Test intermediate") => new(Issue(RequestFor, name, true, Day(-300), Day(300)));

    /// <summary>A server's certificate, with its key, for these names and addresses.</summary>
    public X509Certificate2 Issue(params IEnumerable<string> names) => Issue(Day(-10), Day(10), names);

    /// <summary>The same, with its dates.</summary>
    public X509Certificate2 Issue(DateTimeOffset from, DateTimeOffset to, params IEnumerable<string> names)
    {
        string[] all = [.. names];
        return Issue(Request, all.FirstOrDefault() ?? "nobody", false, from, to);

        CertificateRequest Request(string name, ECDsa key, bool isAuthority)
        {
            CertificateRequest request = RequestFor(name, key, isAuthority);
            SubjectAlternativeNameBuilder alternatives = new();
            foreach (string alternative in all)
            {
                if (IPAddress.TryParse(alternative, out IPAddress? address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(alternative);
                }
            }
            if (all.Length > 0)
            {
                request.CertificateExtensions.Add(alternatives.Build());
            }
            return request;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _own.Dispose();

    /// <summary>So many days from now.</summary>
    public static DateTimeOffset Day(int days) => TimeProvider.System.GetUtcNow().AddDays(days);

    private X509Certificate2 Issue(Func<string, ECDsa, bool, CertificateRequest> request, string name, bool isAuthority, DateTimeOffset from, DateTimeOffset to)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = request(name, key, isAuthority).Create(_own, from, to, RandomNumberGenerator.GetBytes(12));
        return WithKey(made, key);
    }

    private static CertificateRequest RequestFor(string name, ECDsa key, bool isAuthority)
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
        return request;
    }

    private static X509Certificate2 WithKey(X509Certificate2 made, ECDsa? key)
    {
        using X509Certificate2? joined = key is null ? null : made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12((joined ?? made).Export(X509ContentType.Pkcs12), null);
    }
}
