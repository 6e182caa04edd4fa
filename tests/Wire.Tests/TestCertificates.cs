using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailAccess.Wire.Tests;

/// <summary>A folder of PEM files made for one test: a root, an intermediate, and leaves below it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("wire").FullName;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;

    public TestCertificates()
    {
        _root = Authority("CN=Test Root", null);
        _intermediate = Authority("CN=Test Intermediate", _root);
    }

    public string Folder => _folder;

    public X509Certificate2 Root => _root;

    /// <summary>Writes a leaf, its chain and its key, and loads nothing.</summary>
    public CertificateFiles Write(
        string file, string[] names, bool rsa = false, HashAlgorithmName? hash = null, RSASignaturePadding? padding = null)
    {
        using var ecdsaKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsaKey = RSA.Create(2048);
        HashAlgorithmName algorithm = hash ?? HashAlgorithmName.SHA256;
        CertificateRequest request = rsa
            ? new($"CN={file}", rsaKey, algorithm, padding ?? RSASignaturePadding.Pkcs1)
            : new($"CN={file}", ecdsaKey, algorithm);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        using X509Certificate2 leaf = padding is null && !(rsa && hash is not null)
            ? request.Create(_intermediate.SubjectName, Generator(_intermediate), Start, End, RandomNumberGenerator.GetBytes(8))
            : request.CreateSelfSigned(Start, End);
        var files = new CertificateFiles(Path.Combine(_folder, file + ".pem"), Path.Combine(_folder, file + ".key"));
        File.WriteAllText(files.CertificatePath, leaf.ExportCertificatePem() + "\n" + _intermediate.ExportCertificatePem() + "\n");
        File.WriteAllText(files.KeyPath, rsa ? rsaKey.ExportPkcs8PrivateKeyPem() : ecdsaKey.ExportPkcs8PrivateKeyPem());
        return files;
    }

    /// <summary>A client's certificate, by the intermediate authority, which comes with it in <paramref name="sent"/>; or signed by itself.</summary>
    public X509Certificate2 Client(
        string address, out X509Certificate2Collection sent, DateTimeOffset? end = null, string? purpose = null, bool isSelfSigned = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Client", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        alternatives.AddEmailAddress(address);
        request.CertificateExtensions.Add(alternatives.Build());
        if (purpose is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        }
        DateTimeOffset last = end ?? End;
        using X509Certificate2 leaf = isSelfSigned
            ? request.CreateSelfSigned(Start, last)
            : request.Create(_intermediate.SubjectName, Generator(_intermediate), Start, last, RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
        sent = [X509CertificateLoader.LoadCertificate(_intermediate.RawData)];
        return X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>The file of authorities that clients' certificates are judged by.</summary>
    public string WriteAuthorities(params X509Certificate2[] authorities)
    {
        string path = Path.Combine(_folder, "authorities.pem");
        File.WriteAllText(path, string.Join('\n', authorities.Select(a => a.ExportCertificatePem())) + "\n");
        return path;
    }

    public static TlsCertificates Load(params CertificateFiles[] files)
    {
        Assert.True(TlsCertificates.TryLoad(files, out TlsCertificates? certificates, out IReadOnlyList<string> errors), string.Join('\n', errors));
        return certificates;
    }

    public void Dispose()
    {
        _root.Dispose();
        _intermediate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509SignatureGenerator Generator(X509Certificate2 issuer) => X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!);

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        if (issuer is null)
        {
            request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            return request.CreateSelfSigned(Start, End);
        }
        return request.Create(issuer.SubjectName, Generator(issuer), Start, End, RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }
}
