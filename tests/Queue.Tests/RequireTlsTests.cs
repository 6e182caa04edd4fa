using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>Mail that must not travel in clear, and mail that may. RFC 8689.</summary>
public sealed class RequireTlsTests : RemoteDeliveryFixture
{
    private static Envelope Protected(string from = "alice@example.test") => QueueHarness.Envelope(from, "x@far.test") with { RequiresTls = true };

    /// <summary>far.test has the mail exchanger peer.test, which is this peer.</summary>
    private async Task ServeAsync(ScriptedPeer peer, bool authentic = true, X509Certificate2? trusted = null, string host = "peer.test", TlsPolicy policy = TlsPolicy.Opportunistic)
    {
        Harness.Resolver.Mx["far.test"] = [new(10, host)];
        Harness.Resolver.Addresses[host] = [IPAddress.Loopback];
        Harness.Resolver.IsAuthentic = authentic;
        await RestartWithAsync(o => o with { RemotePort = peer.Port, TrustedCertificates = trusted is null ? null : [trusted], Tls = policy });
    }

    private async Task<string> ReportAsync()
    {
        await Harness.Logger.SawAsync("to=<alice@example.test>, relay=local", "status=sent");
        return (await Harness.InboxAsync("alice"))[^1];
    }

    [Fact]
    public async Task It_goes_to_a_verified_server_that_promises_to_protect_it()
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        await using ScriptedPeer peer = new() { Certificate = certificate, Extensions = ["REQUIRETLS"] };
        await ServeAsync(peer, trusted: certificate);
        await Harness.SendAsync(Protected());
        PeerMessage message = await peer.NextMessageAsync(None);
        Assert.True(message.IsEncrypted);
        Assert.Equal("MAIL FROM:<alice@example.test> REQUIRETLS", message.Mail);
    }

    [Theory]
    [InlineData("no DNSSEC", "5.7.10", false)]
    [InlineData("untrusted", "5.7.10", false)]
    [InlineData("other name", "5.7.10", false)]
    [InlineData("no STARTTLS", "5.7.10", true)]
    [InlineData("no REQUIRETLS", "5.7.30", true)]
    public async Task It_comes_back_from_everywhere_else(string flaw, string status, bool quits) // RFC 8689 §4.2.1
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        await using ScriptedPeer peer = new()
        {
            Certificate = flaw == "no STARTTLS" ? null : certificate,
            Extensions = flaw == "no REQUIRETLS" ? ["DSN"] : ["REQUIRETLS", "DSN"],
        };
        await ServeAsync(peer, flaw != "no DNSSEC", flaw == "untrusted" ? null : certificate, flaw == "other name" ? "other.test" : "peer.test");
        await Harness.SendAsync(Protected() with { Return = DsnReturn.Full }, "Subject: hello\r\n\r\nsecret\r\n");
        string report = await ReportAsync();
        Assert.Contains($"Action: failed\r\nStatus: {status}\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Subject: hello\r\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", report, StringComparison.Ordinal); // RFC 8689 §5
        Assert.DoesNotContain(peer.Heard, c => c.Verb == "MAIL");
        Assert.Equal(quits, peer.Heard.Any(c => c.Verb == "QUIT"));
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_tried_again()
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        int down = 1;
        await using ScriptedPeer peer = new(c => c.Verb == "CONNECT" && Interlocked.Decrement(ref down) >= 0 ? PeerAnswer.Drop : null) { Certificate = certificate, Extensions = ["REQUIRETLS"] };
        await ServeAsync(peer, trusted: certificate);
        await Harness.SendAsync(Protected());
        await Harness.Logger.SawAsync("to=<x@far.test>", "status=deferred");
        await WaitingAsync();
        await Harness.RestartAsync(); // The need is in the spool.
        Harness.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.EndsWith(" REQUIRETLS", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_was_good_enough_for_other_mail_is_not_for_this()
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        await using ScriptedPeer peer = new() { Certificate = certificate, Extensions = ["REQUIRETLS"] };
        await ServeAsync(peer, trusted: null);
        await Harness.SendAsync("alice@example.test", "x@far.test");
        Assert.Equal("MAIL FROM:<alice@example.test>", (await peer.NextMessageAsync(None)).Mail);
        await Harness.SendAsync(Protected());
        Assert.Contains("Status: 5.7.10\r\n", await ReportAsync(), StringComparison.Ordinal);
        Assert.Single(peer.Messages);
    }

    [Fact]
    public async Task A_domain_without_exchanger_is_its_own_name_and_a_fixed_route_is_ours()
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        await using ScriptedPeer peer = new() { Certificate = certificate, Extensions = ["REQUIRETLS"] };
        Harness.Resolver.Addresses["peer.test"] = [IPAddress.Loopback];
        Harness.Ports["routed.test"] = peer.Port;
        await RestartWithAsync(o => o with { RemotePort = peer.Port, TrustedCertificates = [certificate] });
        foreach (string domain in (string[])["peer.test", "routed.test"])
        {
            await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@" + domain) with { RequiresTls = true });
            Assert.EndsWith(" REQUIRETLS", (await peer.NextMessageAsync(None)).Mail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true, "MAIL FROM:<> REQUIRETLS")]
    [InlineData(false, "MAIL FROM:<>")]
    public async Task A_report_on_it_is_protected_where_it_can_be_and_not_lost_where_not(bool supports, string mail) // RFC 8689 §5
    {
        using X509Certificate2 certificate = RemoteTlsTests.MakeCertificate();
        await using ScriptedPeer home = new() { Certificate = certificate, Extensions = supports ? ["REQUIRETLS"] : [] };
        Harness.Ports["home.test"] = home.Port;
        Harness.Resolver.Mx["far.test"] = [new(0, ".")];
        await RestartWithAsync(o => o with { TrustedCertificates = [certificate] });
        await Harness.SendAsync(Protected("sender@home.test"));
        PeerMessage report = await home.NextMessageAsync(None);
        Assert.Equal((mail, true), (report.Mail, report.IsEncrypted));
    }

    [Theory]
    [InlineData("TLS-Required: No\r\n", false, true)]
    [InlineData("tls-required:no\r\n", false, true)]
    [InlineData("TLS-Required:\r\n No\r\n", false, true)]
    [InlineData("", false, false)]
    [InlineData("TLS-Required: Yes\r\n", false, false)]
    [InlineData("TLS-Required:\r\nX: No\r\n", false, false)]
    [InlineData("X-TLS-Required: No\r\n", false, false)]
    [InlineData("\r\nTLS-Required: No\r\n", false, false)]
    public async Task Who_would_rather_have_it_arrive_says_so_in_the_header(string field, bool encrypted, bool sent) // RFC 8689 §3, §4.2.2
    {
        await using ScriptedPeer peer = new() { Extensions = [] };
        await ServeAsync(peer, policy: TlsPolicy.Required);
        await Harness.SendAsync(QueueHarness.Envelope("alice@example.test", "x@far.test"), $"Subject: hello\r\n{field}\r\ntext\r\n");
        await Harness.Logger.SawAsync("to=<x@far.test>", sent ? "status=sent" : "status=deferred");
        Assert.Equal(sent ? [encrypted] : [], peer.Messages.Select(m => m.IsEncrypted));
    }

    [Fact]
    public async Task With_the_parameter_the_field_counts_nothing() // RFC 8689 §4.1
    {
        await using ScriptedPeer peer = new() { Extensions = ["REQUIRETLS"] };
        await ServeAsync(peer, policy: TlsPolicy.Required);
        await Harness.SendAsync(Protected(), "TLS-Required: No\r\n\r\ntext\r\n");
        Assert.Contains("Status: 5.7.10\r\n", await ReportAsync(), StringComparison.Ordinal);
        Assert.Empty(peer.Messages);
    }

    [Fact]
    public void The_field_is_found_in_pieces_of_any_size()
    {
        byte[] header = Encoding.ASCII.GetBytes("Subject: x\r\nTLS-Required:\r\n\tNo \r\n\r\n");
        for (int size = 1; size <= header.Length; size++)
        {
            HeaderScan scan = new(10);
            foreach (byte[] piece in header.Chunk(size))
            {
                scan.Feed(piece);
            }
            Assert.Equal(ContentTraits.TlsOptional, scan.Traits);
        }
    }
}
