using System.Text;

namespace MailAccess.Queue.Tests;

/// <summary>What eats a message as it flows gives the same at every split.</summary>
public sealed class StreamingTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r\n..b\r\n\r\n", "a\r\n...b\r\n\r\n.\r\n")]
    [InlineData("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n")] // Bare LF.
    [InlineData("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n")] // Bare CR.
    [InlineData("a\r\n.\rMAIL FROM:<x>\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n")]
    [InlineData("a\r\r\n.\n\r\n", "a\r\n\r\n..\r\n\r\n.\r\n")]
    [InlineData("a\r", "a\r\n.\r\n")]
    public async Task Only_crlf_leaves_and_dots_are_doubled(string content, string wire)
    {
        for (int chunk = 1; chunk <= content.Length + 1; chunk++)
        {
            Assert.Equal(wire, await StuffAsync(Encoding.ASCII.GetBytes(content), chunk));
        }
    }

    [Fact]
    public async Task Random_content_is_stuffed_as_a_slow_obvious_stuffer_does()
    {
        Random random = new(20260314);
        for (int round = 0; round < 3000; round++)
        {
            string content = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => "ab.\r\n"[random.Next(5)]));
            Assert.Equal(Obvious(content), await StuffAsync(Encoding.ASCII.GetBytes(content), random.Next(1, 12)));
        }
    }

    [Fact]
    public async Task Without_dots_to_stuff_all_of_it_leaves_in_one_write_however_it_is_read() // BDAT LAST comes once
    {
        byte[] content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(".a\nb\r\n", 9_000)));
        foreach (int chunk in (int[])[1_000, 4_096, content.Length])
        {
            List<string> writes = [];
            ContentWriter writer = new(isStuffed: false, octets => { writes.Add(Encoding.ASCII.GetString(octets.Span)); return default; });
            await writer.SendAsync(new MemoryContent(content, chunk), conversion: null, CancellationToken.None);
            Assert.Equal(string.Concat(Enumerable.Repeat(".a\r\nb\r\n", 9_000)), Assert.Single(writes));
        }
    }

    [Fact]
    public async Task A_large_message_is_sent_in_constant_memory()
    {
        long octets = 0;
        int largest = 0;
        ContentWriter writer = new(isStuffed: true, o =>
        {
            octets += o.Length;
            largest = Math.Max(largest, o.Length);
            return default;
        });
        byte[] content = new byte[50 * 1024 * 1024];
        Array.Fill(content, (byte)'.');
        for (int i = 70; i < content.Length; i += 72)
        {
            content[i - 1] = (byte)'\r';
            content[i] = (byte)'\n';
        }
        await writer.SendAsync(new MemoryContent(content), conversion: null, CancellationToken.None);
        Assert.True(octets > content.Length);
        Assert.True(largest <= 160 * 1024);
    }

    [Fact]
    public void The_header_is_watched_the_same_at_every_split()
    {
        byte[] message = Encoding.UTF8.GetBytes(
            "Received: a\r\n\tfolded Received: no\r\nreceived: b\r\nDelivered-To: bob@example.test\r\nDELIVERED-TO:carol@example.test \r\nSubject: ü\r\n"
            + "X: " + new string('y', 1000) + "\r\n\r\nReceived: not in the header\r\nDelivered-To: dan@example.test\r\n");
        for (int chunk = 1; chunk < message.Length; chunk++)
        {
            HeaderScan scan = new(10);
            foreach (byte[] part in message.Chunk(chunk))
            {
                scan.Feed(part);
            }
            Assert.Equal(2, scan.Hops);
            Assert.True(scan.WasDeliveredTo("Bob@Example.test") && scan.WasDeliveredTo("carol@example.test") && !scan.WasDeliveredTo("dan@example.test"));
            Assert.Equal(ContentTraits.EightBit | ContentTraits.HeaderUtf8, scan.Traits);
        }
    }

    [Theory]
    [InlineData("A: b\r\n\r\nplain", ContentTraits.None)]
    [InlineData("A: b\r\n\r\nü", ContentTraits.EightBit)]
    [InlineData("A: ü\r\n\r\nplain", ContentTraits.EightBit | ContentTraits.HeaderUtf8)]
    public void Eight_bit_content_is_noticed_where_it_stands(string message, object traits)
    {
        HeaderScan scan = new(10);
        scan.Feed(Encoding.UTF8.GetBytes(message));
        Assert.Equal(traits, scan.Traits);
    }

    private static async Task<string> StuffAsync(byte[] content, int chunk)
    {
        MemoryStream wire = new();
        await new ContentWriter(isStuffed: true, octets => wire.WriteAsync(octets)).SendAsync(new MemoryContent(content, chunk), conversion: null, CancellationToken.None);
        return Encoding.ASCII.GetString(wire.ToArray());
    }

    private static string Obvious(string content)
    {
        string lines = content.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (lines.Length > 0 && !lines.EndsWith('\n'))
        {
            lines += '\n';
        }
        string[] all = lines.Split('\n')[..^1];
        return string.Concat(all.Select(l => (l.StartsWith('.') ? "." : "") + l + "\r\n")) + ".\r\n";
    }
}
