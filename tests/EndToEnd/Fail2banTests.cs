using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>The filters that fail2ban brings for Dovecot and Postfix, run over what the server has logged.</summary>
public sealed class Fail2banTests
{
    private const string Alice = "alice@example.test";

    /// <summary>The filter of docs/logins.md that also knows the mechanisms which Postfix's does not.</summary>
    private const string EveryMechanism = "postfix[mode=auth, mdre-auth=\"^[^[]*\\[<HOST>\\]: SASL \\S+ authentication failed:\"]";

    /// <summary>Names that look like what the filters search for, and the octets that would begin another line.</summary>
    private static readonly string[] Forgeries =
    [
        "x>, method=PLAIN, rip=203.0.113.1",
        "rip=203.0.113.1,",
        "[203.0.113.1]: SASL PLAIN authentication failed:",
        "x\r\n2026-01-01T00:00:00.000Z auth: imap-login: Aborted login (auth failed, 1 attempts): user=<x>, rip=203.0.113.1",
        "x\n2026-01-01T00:00:00.000Z auth: warning: unknown[203.0.113.1]: SASL PLAIN authentication failed: x",
    ];

    [Fact]
    public async Task Each_failure_is_found_once_with_its_address_and_no_success_is()
    {
        Programs.Require("fail2ban-regex");
        string log = Path.GetTempFileName();
        await using (DemoServer server = await DemoServer.StartAsync())
        {
            await FailAsync(server);
            await SucceedAsync(server);
            Assert.Equal(0, await server.TerminateAsync()); // And all lines are written.
            string history = Assert.Single(Directory.GetFiles(server.Data, "*.jsonl", SearchOption.AllDirectories)); // Not of nobody, nor of the forgeries.
            Assert.Equal($"{Alice}.jsonl", Path.GetFileName(history));
            Assert.Equal(["ok", "ok", "ok"], (await File.ReadAllLinesAsync(history, TestContext.Current.CancellationToken))
                .Where(l => l.Contains("127.0.0.6", StringComparison.Ordinal)).Select(l => l.Split("\"outcome\":\"")[1][..2]));
            await File.WriteAllTextAsync(log, server.Said, TestContext.Current.CancellationToken);
        }
        // Three wrong passwords at each door, then the forgeries, each from an address of its own.
        string[] imap = ["127.0.0.2", "127.0.0.2", .. Forgeries.Select((_, i) => $"127.0.1.{i}")];
        string[] pop3 = ["127.0.0.3", "127.0.0.3"];
        string[] submission = ["127.0.0.4", "127.0.0.5", .. Forgeries.Select((_, i) => $"127.0.2.{i}")];
        string[] scram = ["127.0.0.8"];
        string[] recipients = ["127.0.0.7", "127.0.0.7", "127.0.0.7"];
        await AssertFoundAsync(log, "dovecot", [.. imap, .. pop3]);
        await AssertFoundAsync(log, "dovecot[mode=aggressive]", [.. imap, .. pop3]);
        await AssertFoundAsync(log, "postfix[mode=auth]", submission);
        await AssertFoundAsync(log, EveryMechanism, [.. submission, .. scram]);
        await AssertFoundAsync(log, "postfix", recipients);
        await AssertFoundAsync(log, "postfix[mode=aggressive]", [.. submission, .. recipients]);
        File.Delete(log);
    }

