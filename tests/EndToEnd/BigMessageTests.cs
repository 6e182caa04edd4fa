using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>50 MB messages pass through every door in constant memory.</summary>
public sealed class BigMessageTests
{
    private const int BodyOctets = 49 << 20;

    [Fact]
    public async Task A_message_of_nearly_50_megabytes_comes_in_by_smtp_and_goes_out_by_imap_and_pop3_in_constant_memory()
    {
        Programs.Require("curl");
        await using DemoServer server = await DemoServer.StartAsync();
        string ca = server.CaFile;
        await SendAsync(server, "warm-up", 1 << 20);
        await ReadAsync(server, 1, Path.Combine(server.Data, "warm"));
        long before = server.StatusKib("VmHWM");

        string sent = await SendAsync(server, "big", BodyOctets);
        string byImap = Path.Combine(server.Data, "by-imap");
        string byPop = Path.Combine(server.Data, "by-pop");
        await ReadAsync(server, 2, byImap);
        await Programs.RunAsync("curl", ["-sS", "--cacert", ca, "--user", "bob@example.test:demo", "-o", byPop, $"pop3s://localhost:{server.Port(995)}/2"]);

        Assert.EndsWith(sent[^1000..], await TailAsync(byImap), StringComparison.Ordinal);
        Assert.Equal(new FileInfo(byImap).Length, new FileInfo(byPop).Length);
        Assert.True(new FileInfo(byImap).Length > sent.Length);
        await using (FileStream a = File.OpenRead(byImap))
        await using (FileStream b = File.OpenRead(byPop))
        {
            Assert.Equal(await System.Security.Cryptography.SHA256.HashDataAsync(a), await System.Security.Cryptography.SHA256.HashDataAsync(b));
        }
        long grown = server.StatusKib("VmHWM") - before;
        Assert.True(grown < 40 << 10, $"the server's peak memory grew by {grown} KiB for a message of {BodyOctets >> 10} KiB");
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_early_by_its_declaration_and_late_by_its_octets()
    {
        await using DemoServer server = await DemoServer.StartAsync(environment: new() { ["MAILACCESS_MAIL__MESSAGESIZEMAX"] = "1MB" });
        await using LineClient client = await LineClient.ConnectAsync(server.Port(25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync("EHLO t", "250 ");
        await client.CommandAsync("MAIL FROM:<x@other.test> SIZE=2000000", "552 5.3.4");
        await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
        await client.CommandAsync("RCPT TO:<bob@example.test>", "250 ");
        await client.CommandAsync("DATA", "354 ");
        string line = new string('x', 998) + "\r\n";
        for (int i = 0; i < 2000; i++)
        {
            await client.SendAsync(line);
        }
        await client.CommandAsync(".", "552 5.3.4");
        await client.CommandAsync("NOOP", "250 ");
    }

    private static async Task<string> SendAsync(DemoServer server, string subject, int octets)
    {
        StringBuilder body = new($"From: x@other.test\r\nSubject: {subject}\r\n\r\n", octets + 4096);
        for (int i = 0; body.Length < octets; i++)
        {
            body.Append(CultureInfo.InvariantCulture, $"{i:D8} {new string((char)('a' + (i % 26)), 60)}\r\n");
        }
        string message = body.ToString();
        await using LineClient client = await LineClient.ConnectAsync(server.Port(25));
        await client.ExpectAsync("220 ");
        await client.CommandAsync("EHLO t", "250 ");
        await client.CommandAsync("MAIL FROM:<x@other.test>", "250 ");
        await client.CommandAsync("RCPT TO:<bob@example.test>", "250 ");
        await client.CommandAsync("DATA", "354 ");
        byte[] all = Encoding.ASCII.GetBytes(message);
        for (int at = 0; at < all.Length; at += 1 << 20)
        {
            await client.SendAsync(all.AsMemory(at, Math.Min(1 << 20, all.Length - at)));
        }
        await client.CommandAsync(".", "250 2.");
        return message;
    }

    private static Task ReadAsync(DemoServer server, int number, string file) =>
        Programs.RunAsync("curl", ["-sS", "--cacert", server.CaFile, "--user", "bob@example.test:demo", "-o", file, $"imaps://localhost:{server.Port(993)}/INBOX;MAILINDEX={number}"]);

    private static async Task<string> TailAsync(string file)
    {
        await using FileStream stream = File.OpenRead(file);
        stream.Seek(-2000, SeekOrigin.End);
        byte[] tail = new byte[2000];
        await stream.ReadExactlyAsync(tail);
        return Encoding.ASCII.GetString(tail);
    }
}
