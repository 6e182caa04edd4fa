namespace MailAccess.EndToEnd.Peers;

/// <summary>A real Exim before our server: by BDAT to port 25 and by LMTP, by LMTP over a Unix socket.</summary>
public sealed class EximTests(EximTests.Fixture fixture) : IClassFixture<EximTests.Fixture>
{
    private const string Sender = "sender@elsewhere.test";

    [Fact]
    public async Task Smtp_takes_chunks_over_tls_and_refuses_the_unknown_recipient()
    {
        LastHop hop = Running();
        await using EximRelay exim = await EximRelay.StartAsync(hop, EximWay.Smtp);
        string token = Token();

        string log = await exim.SendAsync(Sender, [LastHop.Alice, LastHop.Bob, LastHop.Nobody], Message(token, "by BDAT\n.\n..two dots\n"));

        string delivered = Line(log, $"=> {LastHop.Alice}");
        Assert.Contains(" K ", delivered, StringComparison.Ordinal); // By BDAT.
        Assert.Contains("X=TLS1.3", delivered, StringComparison.Ordinal);
        Assert.Contains("CV=yes", delivered, StringComparison.Ordinal);
        Assert.Contains("C=\"250 2.0.0 ok: delivered", delivered, StringComparison.Ordinal);
        Line(log, $"-> {LastHop.Bob}");
        Assert.Contains("550 5.1.1", Line(log, $"** {LastHop.Nobody}"), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nby BDAT\r\n.\r\n..two dots\r\n", await hop.ReadAsync(LastHop.Bob, token), StringComparison.Ordinal);
        string report = await exim.ReportsAsync();
        Assert.Contains("X-Failed-Recipients: " + LastHop.Nobody, report, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1", report, StringComparison.Ordinal);
        Assert.Empty((await exim.QueueAsync()).Trim());
    }

    [Fact]
    public async Task Smtp_takes_eight_bits_and_many_chunks_octet_for_octet()
    {
        LastHop hop = Running();
        await using EximRelay exim = await EximRelay.StartAsync(hop, EximWay.Smtp);
        string token = Token();
        string body = string.Concat(Enumerable.Range(0, 12_000).Select(i => $"{i}: Grüße, acht Bit, viele Stücke\n."));

        string log = await exim.SendAsync(Sender, [LastHop.Alice], Message(token, body + "\n"));

        Assert.Contains(" K ", Line(log, $"=> {LastHop.Alice}"), StringComparison.Ordinal);
        string received = await hop.ReadAsync(LastHop.Alice, $"Subject: {token}");
        Assert.EndsWith("\r\n\r\n" + body.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n", received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smtp_refuses_what_is_too_big()
    {
        LastHop hop = Running();
        await using EximRelay exim = await EximRelay.StartAsync(hop, EximWay.Smtp);

        string log = await exim.SendAsync(Sender, [LastHop.Alice], Message(Token(), Lines(2 << 20)));

        Assert.Contains("552 5.3.4", Line(log, $"** {LastHop.Alice}"), StringComparison.Ordinal);
        Assert.Contains("X-Failed-Recipients: " + LastHop.Alice, await exim.ReportsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(EximWay.Lmtp), true)]
    [InlineData(nameof(EximWay.LmtpSocket), false)]
    public async Task Lmtp_s_replies_after_the_message_decide_for_each_recipient(string way, bool chunks)
    {
        LastHop hop = Running();
        await using EximRelay exim = await EximRelay.StartAsync(hop, Enum.Parse<EximWay>(way));
        string token = Token();

        // At RCPT only the unknown one is refused: the full one has room for a smaller message.
        string log = await exim.SendAsync(Sender, [LastHop.Alice, LastHop.Small, LastHop.Nobody, LastHop.Bob], Message(token, Lines(40_000)));

        Assert.Equal(chunks, Line(log, $"> {LastHop.Alice}").Contains(" K ", StringComparison.Ordinal));
        Line(log, $"> {LastHop.Bob}");
        Assert.Contains("550 5.1.1", Line(log, $"** {LastHop.Nobody}"), StringComparison.Ordinal);
        Assert.Contains("552 5.2.2", Line(log, $"** {LastHop.Small}"), StringComparison.Ordinal);
        Assert.Empty((await exim.QueueAsync()).Trim());
        Assert.EndsWith(Lines(40_000).Replace("\n", "\r\n", StringComparison.Ordinal), await hop.ReadAsync(LastHop.Alice, token), StringComparison.Ordinal);
        Assert.Contains("with LMTP", (await hop.ReadAsync(LastHop.Bob, $"Subject: {token}")).Replace("\r\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(await hop.FindAsync(LastHop.Small, token));
        string report = await exim.ReportsAsync();
        Assert.Contains(LastHop.Small, report, StringComparison.Ordinal);
        Assert.Contains(LastHop.Nobody, report, StringComparison.Ordinal);
        Assert.DoesNotContain($"Final-Recipient: rfc822;{LastHop.Alice}", report, StringComparison.Ordinal);
    }

    private static string Token() => $"peer-{Guid.NewGuid():N}";

    private static string Message(string subject, string body) => $"From: {Sender}\nTo: undisclosed-recipients:;\nSubject: {subject}\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n{body}";

    private static string Lines(int octets) => string.Concat(Enumerable.Repeat(new string('x', 40) + "\n", octets / 42));

    /// <summary>The first line of the log in which this stands; without one, the test fails and shows the log.</summary>
    private static string Line(string log, string words)
    {
        string? line = log.Split('\n').FirstOrDefault(l => l.Contains(words, StringComparison.Ordinal));
        Assert.True(line is not null, $"Exim's log does not say \"{words}\":\n{log}");
        return line;
    }

    private LastHop Running()
    {
        Assert.SkipUnless(EximRelay.CanRun, "Exim is not installed, or this is not root, who alone may give it a configuration");
        Programs.Require("curl");
        return fixture.Hop;
    }

    /// <summary>Our server, for all tests of the class; nothing where Exim cannot run.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private LastHop? _hop;

        internal LastHop Hop => _hop!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => _hop = EximRelay.CanRun ? await LastHop.StartAsync("permanent") : null;

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => _hop?.DisposeAsync() ?? default;
    }
}
