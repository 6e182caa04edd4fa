using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Encryption and login towards other servers.</summary>
public sealed class RemoteTlsTests : RemoteDeliveryFixture
{
    [Fact]
    public async Task Tls_is_used_where_offered_and_done_without_where_the_handshake_fails()
    {
        using X509Certificate2 certificate = MakeCertificate();
        await using ScriptedPeer secure = new() { Certificate = certificate };
        await using ScriptedPeer broken = new(c => c is { Verb: "STARTTLS", Connection: 1 } ? new PeerAnswer("220 go\n500 not really", Drops: true) : null) { Certificate = certificate };
        Harness.Ports["secure.test"] = secure.Port;
        Harness.Ports["broken.test"] = broken.Port;
        await Harness.SendAsync("alice@example.test", "x@secure.test");
        Assert.True((await secure.NextMessageAsync(None)).IsEncrypted);
        await Harness.SendAsync("alice@example.test", "x@broken.test");
        await Harness.Logger.SawAsync("to=<x@broken.test>", "status=");
        Assert.False(Assert.Single(broken.Messages).IsEncrypted);
    }

    [Theory]
    [InlineData(TlsPolicy.Required, true, false)]
    [InlineData(TlsPolicy.Verified, false, false)]
    [InlineData(TlsPolicy.Verified, true, true)]
    public async Task A_smart_host_gets_the_password_only_under_the_tls_it_must_have(TlsPolicy policy, bool sent, bool trusted)
    {
        using X509Certificate2 certificate = MakeCertificate();
        await using ScriptedPeer peer = new() { Certificate = certificate, Extensions = ["AUTH LOGIN PLAIN"] };
        Harness.Options = Harness.Options with { TrustedCertificates = trusted ? [certificate] : [] };
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Tls = policy, Credentials = new SmtpCredentials("user", "s3cret") },
        });
        await Harness.SendAsync("alice@example.test", "x@anywhere.test");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", sent ? "status=sent" : "status=deferred");
        Assert.Equal(sent, peer.Heard.Any(c => c.Line == "AUTH PLAIN " + Convert.ToBase64String("\0user\0s3cret"u8)));
        Assert.DoesNotContain(Harness.Logger.Lines, l => l.Contains("s3cret", StringComparison.Ordinal) || l.Contains("AHVzZXIA", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("encrypt", true, true, true)]
    [InlineData("encrypt", true, false, false)]
    [InlineData("may", true, true, true)]
    [InlineData("may", true, false, false)] // A password needs more than mail.
    [InlineData("none", true, false, true)]
    [InlineData("none", false, false, false)] // Said of the whole domain, perhaps of no host with a password.
    [InlineData("verify", true, true, false)]
    [InlineData("dane", true, true, true)]
    [InlineData("dane", true, false, false)]
    [InlineData(null, true, true, false)]
    public async Task What_is_said_of_a_smart_host_decides_whom_the_password_is_shown(string? policy, bool ofHost, bool offersTls, bool sent)
    {
        using X509Certificate2 certificate = MakeCertificate(); // Of no authority.
        await using ScriptedPeer peer = new() { Certificate = offersTls ? certificate : null, Extensions = ["AUTH PLAIN"] };
        TlsPolicy parsed = default;
        Assert.True(policy is null || PolicyNames.TryParse(policy, out parsed));
        Harness.Options = Harness.Options with { TlsPolicies = (_, _) => new(policy is null ? null : new NextHopPolicy(parsed, "table:1") { IsForThisHop = ofHost }) };
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Tls = TlsPolicy.Verified, Credentials = new SmtpCredentials("user", "s3cret") },
        });
        await Harness.SendAsync("alice@example.test", "x@anywhere.test");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", sent ? "status=sent" : "status=deferred");
        Assert.Equal(sent, peer.Heard.Any(c => c.Verb == "AUTH"));
    }

    [Fact]
    public async Task Who_asks_for_no_tls_does_not_dispose_of_our_password() // RFC 8689 §4.2.2 speaks of the message.
    {
        using X509Certificate2 certificate = MakeCertificate();
        await using ScriptedPeer peer = new() { Certificate = certificate, Extensions = ["AUTH PLAIN"] };
        await RestartWithRoutingAsync(o => o with
        {
            SmartHost = new NextHop { Host = "127.0.0.1", Port = peer.Port, Tls = TlsPolicy.Verified, Credentials = new SmtpCredentials("user", "s3cret") },
        });
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@anywhere.test"), "TLS-Required: No\r\n\r\ntext\r\n");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", "status=deferred");
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "AUTH");
    }

    [Fact]
    public async Task Without_tls_no_password_is_sent_and_a_refused_login_is_our_trouble_not_the_senders()
    {
        await using ScriptedPeer plain = new() { Extensions = ["AUTH PLAIN"] };
        NextHop route = new() { Host = "127.0.0.1", Port = plain.Port, Credentials = new SmtpCredentials("user", "s3cret") };
        await RestartWithRoutingAsync(o => o with { SmartHost = route });
        await Harness.SendAsync("alice@example.test", "x@anywhere.test");
        await Harness.Logger.SawAsync("to=<x@anywhere.test>", "status=deferred");
        Assert.DoesNotContain(plain.Heard, c => c.Verb == "AUTH");
        await using ScriptedPeer strict = new(c => c.Verb == "AUTH" ? "535 5.7.8 wrong" : null) { Extensions = ["AUTH PLAIN"] };
        await RestartWithRoutingAsync(o => o with { SmartHost = route with { Port = strict.Port, AllowPlaintextAuth = true } });
        await Harness.SendAsync("alice@example.test", "y@anywhere.test");
        await Harness.Logger.SawAsync("to=<y@anywhere.test>", "dsn=4.7.8, status=deferred");
    }

    /// <summary>For peer.test and 127.0.0.1, signed by itself.</summary>
    internal static X509Certificate2 MakeCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=peer.test", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("peer.test");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