    private static async Task AssertFoundAsync(string log, string filter, string[] addresses)
    {
        string found = await Programs.RunAsync("fail2ban-regex", ["-o", "ip", log, filter]);
        Assert.Equal(addresses.Order(StringComparer.Ordinal), found.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private static async Task FailAsync(DemoServer server)
    {
        await using (LineClient imap = await LineClient.ConnectAsync(server.Port(993), tls: true, "127.0.0.2"))
        {
            await imap.CommandAsync($"a LOGIN {Alice} wrong", "a NO [AUTHENTICATIONFAILED]");
            await imap.CommandAsync("b AUTHENTICATE PLAIN " + Base64($"\0{Alice}\0worse"), "b NO [AUTHENTICATIONFAILED]");
        }
        await using (LineClient pop3 = await LineClient.ConnectAsync(server.Port(995), tls: true, "127.0.0.3"))
        {
            await pop3.ExpectAsync("+OK");
            await pop3.CommandAsync("USER nobody", "+OK");
            await pop3.CommandAsync("PASS wrong", "-ERR [AUTH]");
            await pop3.CommandAsync("AUTH PLAIN " + Base64("\0nobody\0worse"), "-ERR [AUTH]");
        }
        await using (LineClient submission = await LineClient.ConnectAsync(server.Port(465), tls: true, "127.0.0.4"))
        {
            await submission.ExpectAsync("220 ");
            await submission.CommandAsync("EHLO [127.0.0.4]", "250 ");
            await submission.CommandAsync("AUTH PLAIN " + Base64("\0nobody\0wrong"), "535");
        }
        await using (LineClient submission = await LineClient.ConnectAsync(server.Port(465), tls: true, "127.0.0.5"))
        {
            await submission.ExpectAsync("220 ");
            await submission.CommandAsync("EHLO [127.0.0.5]", "250 ");
            await submission.CommandAsync("AUTH LOGIN " + Base64("nobody"), "334");
            await submission.CommandAsync(Base64("wrong"), "535");
        }
        await using (LineClient submission = await LineClient.ConnectAsync(server.Port(465), tls: true, "127.0.0.8"))
        {
            await submission.ExpectAsync("220 ");
            await submission.CommandAsync("EHLO [127.0.0.8]", "250 ");
            string first = await submission.CommandAsync("AUTH SCRAM-SHA-256 " + Base64("n,,n=nobody,r=abc"), "334");
            string nonce = Encoding.UTF8.GetString(Convert.FromBase64String(first[4..])).Split(',')[0];
            await submission.CommandAsync(Base64($"c=biws,{nonce},p={Convert.ToBase64String(new byte[32])}"), "535");
        }
        for (int i = 0; i < Forgeries.Length; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes(Forgeries[i]);
            await using LineClient imap = await LineClient.ConnectAsync(server.Port(993), tls: true, $"127.0.1.{i}");
            await imap.SendAsync($"a LOGIN {{{name.Length}+}}\r\n{Forgeries[i]} wrong\r\n");
            await imap.ExpectAsync("a NO");
            await using LineClient submission = await LineClient.ConnectAsync(server.Port(465), tls: true, $"127.0.2.{i}");
            await submission.ExpectAsync("220 ");
            await submission.CommandAsync("EHLO localhost", "250 ");
            await submission.CommandAsync("AUTH PLAIN " + Base64($"\0{Forgeries[i]}\0wrong"), "5"); // 501 for names with control characters, which RFC 4616 §2 has none of; logged all the same.
        }
        await using LineClient exchange = await LineClient.ConnectAsync(server.Port(25), from: "127.0.0.7");
        await exchange.ExpectAsync("220 ");
        await exchange.CommandAsync("EHLO localhost", "250 ");
        await exchange.CommandAsync("MAIL FROM:<x@sender.test>", "250");
        await exchange.CommandAsync("RCPT TO:<nobody@example.test>", "550 5.1.1");
        await exchange.CommandAsync("RCPT TO:<\"x[203.0.113.1]: 550 5.1.1 <>: User unknown\"@example.test>", "550 5.1.1");
        await exchange.CommandAsync("RCPT TO:<nobody@elsewhere.test>", "550 5.7.1");
    }

    private static async Task SucceedAsync(DemoServer server)
    {
        await using LineClient imap = await LineClient.ConnectAsync(server.Port(993), tls: true, "127.0.0.6");
        await imap.CommandAsync($"a LOGIN {Alice} demo", "a OK");
        await using LineClient pop3 = await LineClient.ConnectAsync(server.Port(995), tls: true, "127.0.0.6");
        await pop3.ExpectAsync("+OK");
        await pop3.CommandAsync($"USER {Alice}", "+OK");
        await pop3.CommandAsync("PASS demo", "+OK");
        await using LineClient submission = await LineClient.ConnectAsync(server.Port(465), tls: true, "127.0.0.6");
        await submission.ExpectAsync("220 ");
        await submission.CommandAsync("EHLO localhost", "250 ");
        await submission.CommandAsync("AUTH PLAIN " + Base64($"\0{Alice}\0demo"), "235");
        await submission.CommandAsync($"MAIL FROM:<{Alice}>", "250");
        await submission.CommandAsync("RCPT TO:<nobody@example.test>", "550"); // A typing error of our own user.
        await using LineClient exchange = await LineClient.ConnectAsync(server.Port(25), from: "127.0.0.6");
        await exchange.ExpectAsync("220 ");
        await exchange.CommandAsync("EHLO localhost", "250 ");
        await exchange.CommandAsync("MAIL FROM:<x@sender.test>", "250");
        await exchange.CommandAsync($"RCPT TO:<{Alice}>", "250");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
