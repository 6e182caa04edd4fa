using MailAccess.Testing;

namespace MailAccess.EndToEnd.Internet;

/// <summary>Mail from our submission to a world of domains: it reaches the right mailbox, or comes back with a report that says why.</summary>
public sealed class InternetTests(LoopbackInternet world) : IClassFixture<LoopbackInternet>
{
    [Theory]
    [InlineData("several.test", 2)] // The first exchanger is dead, the second too busy.
    [InlineData("equal.test", 2)]
    [InlineData("cname.test", 2)]
    [InlineData("implicit.test", 2)] // No MX, but an address. RFC 5321 §5.1
    [InlineData("unsigned.plain", 2)]
    [InlineData("later.test", 4)] // After a greylisting.
    [InlineData("helo.test", 5)]
    [InlineData("six.test", 6, true)]
    public async Task It_arrives(string domain, int peer, bool isSix = false)
    {
        Running();
        PeerMessage message = await ArrivedAsync(isSix ? world.Six! : world.Peers[peer], domain);
        Assert.Equal([$"RCPT TO:<x@{domain}>"], message.Recipients);
        Assert.StartsWith("MAIL FROM:<alice@example.test>", message.Mail, StringComparison.Ordinal);
        Assert.EndsWith($"\r\n\r\nHello x@{domain}.\r\n", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tarpit_holds_up_nobody_and_gets_its_message_when_it_takes_it()
    {
        Running();
        await ArrivedAsync(world.Peers[2], "cname.test");
        Assert.Empty(world.Peers[3].Messages);
        world.OpenTarpit();
        Assert.Equal(["RCPT TO:<x@tarpit.test>"], (await ArrivedAsync(world.Peers[3], "tarpit.test")).Recipients);
    }

    [Theory]
    [InlineData("x@null.test", "5.1.10", "null MX")] // RFC 7505
    [InlineData("x@nowhere.test", "5.1.2", "does not exist")]
    [InlineData("x@dangling.test", "5.4.4", "no mail exchanger")]
    [InlineData("x@ours.test", "5.4.6", "loops back")]
    [InlineData("x@unknown.test", "5.1.1", "550 5.1.1 no such user")]
    [InlineData("x@spam.test", "5.7.1", "554 5.7.1 that is spam")]
    [InlineData("foe@postfix.test", "5.1.1", "smtp; 550 5.1.1")]
    [InlineData("foe@exim.test", "5.", "smtp; 550 ")]
    [InlineData("x@dead.test", "5.4.7", "could not be delivered in time")]
    [InlineData("x@busy.test", "5.4.7", "421 4.3.2 too busy")]
    [InlineData("x@lame.test", "5.4.7", "no answer")]
    [InlineData("x@forged.test", "5.4.7", "TLSA")] // RFC 7672 §3.2; the words around it may be folded.
    [InlineData("x@stripped.test", "5.4.7", "TLS,")] // RFC 7672 §2.2
    public async Task It_comes_back(string recipient, string status, string why)
    {
        Running();
        string report = await world.ReportAsync(world.Token, recipient);
        Assert.Contains("Content-Type: multipart/report; report-type=delivery-status", report, StringComparison.Ordinal);
        Assert.Contains($"\r\nFinal-Recipient: rfc822; {recipient}\r\n", report, StringComparison.Ordinal);
        Assert.Contains("\r\nAction: failed\r\nStatus: " + status, report, StringComparison.Ordinal);
        Assert.Contains(why, report, StringComparison.Ordinal);
        Assert.Contains($"Subject: {world.Token} {recipient}\r\n", report, StringComparison.Ordinal); // The message itself.
        Assert.Contains("Return-Path: <>\r\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_dnssec_protects_tlsa_records_they_prove_the_host() // RFC 7672
    {
        Running();
        await world.Server.SaysAsync("Verified TLS connection established to mx.dane.test[127.0.1.9]:", "(DANE, 1 TLSA record of mx.dane.test)");
        Assert.True((await ArrivedAsync(world.Peers[9], "dane.test")).IsEncrypted);
        await world.Server.SaysAsync("to=<x@anchored.test>", "relay=mx.dane.test", "status=sent"); // The certificate is not for mx.anchored.test.
        await world.Server.SaysAsync("no TLS connection to mx.anchored.test", "is not for that host");
    }

    [Fact]
    public async Task A_policy_that_is_enforced_lets_through_what_is_proven() // RFC 8461
    {
        HasPolicies();
        Assert.True((await ArrivedAsync(world.Peers[10], "proven.plain")).IsEncrypted);
        await world.Server.SaysAsync("Verified TLS connection established to mx.proven.plain[127.0.1.10]:", "(MTA-STS enforce, policy 1 of proven.plain");
    }

    [Theory]
    [InlineData("elsewhere.plain", "does not allow the mail exchanger mx.proven.plain")]
    [InlineData("misnamed.plain", "certificate")]
    public async Task A_policy_that_is_enforced_keeps_mail_from_every_other_host_until_its_time_is_up(string domain, string why)
    {
        HasPolicies();
        await world.Server.SaysAsync($"to=<x@{domain}>", "status=deferred", why);
        string report = await world.ReportAsync(world.Token, $"x@{domain}");
        Assert.Contains("\r\nAction: failed\r\nStatus: 5.4.7", report, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Peers[10].Heard, c => c.Line.Contains(domain, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Postfix_has_a_large_one_under_tls_and_exim_too() // By BDAT, RFC 3030
    {
        Running();
        string message = await world.Postfix.FindAsync(world.Token);
        Assert.Contains($"Subject: {world.Token} friend@postfix.test\n", message, StringComparison.Ordinal);
        Assert.Contains("using TLSv1.3", message, StringComparison.Ordinal);
        Assert.EndsWith(LoopbackInternet.LargeEnd, message, StringComparison.Ordinal);
        (message, string arrival) = await world.Exim.FindAsync(world.Token);
        Assert.Contains($"Subject: {world.Token} friend@exim.test\n", message, StringComparison.Ordinal);
        Assert.EndsWith(LoopbackInternet.LargeEnd, message, StringComparison.Ordinal);
        Assert.Contains("for friend@exim.test", arrival, StringComparison.Ordinal);
        Assert.Contains(" K ", arrival, StringComparison.Ordinal); // It came by chunks.
    }

    private void Running() => Assert.SkipWhen(world.Lacks is not null, world.Lacks ?? "");

    private void HasPolicies()
    {
        Running();
        Assert.SkipUnless(world.HasPolicies, "policies are looked for at port 443, where we may not listen");
    }

    // Messages of one peer are for several tests: each looks at all.
    private async Task<PeerMessage> ArrivedAsync(ScriptedPeer peer, string domain)
    {
        await world.Server.SaysAsync($"to=<x@{domain}>", "status=sent");
        return Assert.Single(peer.Messages, m => m.Recipients.Contains($"RCPT TO:<x@{domain}>"));
    }
}
