using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MailAccess.Testing;

namespace MailAccess.EndToEnd.Logins;

/// <summary>
/// A server that takes passwords by every mechanism, certificates of an authority of the test, and JSON Web Tokens of an issuer of the test, whose keys it
/// fetches over the loopback interface.
/// </summary>
public sealed class LoginServer : IAsyncLifetime
{
    private const string Issuer = "https://login.example.test";
    private const string Audience = "mail.example.test";
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-logins-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256); // Its signatures are short: msmtp reads lines of 500 characters at most.
    private readonly ECDsa _strangersKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly HttpListener _keys = new();
    private Task _serving = Task.CompletedTask;
    private DemoServer? _server;

    /// <summary>The running server.</summary>
    public DemoServer Server => _server!;

    /// <summary>How often the issuer's keys were asked for.</summary>
    public int KeyRequests { get; private set; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        int port = FreePorts.Next();
        _keys.Prefixes.Add($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/");
        _keys.Start();
        _serving = ServeKeysAsync();
        MakeCertificates();
        string data = Path.Combine(_folder, "data");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(data, "passwd"), "alice@example.test:{PLAIN}demo::::::\nbob@example.test:{PLAIN}demo::::::\n");
        _server = await DemoServer.StartAsync(data, new()
        {
            ["MAILACCESS_TLS__CLIENTCERTIFICATES__AUTHORITIES"] = PathOf("clients-ca.pem"),
            ["MAILACCESS_OAUTH__ISSUER"] = Issuer,
            ["MAILACCESS_OAUTH__KEYSET"] = $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/keys",
            ["MAILACCESS_OAUTH__AUDIENCES"] = Audience,
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        _keys.Close();
        await _serving;
        _key.Dispose();
        _strangersKey.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A file of the test's: <c>alice.pem</c> and <c>alice.key</c> of the authority, <c>stranger.pem</c> and <c>stranger.key</c> of another.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>A token that opens alice's account for an hour; or one that does not, in one respect.</summary>
    public string Token(string audience = Audience, int lifetimeSeconds = 3600, bool isStrangers = false)
    {
        string header = Encode(new { alg = "ES256", typ = "JWT", kid = "e1" });
        string claims = Encode(new { iss = Issuer, aud = audience, exp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + lifetimeSeconds, email = "alice@example.test" });
        byte[] signature = (isStrangers ? _strangersKey : _key).SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256);
        return $"{header}.{claims}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(object json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));

    private async Task ServeKeysAsync()
    {
        ECParameters parameters = _key.ExportParameters(false);
        byte[] set = JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new[] { new { kty = "EC", crv = "P-256", kid = "e1", use = "sig", x = Base64Url.EncodeToString(parameters.Q.X), y = Base64Url.EncodeToString(parameters.Q.Y) } },
        });
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _keys.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or InvalidOperationException)
            {
                return; // The end of the tests.
            }
            KeyRequests++;
            context.Response.ContentType = "application/jwk-set+json";
            await context.Response.OutputStream.WriteAsync(set);
            context.Response.Close();
        }
    }

    private void MakeCertificates()
    {
        using X509Certificate2 authority = Authority("CN=Clients");
        using X509Certificate2 other = Authority("CN=Strangers");
        File.WriteAllText(PathOf("clients-ca.pem"), authority.ExportCertificatePem());
        MakeClient("alice", authority);
        MakeClient("stranger", other);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
    }

    /// <summary>Both are alice's by their address; only one authority is trusted.</summary>
    private void MakeClient(string name, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + name, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddEmailAddress("alice@example.test");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.Create(authority, now.AddHours(-1), now.AddDays(1), [1, 2, 3, (byte)name.Length]);
        File.WriteAllText(PathOf(name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf(name + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(PathOf(name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
