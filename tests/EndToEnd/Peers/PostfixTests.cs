using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd.Peers;

/// <summary>A real Postfix before our server: by SMTP to port 25, by LMTP over TCP and over a Unix socket, and behind it as smart host.</summary>
public sealed class PostfixTests(PostfixTests.Fixture fixture) : IClassFixture<PostfixTests.Fixture>
{
    [Fact]
    public async Task Smtp_delivers_to_several_recipients_and_bounces_the_unknown_one()
    {
        PostfixServer postfix = fixture.Running();
        string token = Token();

        string sender = $"bob+{token}@example.test";
        string id = await postfix.SendAsync(PostfixWay.Smtp, sender, [LastHop.Alice, LastHop.Small, LastHop.Nobody], Message(token, "by SMTP\r\n.\r\n..two dots\r\n"));

        Assert.Contains("dsn=2.0.0, status=sent (250 2.0.0 ok: delivered", await postfix.OutcomeAsync(id, LastHop.Alice), StringComparison.Ordinal);
        Assert.Contains("dsn=2.0.0, status=sent", await postfix.OutcomeAsync(id, LastHop.Small), StringComparison.Ordinal);
        Assert.Contains("dsn=5.1.1, status=bounced", await postfix.OutcomeAsync(id, LastHop.Nobody), StringComparison.Ordinal);
        string received = await fixture.Hop.ReadAsync(LastHop.Alice, $"Subject: {token}");
        Assert.EndsWith("\r\n\r\nby SMTP\r\n.\r\n..two dots\r\n", received, StringComparison.Ordinal);
        Assert.Contains($"Return-Path: <{sender}>", received, StringComparison.Ordinal);
        Assert.Contains("from postfix.elsewhere.test ([127.0.0.1]) by mail.example.test with ESMTPS", Unfolded(received), StringComparison.Ordinal);

        // Its report came back to us, with what we said at RCPT.
        string bounce = BounceId(await postfix.LogLineAsync($"{id}: sender non-delivery notification: "));
        Assert.Contains("status=sent", await postfix.OutcomeAsync(bounce, sender), StringComparison.Ordinal);
        string report = await fixture.Hop.ReadAsync(LastHop.Bob, sender);
        Assert.Contains($"Final-Recipient: rfc822; {LastHop.Nobody}", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.1.1", report, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smtp_with_tls_required_carries_eight_bits_and_addresses_in_utf8()
    {
        PostfixServer postfix = fixture.Running();
        string token = Token();

        string id = await postfix.SendAsync(PostfixWay.SmtpWithTls, LastHop.Jose, [LastHop.Jose, LastHop.Bob], Message($"{token} Grüße", "acht Bit: äöü €\r\n"));

        Assert.Contains("status=sent", await postfix.OutcomeAsync(id, LastHop.Jose), StringComparison.Ordinal);
        Assert.Contains("status=sent", await postfix.OutcomeAsync(id, LastHop.Bob), StringComparison.Ordinal);
        Assert.Contains("TLSv1.3", await postfix.LogLineAsync("TLS connection established to 127.0.0.1"), StringComparison.Ordinal);
        string received = await fixture.Hop.ReadAsync(LastHop.Jose, token);
        Assert.EndsWith("\r\n\r\nacht Bit: äöü €\r\n", received, StringComparison.Ordinal);
        Assert.Contains($"Subject: {token} Grüße\r\n", received, StringComparison.Ordinal);
        Assert.Contains("Return-Path: <josé@example.test>", received, StringComparison.Ordinal);
        Assert.Contains("with UTF8SMTPS", Unfolded(received), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smtp_refuses_what_is_too_big_by_its_announced_size()
    {
        PostfixServer postfix = fixture.Running();

        string id = await postfix.SendAsync(PostfixWay.Smtp, LastHop.Bob, [LastHop.Alice], Message(Token(), Lines(2 << 20)));

        string outcome = await postfix.OutcomeAsync(id, LastHop.Alice);
        Assert.Contains("dsn=5.3.4, status=bounced", outcome, StringComparison.Ordinal);
        Assert.Contains((1 << 20).ToString(CultureInfo.InvariantCulture), outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smtp_hands_on_the_wish_for_a_report_of_success()
    {
        PostfixServer postfix = fixture.Running();
        string token = Token();

        string sender = $"bob+{token}@example.test";
        string id = await postfix.SendAsync(PostfixWay.Smtp, sender, [LastHop.Alice], Message(token, "tell me\r\n"), "SUCCESS");

        Assert.Contains("status=sent", await postfix.OutcomeAsync(id, LastHop.Alice), StringComparison.Ordinal);
        Assert.Single(await fixture.Hop.FindAsync(LastHop.Alice, token));
        await fixture.Hop.Server.SaysAsync($"to=<{sender}>, relay=local");
        string report = await fixture.Hop.ReadAsync(LastHop.Bob, sender);
        Assert.Contains("Action: delivered", report, StringComparison.Ordinal); // Postfix would have said "relayed".
        Assert.Contains($"Final-Recipient: rfc822; {LastHop.Alice}", report, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Reporting-MTA: dns; mail.example.test", report, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(nameof(PostfixWay.Lmtp))]
    [InlineData(nameof(PostfixWay.LmtpSocket))]
    public async Task Lmtp_s_replies_after_the_message_decide_for_each_recipient(string way)
    {
        PostfixServer postfix = fixture.Running();
        string token = Token();

        // At RCPT only the unknown one is refused: the full one has room for a smaller message.
        string id = await postfix.SendAsync(Enum.Parse<PostfixWay>(way), LastHop.Bob, [LastHop.Alice, LastHop.Small, LastHop.Nobody, LastHop.Bob], Message(token, Lines(40_000)));

        Assert.Contains("dsn=2.0.0, status=sent (250 2.0.0", await postfix.OutcomeAsync(id, LastHop.Alice), StringComparison.Ordinal);
        Assert.Contains("dsn=2.0.0, status=sent (250 2.0.0", await postfix.OutcomeAsync(id, LastHop.Bob), StringComparison.Ordinal);
        Assert.Contains("dsn=5.1.1, status=bounced", await postfix.OutcomeAsync(id, LastHop.Nobody), StringComparison.Ordinal);
        string full = await postfix.OutcomeAsync(id, LastHop.Small);
        Assert.Contains("dsn=4.2.2, status=deferred", full, StringComparison.Ordinal);
        Assert.Contains("said: 452 4.2.2", full, StringComparison.Ordinal);
        string kept = Assert.Single((await postfix.QueueAsync()).Split('\n'), l => l.Contains(id, StringComparison.Ordinal));
        Assert.Contains($"\"address\": \"{LastHop.Small}\"", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(LastHop.Alice, kept, StringComparison.Ordinal);
        string received = await fixture.Hop.ReadAsync(LastHop.Alice, token); // Not Bob's: he is the sender, and may have Postfix' report by now.
        Assert.EndsWith(Lines(40_000), received, StringComparison.Ordinal);
        Assert.Contains("with LMTP", Unfolded(received), StringComparison.Ordinal);
        Assert.Empty(await fixture.Hop.FindAsync(LastHop.Small, token));
    }

    [Fact]
    public async Task As_smart_host_it_takes_what_we_send_outside_and_what_it_refuses_comes_back()
    {
        PostfixServer postfix = fixture.Running();
        Programs.Require("swaks");
        string token = Token();
        string sender = $"alice+{token}@example.test";

        await Programs.RunAsync("swaks",
        [
            "--server", "localhost", "--port", fixture.Hop.Server.Port(465).ToString(CultureInfo.InvariantCulture), "--tlsc", "--auth", "PLAIN", "--auth-user", LastHop.Alice,
            "--auth-password", "demo", "--from", sender, "--to", "friend@elsewhere.test,stranger@elsewhere.test", "--header", $"Subject: {token}", "--body", "to the world",
        ]);

        string sent = await postfix.LogLineAsync("to=<friend@elsewhere.test>");
        Assert.Contains("status=sent (delivered to maildir)", sent, StringComparison.Ordinal);
        string there = Assert.Single(postfix.MailOf("friend"));
        Assert.Contains($"Subject: {token}", there, StringComparison.Ordinal);
        Assert.Contains("from mail.example.test", there, StringComparison.Ordinal);
        await postfix.LogLineAsync("<stranger@elsewhere.test>: Recipient address rejected");
        await fixture.Hop.Server.SaysAsync($"to=<{sender}>, relay=local");
        string report = await fixture.Hop.ReadAsync(LastHop.Alice, sender);
        Assert.Contains("Final-Recipient: rfc822; stranger@elsewhere.test", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.1.1", report, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1", report, StringComparison.Ordinal);
    }

    private static string Token() => $"peer-{Guid.NewGuid():N}";

    private static byte[] Message(string subject, string body) =>
        Encoding.UTF8.GetBytes($"From: {LastHop.Alice}\r\nTo: undisclosed-recipients:;\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{Guid.NewGuid():N}@elsewhere.test>\r\n\r\n{body}");

    private static string Lines(int octets) => string.Concat(Enumerable.Repeat(new string('x', 40) + "\r\n", octets / 42));

    private static string Unfolded(string text) => text.Replace("\r\n ", " ", StringComparison.Ordinal);

    private static string BounceId(string line) => line[(line.LastIndexOf(' ') + 1)..];

    /// <summary>Both servers, for all tests of the class; nothing where Postfix cannot run.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private LastHop? _hop;
        private PostfixServer? _postfix;

        internal LastHop Hop => _hop!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            if (PostfixServer.CanRun)
            {
                _hop = await LastHop.StartAsync("temporary");
                _postfix = await PostfixServer.StartAsync(_hop);
            }
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            if (_postfix is not null)
            {
                await _postfix.DisposeAsync();
            }
            if (_hop is not null)
            {
                await _hop.DisposeAsync();
            }
        }

        internal PostfixServer Running()
        {
            Assert.SkipUnless(PostfixServer.CanRun, "Postfix is not installed, or this is not root, who alone starts it");
            Programs.Require("python3", "curl");
            return _postfix!;
        }
    }
}
