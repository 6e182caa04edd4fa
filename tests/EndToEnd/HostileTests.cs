using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>What attackers and broken programs do, over real sockets: a clear answer or the end of the connection, and nobody else notices.</summary>
public sealed class HostileTests(SharedDemoServer shared) : IClassFixture<SharedDemoServer>
{
    private DemoServer Server => shared.Server;

    public static TheoryData<int, string, string, string> TlsCommands => new()
    {
        { 143, "* OK", "a STARTTLS\r\nb CAPABILITY\r\n", "b " },
        { 110, "+OK", "STLS\r\nCAPA\r\n", "USER" },
        { 587, "220 ", "EHLO x\r\nSTARTTLS\r\nEHLO injected\r\n", "250 injected" },
        { 25, "220 ", "EHLO x\r\nSTARTTLS\r\nRSET\r\n", "250 2.0.0" },
    };

    [Theory]
    [MemberData(nameof(TlsCommands))]
    public async Task A_command_behind_starttls_ends_the_connection(int port, string greeting, string attack, string answerToTheInjected)
    {
        await using LineClient client = await LineClient.ConnectAsync(Server.Port(port));
        await client.ExpectAsync(greeting);
        await client.SendAsync(attack);
        string said = await client.ReadToEndAsync(); // Returns: the server has hung up.
        Assert.DoesNotContain(answerToTheInjected, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(143, "* OK")]
    [InlineData(110, "+OK")]
    [InlineData(587, "220 ")]
    [InlineData(25, "220 ")]
    [InlineData(24, "220 ")]
    public async Task A_line_of_ten_megabytes_is_refused_in_bounded_memory(int port, string greeting)
    {
        long before = Server.StatusKib("VmRSS");
        await using LineClient client = await LineClient.ConnectAsync(Server.Port(port));
        await client.ExpectAsync(greeting);
        byte[] chunk = Encoding.ASCII.GetBytes(new string('x', 64 << 10));
        try
        {
            for (int sent = 0; sent < 10 << 20; sent += chunk.Length)
            {
                await client.SendAsync(chunk);
            }
            await client.SendAsync("\r\n");
        }
        catch (IOException)
        {
            // Hung up on: also an answer.
        }
        string? answer = await client.ReadLineAsync();
        Assert.True(answer is null || answer.StartsWith("* B", StringComparison.Ordinal) || answer.StartsWith("-ERR", StringComparison.Ordinal) || answer.StartsWith('5') || answer.StartsWith('4'), answer);
        Assert.True(Server.StatusKib("VmRSS") - before < 32 << 10, "a long line was kept in memory");
        await AssertServesAsync();
    }

    [Fact]
    public async Task A_literal_of_ten_gigabytes_is_refused()
    {
        await using LineClient before = await LineClient.ConnectAsync(Server.Port(143));
        await before.ExpectAsync("* OK");
        await before.SendAsync("a LOGIN {10737418240}\r\n");
        string? answer = await before.ReadLineAsync();
        Assert.True(answer is null || answer.StartsWith("a BAD", StringComparison.Ordinal) || answer.StartsWith("a NO", StringComparison.Ordinal) || answer.StartsWith("* BYE", StringComparison.Ordinal), answer);

        await using LineClient after = await ImapAsync("alice@example.test");
        await after.SendAsync("b APPEND INBOX {10737418240}\r\n");
        answer = await after.ReadLineAsync();
        Assert.True(answer is not null && (answer.StartsWith("b NO", StringComparison.Ordinal) || answer.StartsWith("b BAD", StringComparison.Ordinal)), answer);
        await after.SendAsync("c APPEND INBOX {10737418240+}\r\n");
        string rest = await after.ReadToEndAsync();
        Assert.Contains("BYE", rest, StringComparison.Ordinal);
        await AssertServesAsync();
    }

    [Theory]
    [InlineData("smuggled\r\n.\nMAIL FROM:<x@other.test>\r\n")]
    [InlineData("smuggled\n.\r\nMAIL FROM:<x@other.test>\r\n")]
    [InlineData("smuggled\n.\nMAIL FROM:<x@other.test>\r\n")]
    [InlineData("smuggled\r.\rMAIL FROM:<x@other.test>\r\n")]
    [InlineData("bare\nline feed\r\n")]
    [InlineData("bare\rreturn\r\n")]
    public async Task Bare_cr_or_lf_in_a_message_is_refused_and_smuggles_nothing(string body)
    {
        await using LineClient client = await LineClient.ConnectAsync(Server.Port(25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync("EHLO client.test", "250 ");
        await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
        await client.CommandAsync("RCPT TO:<bob@example.test>", "250 ");
        await client.CommandAsync("DATA", "354 ");
        await client.SendAsync($"Subject: smuggling\r\n\r\n{body}.\r\n");
        Assert.StartsWith("5", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.CommandAsync("NOOP", "250 "); // Not one answer more: the two sides agree on where the message ended.
        await client.CommandAsync("QUIT", "221 ");
    }

    [Fact]
    public async Task Web_browsers_are_turned_away()
    {
        foreach ((int port, string greeting) in new[] { (143, "* OK"), (110, "+OK"), (587, "220 "), (25, "220 ") })
        {
            await using LineClient client = await LineClient.ConnectAsync(Server.Port(port));
            await client.ExpectAsync(greeting);
            await client.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            string said = await client.ReadToEndAsync();
            Assert.True(said.Split('\n').Length <= 3, said);
        }
    }

    [Fact]
    public async Task Clients_that_send_an_octet_now_and_then_hold_up_nobody()
    {
        List<LineClient> drips = [];
        for (int i = 0; i < 100; i++)
        {
            LineClient drip = await LineClient.ConnectAsync(Server.Port(i % 2 == 0 ? 143 : 587));
            await drip.SendAsync("a");
            drips.Add(drip);
        }
        await AssertServesAsync();
        foreach (LineClient drip in drips)
        {
            await drip.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_peer_that_stops_reading_does_not_fill_our_memory()
    {
        await using LineClient filler = await ImapAsync("bob@example.test");
        string message = $"Subject: filler\r\n\r\n{new string('x', 70)}\r\n".PadRight(200_000, 'y') + "\r\n";
        await filler.CommandAsync("m CREATE Slow", "m ");
        for (int i = 0; i < 20; i++)
        {
            await filler.SendAsync($"a{i} APPEND Slow {{{message.Length}+}}\r\n{message}\r\n");
            await filler.ExpectAsync($"a{i} OK");
        }
        await using LineClient deaf = await ImapAsync("bob@example.test");
        await deaf.CommandAsync("s SELECT Slow", "s OK");
        long before = Server.StatusKib("VmRSS");
        for (int i = 0; i < 50; i++)
        {
            await deaf.SendAsync($"f{i} FETCH 1:* BODY.PEEK[]\r\n"); // 200 MB asked for, nothing read.
        }
        await AssertServesAsync();
        Assert.True(Server.StatusKib("VmRSS") - before < 64 << 10, $"{Server.StatusKib("VmRSS") - before} KiB more for a client that does not read");
    }

    private async Task<LineClient> ImapAsync(string user)
    {
        LineClient client = await LineClient.ConnectAsync(Server.Port(993), tls: true);
        await client.ExpectAsync("* OK");
        await client.CommandAsync($"l LOGIN {user} demo", "l OK");
        return client;
    }

    private async Task AssertServesAsync()
    {
        await using LineClient client = await ImapAsync("alice@example.test");
        await client.CommandAsync("s SELECT INBOX", "s OK");
        await client.CommandAsync("q LOGOUT", "q OK");
    }
}
