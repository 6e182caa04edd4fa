using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace MailAccess.Wire.Tests;

/// <summary>Certificates that clients show: only what the configured authorities have signed counts, and nobody needs one.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private readonly TestCertificates _files = new();
    private readonly List<IConnection> _sessions = [];

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12, null)]
    [InlineData(SslProtocols.Tls13, null)]
    [InlineData(SslProtocols.Tls13, ClientPurpose)]
    public async Task A_certificate_of_the_authority_is_known_to_the_session(SslProtocols version, string? purpose)
    {
        await using Loopback loopback = Asking(Trust());
        using X509Certificate2 certificate = _files.Client("alice@example.test", out X509Certificate2Collection sent, purpose: purpose);
        await using SslStream client = await ConnectAsync(loopback, certificate, sent, version);
        Assert.Equal(certificate.RawData, Assert.Single(_sessions).Tls!.ClientCertificate.ToArray());
        Assert.False(Assert.Single(_sessions).Tls!.ServerEndPointBinding.IsEmpty);
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_served()
    {
        await using Loopback loopback = Asking(Trust());
        await using SslStream client = await ConnectAsync(loopback, null, []);
        Assert.True(Assert.Single(_sessions).Tls!.ClientCertificate.IsEmpty);
        Assert.DoesNotContain(loopback.Logger.Lines, l => l.Text.Contains("certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_is_asked_where_no_authority_is_configured()
    {
        await using Loopback loopback = Asking(null);
        using X509Certificate2 certificate = _files.Client("alice@example.test", out X509Certificate2Collection sent);
        await using SslStream client = await ConnectAsync(loopback, certificate, sent);
        Assert.True(Assert.Single(_sessions).Tls!.ClientCertificate.IsEmpty);
        Assert.False(client.IsMutuallyAuthenticated);
    }

    [Theory]
    [InlineData("self-signed", "UntrustedRoot")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("for servers", "NotValidForUsage")]
    public async Task What_is_not_good_is_as_if_nothing_was_shown_and_the_log_says_why(string kind, string reason)
    {
        await using Loopback loopback = Asking(Trust());
        using X509Certificate2 certificate = _files.Client(
            "alice@example.test", out X509Certificate2Collection sent,
            end: kind == "expired" ? loopback.Clock.GetUtcNow().AddMinutes(-1) : null,
            purpose: kind == "for servers" ? ServerPurpose : null,
            isSelfSigned: kind == "self-signed");
        await using SslStream client = await ConnectAsync(loopback, certificate, sent);
        Assert.True(Assert.Single(_sessions).Tls!.ClientCertificate.IsEmpty);
        Assert.Contains(loopback.Logger.Lines, l =>
            l.Text == $"{_sessions[0].Id} the client's certificate is not accepted: {reason}" && l.Level == LogLevel.Information);
    }

    [Fact]
    public async Task A_missing_link_is_not_fetched()
    {
        await using Loopback loopback = Asking(Trust());
        using X509Certificate2 certificate = _files.Client("alice@example.test", out _);
        await using SslStream client = await ConnectAsync(loopback, certificate, []);
        Assert.True(Assert.Single(_sessions).Tls!.ClientCertificate.IsEmpty);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.EndsWith("not accepted: PartialChain", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_revocation_is_asked_for_and_nobody_can_answer_the_certificate_does_not_count()
    {
        await using Loopback loopback = Asking(Trust(RevocationCheck.Online));
        using X509Certificate2 certificate = _files.Client("alice@example.test", out X509Certificate2Collection sent);
        await using SslStream client = await ConnectAsync(loopback, certificate, sent);
        Assert.True(Assert.Single(_sessions).Tls!.ClientCertificate.IsEmpty);
        Assert.Contains(loopback.Logger.Lines, l => l.Text.Contains("not accepted: RevocationStatusUnknown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clients_are_told_whose_certificates_are_wanted()
    {
        await using Loopback loopback = Asking(Trust());
        string[] issuers = [];
        await using SslStream client = new(await loopback.OpenAsync());
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "mail.example.test",
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            LocalCertificateSelectionCallback = (_, _, _, _, acceptable) =>
            {
                issuers = acceptable.Length > 0 ? acceptable : issuers;
                return null!;
            },
        }).Soon();
        await client.SayAsync("x\r\n");
        await client.HearAsync(3);
        Assert.Equal(["CN=Test Root"], issuers);
    }

    [Fact]
    public async Task Other_authorities_count_from_the_next_connection_on_and_broken_ones_do_not()
    {
        ClientTrust trust = Trust();
        await using Loopback loopback = Asking(trust);
        using X509Certificate2 certificate = _files.Client("alice@example.test", out X509Certificate2Collection sent);
        await using SslStream before = await ConnectAsync(loopback, certificate, sent);
        Assert.False(trust.HasFileChanged());

        using TestCertificates strangers = new();
        string path = _files.WriteAuthorities(strangers.Root, strangers.Root);
        Assert.True(trust.HasFileChanged());
        Assert.True(trust.TryReload(out _));
        Assert.False(trust.HasFileChanged());
        await using SslStream after = await ConnectAsync(loopback, certificate, sent);

        File.WriteAllText(path, "nonsense");
        Assert.False(trust.TryReload(out IReadOnlyList<string> errors));
        Assert.Equal($"{path}: holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)", Assert.Single(errors));
        Assert.Equal([false, true], _sessions.Select(s => s.Tls!.ClientCertificate.IsEmpty));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Equal(
            "/nowhere.pem: does not exist",
            ClientTrust.TryLoad("/nowhere.pem", RevocationCheck.None, out _, out IReadOnlyList<string> errors) ? "" : Assert.Single(errors));

    private ClientTrust Trust(RevocationCheck revocation = RevocationCheck.None)
    {
        Assert.True(ClientTrust.TryLoad(_files.WriteAuthorities(_files.Root), revocation, out ClientTrust? trust, out IReadOnlyList<string> errors), string.Join('\n', errors));
        return trust;
    }

    private Loopback Asking(ClientTrust? trust)
    {
        TlsCertificates certificates = TestCertificates.Load(_files.Write("asking", ["mail.example.test"]));
        return new Loopback(
            connection =>
            {
                _sessions.Add(connection);
                return TransportTests.EchoAsync(connection);
            },
            configure: o => o with { Tls = TlsMode.Implicit, Certificates = certificates, ClientTrust = trust });
    }

    private static async Task<SslStream> ConnectAsync(
        Loopback loopback, X509Certificate2? certificate, X509Certificate2Collection sent, SslProtocols version = SslProtocols.None)
    {
        SslStream client = new(await loopback.OpenAsync());
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "mail.example.test",
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, sent, offline: true),
        }).Soon();
        await client.SayAsync("x\r\n");
        Assert.Equal("x\r\n", await client.HearAsync(3)); // Under TLS 1.3 only now the server has seen the certificate.
        return client;
    }
}
