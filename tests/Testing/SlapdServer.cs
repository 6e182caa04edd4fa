using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace MailAccess.Testing;

/// <summary>A real OpenLDAP server on free ports of this machine, in a folder of its own, below <c>dc=example,dc=test</c>.</summary>
public sealed class SlapdServer : IAsyncDisposable
{
    /// <summary>An entry that may read everything; its password is <see cref="ReaderPassword"/>. Nobody else may read anything.</summary>
    public const string Reader = "cn=reader,dc=example,dc=test";

    /// <summary>Of <see cref="Reader"/>.</summary>
    public const string ReaderPassword = "directory secret";

    private const string Program = "/usr/sbin/slapd";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("mailaccess-slapd-").FullName;
    private readonly int _port = FreePorts.Next();
    private readonly int _tlsPort = FreePorts.Next();
    private Process? _process;

    private SlapdServer()
    {
    }

    /// <summary>Whether the program is there.</summary>
    public static bool IsInstalled => File.Exists(Program);

    /// <summary>With StartTLS.</summary>
    public Uri Address => new($"ldap://localhost:{_port}");

    /// <summary>TLS from the first octet.</summary>
    public Uri TlsAddress => new($"ldaps://localhost:{_tlsPort}");

    /// <summary>Its certificate, which is its own authority.</summary>
    public string CertificateFile => Path.Combine(_folder, "cert.pem");

    /// <summary>With these entries, in LDIF. Skips the test, saying why, where slapd is not installed.</summary>
    public static async Task<SlapdServer> StartAsync(string entries)
    {
        Assert.SkipUnless(IsInstalled, "slapd is not installed");
        SlapdServer server = new();
        server.WriteCertificate();
        Directory.CreateDirectory(Path.Combine(server._folder, "data"));
        await File.WriteAllTextAsync(Path.Combine(server._folder, "slapd.conf"), $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/nis.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            pidfile {server._folder}/pid
            TLSCertificateFile {server.CertificateFile}
            TLSCertificateKeyFile {server._folder}/key.pem
            database mdb
            suffix "dc=example,dc=test"
            directory {server._folder}/data
            dbnosync
            limits dn.exact="{Reader}" size.prtotal=unlimited
            access to attrs=userPassword by dn.exact="{Reader}" read by anonymous auth by * none
            access to * by dn.exact="{Reader}" read by * none
            """ + "\n");
        string ldif = Path.Combine(server._folder, "entries.ldif");
        await File.WriteAllTextAsync(ldif, $"""
            dn: dc=example,dc=test
            objectClass: domain
            dc: example

            dn: {Reader}
            objectClass: organizationalRole
            objectClass: simpleSecurityObject
            cn: reader
            userPassword: {ReaderPassword}


            """ + entries);
        await PeerProgram.RunAsync("/usr/sbin/slapadd", ["-q", "-f", Path.Combine(server._folder, "slapd.conf"), "-l", ldif]);
        await server.ResumeAsync();
        return server;
    }

    /// <summary>Starts it, again.</summary>
    public async Task ResumeAsync()
    {
        _process = Process.Start(new ProcessStartInfo(Program, ["-d", "0", "-f", Path.Combine(_folder, "slapd.conf"), "-h", $"{Address} {TlsAddress}"]) { WorkingDirectory = "/" })!;
        long start = TimeProvider.System.GetTimestamp();
        while (!await AnswersAsync())
        {
            Assert.False(_process.HasExited, "slapd has ended");
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "slapd does not answer");
        }
    }

    /// <summary>Stops it as a failing machine would.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(Patience);
            process.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void WriteCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(2));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            await Task.Yield();
            return false;
        }
    }
}
