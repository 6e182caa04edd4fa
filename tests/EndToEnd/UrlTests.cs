using System.Globalization;

namespace MailAccess.EndToEnd;

/// <summary>A message that lies on the server is sent by its URL, without being uploaded: URLAUTH and BURL, RFC 4467 and RFC 4468.</summary>
public sealed class UrlTests
{
    private const string Host = "mail.example.test";

    [Theory]
    [InlineData(5 << 20)]
    [InlineData(49 << 20)]
    public async Task A_message_sent_by_its_URL_arrives_with_the_octets_it_had_in_constant_memory(int octets)
    {
        Programs.Require("python3");
        await using DemoServer server = await DemoServer.StartAsync(environment: new() { ["MAILACCESS_IMAP__URLHOSTNAMES"] = Host });
        await RunAsync(server, 1 << 20);
        long before = server.StatusKib("VmHWM");
        await RunAsync(server, octets);
        long grown = server.StatusKib("VmHWM") - before;
        Assert.True(grown < 40 << 10, $"the server's peak memory grew by {grown} KiB for a message of {octets >> 10} KiB");
        Assert.DoesNotContain("URLAUTH=", server.Said, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task RunAsync(DemoServer server, int octets)
    {
        string said = await Programs.RunAsync("python3",
            [Path.Combine(Programs.Clients, "burl.py"), server.PortBase.ToString(CultureInfo.InvariantCulture), server.CaFile,
             "alice@example.test", "bob@example.test", "demo", Host, octets.ToString(CultureInfo.InvariantCulture)]);
        Assert.StartsWith("ok", said, StringComparison.Ordinal);
    }
}
