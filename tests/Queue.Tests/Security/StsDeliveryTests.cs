using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Mail to domains with an MTA-STS policy. RFC 8461 §4 and §5.</summary>
public sealed class StsDeliveryTests : SecureDeliveryFixture
{
    private async Task ServeAsync(ScriptedPeer peer)
    {
        await ServeAsync(peer, o => o with { TrustedCertificates = [Root.Certificate] });
        Dns.IsAuthentic = false; // MTA-STS is for those without DNSSEC.
    }

    [Theory]
    [InlineData("enforce", "mx.far.test", "mx.far.test", true)]
    [InlineData("enforce", "*.far.test", "mx.far.test", true)]
    [InlineData("enforce", "mx.far.test", "*.far.test", true)]
    [InlineData("enforce", "mx.far.test", "far.test", false)]
    [InlineData("enforce", "mx.far.test", "untrusted", false)]
    [InlineData("enforce", "mx.far.test", "expired", false)]
    [InlineData("enforce", "mx.far.test", "no STARTTLS", false)]
    [InlineData("enforce", "mx.far.test", "no DNS name", false)]
    [InlineData("enforce", "other.far.test", "mx.far.test", false)]
    [InlineData("testing", "other.far.test", "untrusted", true)]
    [InlineData("testing", "mx.far.test", "no STARTTLS", true)]
    [InlineData("none", "other.far.test", "no STARTTLS", true)]
    public async Task A_policy_is_met_or_the_mail_waits(string mode, string mx, string server, bool sent)
    {
        using TestAuthority stranger = TestAuthority.Create("Stranger");
        using X509Certificate2 certificate = server switch
        {
            "untrusted" => stranger.Issue("mx.far.test"),
            "expired" => Root.Issue(TestAuthority.Day(-40), TestAuthority.Day(-20), "mx.far.test"),
            "no DNS name" => Root.Issue(),
            _ => Root.Issue(server),
        };
        await using ScriptedPeer peer = Peer(server == "no STARTTLS" ? null : certificate);
        await ServeAsync(peer);
        Publish(Policy(mode, mx));
        Assert.Contains(sent ? "status=sent" : "dsn=4.7.", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(sent ? 1 : 0, peer.Messages.Count);
    }

    [Fact]
    public async Task Hosts_that_the_policy_does_not_name_are_not_even_called() // §5.1
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        Dns.Mx["far.test"] = [new(5, "evil.test"), new(10, "mx.far.test")];
        Dns.Addresses["evil.test"] = [IPAddress.Loopback];
        Publish(Policy("enforce"));
        Assert.Contains("relay=mx.far.test[", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(1, peer.Connections);
        Assert.Contains(Harness.Logger.Lines, l => l.StartsWith("Verified TLS connection established to mx.far.test[", StringComparison.Ordinal)
            && l.EndsWith("(MTA-STS enforce, policy 1 of far.test)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dane_goes_first() // §2
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        using X509Certificate2 other = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        Dns.IsAuthentic = true;
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, other)];
        Publish(Policy("enforce"));
        Assert.Contains("dsn=4.7.5, status=deferred", await SendAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requiretls_is_content_with_an_enforced_policy_in_place_of_dnssec() // RFC 8689 §4.2.1
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        await ServeAsync(peer);
        Publish(Policy("enforce"));
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test") with { RequiresTls = true });
        Assert.EndsWith(" REQUIRETLS", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
        Publish(Policy("testing"), id: "2");
        await Harness.RestartAsync();
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "y@far.test") with { RequiresTls = true });
        Assert.Contains("dsn=5.7.10", await Harness.Logger.SawAsync("to=<y@far.test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_smart_hosts_own_domain_may_have_a_policy_too() // §3.4
    {
        await using ScriptedPeer peer = Peer(null);
        await ServeAsync(peer);
        Dns.Addresses["relay.test"] = [IPAddress.Loopback];
        Publish(Policy("enforce", "relay.test"), domain: "relay.test");
        await RestartWithRoutingAsync(o => o with { SmartHost = new Routing.NextHop { Host = "relay.test", Port = peer.Port } });
        Assert.Contains("dsn=4.7.0, status=deferred", await SendAsync(), StringComparison.Ordinal);
    }
}
