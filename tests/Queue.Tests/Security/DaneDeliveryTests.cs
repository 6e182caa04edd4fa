using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Mail to hosts with TLSA records. RFC 7672.</summary>
public sealed class DaneDeliveryTests : SecureDeliveryFixture
{
    [Theory]
    [InlineData(3, true, "status=sent")]
    [InlineData(3, false, "dsn=4.7.5, status=deferred")]
    [InlineData(2, true, "status=sent")]
    [InlineData(2, false, "dsn=4.7.5, status=deferred")]
    public async Task The_certificate_must_fit_the_records(byte usage, bool fits, string expected)
    {
        using TestAuthority middle = Root.CreateBelow();
        using TestAuthority other = TestAuthority.Create();
        using X509Certificate2 certificate = middle.Issue("far.test"); // The next hop's domain is a reference identifier: §3.2.2.
        using X509Certificate2 stranger = other.Issue("far.test");
        await using ScriptedPeer peer = Peer(certificate, [middle.Certificate]);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(usage, 1, 1, usage == 3 ? fits ? certificate : stranger : fits ? middle.Certificate : other.Certificate)];
        await ServeAsync(peer);
        Assert.Contains(expected, await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(fits ? [true] : [], peer.Messages.Select(m => m.IsEncrypted));
        Assert.Equal("mx.far.test", peer.ServerNames.FirstOrDefault("mx.far.test")); // §8.1
        string line = Harness.Logger.Lines.Single(l => l.Contains("TLS connection", StringComparison.Ordinal));
        Assert.Contains(fits ? "Verified TLS connection established to mx.far.test[127.0.0.1]:" : "fits none of its TLSA records", line, StringComparison.Ordinal);
        Assert.Contains("DANE, 1 TLSA record of mx.far.test", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_promise_tls_so_its_absence_is_an_attack() // §2.2
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(null);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, certificate)];
        await ServeAsync(peer);
        Assert.Contains("dsn=4.7.0, status=deferred", await SendAsync(), StringComparison.Ordinal);
        Assert.Empty(peer.Messages);
    }

    [Theory]
    [InlineData(true, "status=sent")]
    [InlineData(false, "status=deferred")]
    public async Task With_unusable_records_only_any_certificate_will_do_but_tls_must_be(bool offersTls, string expected) // §2.2
    {
        using X509Certificate2 certificate = Root.Issue("somebody.test");
        await using ScriptedPeer peer = Peer(offersTls ? certificate : null);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(1, 1, 1, Root.Certificate)];
        await ServeAsync(peer);
        Assert.Contains(expected, await SendAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mx.far.test", "Verified TLS connection", "status=sent")]
    [InlineData("somebody.test", "is not for that host", "status=deferred")]
    public async Task Unusable_records_do_not_undo_an_enforced_mta_sts_policy(string name, string log, string expected) // RFC 8461 §5
    {
        using X509Certificate2 certificate = Root.Issue(name);
        await using ScriptedPeer peer = Peer(certificate);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(1, 1, 1, Root.Certificate)];
        await ServeAsync(peer, o => o with { TrustedCertificates = [Root.Certificate] });
        Publish(Policy("enforce"));
        Assert.Contains(expected, await SendAsync(), StringComparison.Ordinal);
        Assert.Contains(Harness.Logger.Lines, l => l.Contains(log, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_host_that_is_not_needed_no_records_are_asked()
    {
        await using ScriptedPeer peer = Peer(null);
        await ServeAsync(peer);
        Dns.Mx["far.test"] = [new(10, "mx.far.test"), new(20, "second.far.test")];
        Dns.Addresses["second.far.test"] = [IPAddress.Loopback];
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain($"tlsa {NameAt(peer, "second.far.test")}", Dns.Asked);
    }

    [Fact]
    public async Task A_host_has_other_addresses_where_one_has_the_wrong_certificate() // RFC 5321 §5.1
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        using X509Certificate2 other = Root.Issue("other.test");
        await using ScriptedPeer peer = Peer(certificate);
        await using ScriptedPeer misconfigured = new(address: IPAddress.Parse("127.0.0.4"), port: peer.Port) { Certificate = other };
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, certificate)];
        await ServeAsync(peer);
        Dns.Addresses["mx.far.test"] = [IPAddress.Parse("127.0.0.4"), IPAddress.Loopback];
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(1, misconfigured.Connections);
    }

    [Fact]
    public async Task A_host_whose_records_cannot_be_looked_up_is_passed_over() // §2.1.2
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        Dns.Fail.Add("tlsa " + NameAt(peer));
        await ServeAsync(peer);
        Dns.Mx["far.test"] = [new(10, "mx.far.test"), new(20, "second.far.test")];
        Dns.Addresses["second.far.test"] = [IPAddress.Loopback];
        Dns.Insecure.Add("second.far.test");
        string line = await SendAsync();
        Assert.Contains("relay=second.far.test[127.0.0.1]", line, StringComparison.Ordinal);
        await Harness.Logger.SawAsync("removed");
        Dns.Mx["far.test"] = [new(10, "mx.far.test")];
        await Harness.RestartAsync();
        Assert.Contains("dsn=4.4.3, status=deferred", await SendAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_host_that_fails_the_next_is_tried()
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        using X509Certificate2 other = Root.Issue("other.test");
        await using ScriptedPeer peer = Peer(certificate);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, other)];
        Dns.Tlsa[NameAt(peer, "second.far.test")] = [DanePolicyTests.Record(3, 1, 1, certificate)];
        await ServeAsync(peer);
        Dns.Mx["far.test"] = [new(10, "mx.far.test"), new(20, "second.far.test")];
        Dns.Addresses["second.far.test"] = [IPAddress.Loopback];
        Assert.Contains("relay=second.far.test[127.0.0.1]", await SendAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secure alias", "tlsa {end}, tlsa {name}")]
    [InlineData("insecure end", "alias {host}, tlsa {name}")]
    [InlineData("insecure alias", "alias {host}")]
    [InlineData("insecure host", "")]
    public async Task Names_to_look_at_follow_from_what_is_signed(string zone, string asked) // §2.2.2, §2.2.3
    {
        await using ScriptedPeer peer = Peer(Root.Issue("x.test"));
        await ServeAsync(peer);
        if (zone != "insecure host")
        {
            Dns.Aliases["mx.far.test"] = "end.test";
            Dns.Addresses["end.test"] = [IPAddress.Loopback];
        }
        if (zone == "insecure end")
        {
            Dns.Insecure.Add("end.test");
        }
        else if (zone != "secure alias")
        {
            Dns.Insecure.Add("mx.far.test");
        }
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        string expected = asked.Replace("{end}", NameAt(peer, "end.test"), StringComparison.Ordinal).Replace("{name}", NameAt(peer), StringComparison.Ordinal)
            .Replace("{host}", "mx.far.test", StringComparison.Ordinal);
        Assert.Equal(expected, string.Join(", ", Dns.Asked.Where(a => a.StartsWith("tlsa ", StringComparison.Ordinal) || a.StartsWith("alias ", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Over_unprotected_mx_records_a_hosts_own_records_still_hold_but_prove_no_domain() // §2.2.1
    {
        using X509Certificate2 certificate = Root.Issue("mx.far.test");
        await using ScriptedPeer peer = Peer(certificate);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, certificate)];
        await ServeAsync(peer);
        Dns.Insecure.Add("far.test");
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        Assert.Contains(Harness.Logger.Lines, l => l.StartsWith("Trusted TLS connection", StringComparison.Ordinal));
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "y@far.test") with { RequiresTls = true });
        Assert.Contains("dsn=5.7.10", await Harness.Logger.SawAsync("to=<y@far.test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requiretls_is_content_with_dane() // RFC 8689 §4.2.1
    {
        using X509Certificate2 certificate = Root.Issue("any.test"); // No authority that we trust has signed it.
        await using ScriptedPeer peer = Peer(certificate);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, certificate)];
        await ServeAsync(peer);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test") with { RequiresTls = true });
        Assert.EndsWith(" REQUIRETLS", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_asks_for_no_tls_gets_through_in_spite_of_records() // RFC 8689 §4.2.2
    {
        await using ScriptedPeer peer = Peer(null);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, Root.Certificate)];
        await ServeAsync(peer);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), "TLS-Required: No\r\n\r\ntext\r\n");
        Assert.False((await peer.NextMessageAsync(None)).IsEncrypted);
    }

    [Theory]
    [InlineData("none", false, true, "no STARTTLS")]
    [InlineData("may", true, true, "other")]
    [InlineData("encrypt", true, true, "other")]
    [InlineData("encrypt", false, false, "no STARTTLS")]
    [InlineData("verify", true, true, "mx.far.test")]
    [InlineData("verify", true, false, "far.test")]
    [InlineData("secure", true, true, "far.test")]
    [InlineData("secure", true, true, "mx.far.test")]
    [InlineData("secure", true, false, "other")]
    [InlineData("dane-only", true, false, "mx.far.test")]
    public async Task A_table_of_policies_decides_for_a_domain(string policy, bool encrypted, bool sent, string name)
    {
        using X509Certificate2 certificate = Root.Issue(name);
        await using ScriptedPeer peer = Peer(name == "no STARTTLS" ? null : certificate);
        Assert.True(PolicyNames.TryParse(policy, out TlsPolicy parsed));
        await ServeAsync(peer, o => o with { TrustedCertificates = [Root.Certificate], TlsPolicies = (hop, _) => new(hop.Domain == "far.test" ? new NextHopPolicy(parsed, "table:1") : null) });
        Publish(Policy("enforce", "nobody.test")); // What the domain says counts nothing where we have said something.
        Assert.Contains(sent ? "status=sent" : "status=deferred", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(sent ? [encrypted] : [], peer.Messages.Select(m => m.IsEncrypted));
    }

    [Fact]
    public async Task A_table_that_cannot_be_asked_keeps_the_mail_waiting()
    {
        await using ScriptedPeer peer = Peer(null);
        await ServeAsync(peer, o => o with { TlsPolicies = (_, _) => throw new IOException("down") });
        Assert.Contains("dsn=4.3.0, status=deferred", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal(0, peer.Connections);
    }

    [Fact]
    public async Task Our_certificate_is_shown_to_a_fixed_host_that_asks_and_logs_us_in()
    {
        using X509Certificate2 ours = Root.Issue("mail.example.test");
        using X509Certificate2 theirs = Root.Issue("127.0.0.1");
        await using ScriptedPeer peer = new() { Certificate = theirs, AsksForCertificate = true, Extensions = ["AUTH PLAIN EXTERNAL"] };
        await using ScriptedPeer stranger = new() { Certificate = theirs, AsksForCertificate = true, Extensions = ["AUTH EXTERNAL"] };
        await ServeAsync(stranger, o => o with { ClientCertificate = System.Net.Security.SslStreamCertificateContext.Create(ours, null, offline: true) });
        Harness.Ports["fixed.test"] = peer.Port;
        Assert.Contains("status=sent", await SendAsync("fixed.test"), StringComparison.Ordinal);
        Assert.Equal(["CN=mail.example.test"], peer.ClientSubjects);
        Assert.Contains(peer.Heard, c => c.Line == "AUTH EXTERNAL =");
        Assert.Contains("status=sent", await SendAsync(), StringComparison.Ordinal);
        Assert.Equal([""], stranger.ClientSubjects);
        Assert.DoesNotContain(stranger.Heard, c => c.Verb == "AUTH");
    }

    [Fact]
    public async Task What_would_be_done_is_explained_without_connecting()
    {
        await using ScriptedPeer peer = Peer(null);
        Dns.Tlsa[NameAt(peer)] = [DanePolicyTests.Record(3, 1, 1, Root.Certificate)];
        await ServeAsync(peer);
        Dns.Mx["far.test"] = [new(10, "mx.far.test"), new(20, "second.far.test")];
        Dns.Addresses["second.far.test"] = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];
        Publish(Policy("enforce"));
        RemoteTlsExplainer explainer = new(Harness.Options, Dns, Harness.Clock);
        RemoteExplanation told = await explainer.ExplainAsync(new NextHop { Domain = "far.test" }, None);
        Assert.Equal(["mx.far.test: dane (DANE, 1 TLSA record of mx.far.test)",
            "second.far.test: refused (the MTA-STS policy of far.test does not allow the mail exchanger second.far.test (MTA-STS enforce, policy 1 of far.test))"],
            told.Hosts.Select(h => $"{h.Host}: {h.Policy} ({h.Why})"));
        Assert.Equal(2, told.Hosts[1].Addresses.Count);
        Assert.True(told.AreHostsCertain);
        Assert.Equal(StsMode.Enforce, told.StsPolicy?.Mode);
        Assert.Equal(0, peer.Connections);
        SmtpReply? failure = (await explainer.ExplainAsync(new NextHop { Domain = "nowhere.test" }, None)).Failure;
        Assert.Equal(new EnhancedCode(5, 1, 2), failure?.Enhanced);
    }
}
