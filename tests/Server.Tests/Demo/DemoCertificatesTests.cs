using System.Security.Cryptography.X509Certificates;
using MailAccess.Server.Demo;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Demo;

public sealed class DemoCertificatesTests
{
    private static readonly string[] Names = ["localhost", "mail.example.test"];
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("mailaccess-tls-").FullName, "tls");
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void A_client_that_trusts_the_authority_trusts_the_server()
    {
        DemoCertificates certificates = new(_folder, _clock);
        certificates.Ensure(Names);
        using X509Certificate2 server = X509CertificateLoader.LoadCertificateFromFile(certificates.ChainFile);
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(certificates.CaFile);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _clock.GetUtcNow().UtcDateTime;
        Assert.True(chain.Build(server), string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation)));
        Assert.True(server.MatchesHostname("localhost") && server.MatchesHostname("127.0.0.1") && server.MatchesHostname("mail.example.test"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(certificates.KeyFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "ca.key")));
    }

    [Fact]
    public void They_are_kept_until_they_are_about_to_expire_and_the_authority_longer()
    {
        DemoCertificates certificates = new(_folder, _clock);
        certificates.Ensure(Names);
        string authority = File.ReadAllText(certificates.CaFile);
        string server = File.ReadAllText(certificates.ChainFile);
        _clock.Advance(TimeSpan.FromDays(300));
        certificates.Ensure(Names);
        Assert.Equal(server, File.ReadAllText(certificates.ChainFile));
        _clock.Advance(TimeSpan.FromDays(80));
        certificates.Ensure(Names);
        Assert.NotEqual(server, File.ReadAllText(certificates.ChainFile));
        Assert.Equal(authority, File.ReadAllText(certificates.CaFile));
    }

    [Fact]
    public void A_damaged_file_is_made_anew()
    {
        DemoCertificates certificates = new(_folder, _clock);
        certificates.Ensure(Names);
        File.WriteAllText(certificates.ChainFile, "rubbish");
        certificates.Ensure(Names);
        Assert.Contains("BEGIN CERTIFICATE", File.ReadAllText(certificates.ChainFile), StringComparison.Ordinal);
    }
}
