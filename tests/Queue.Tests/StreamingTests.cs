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

    [Theory]
    [InlineData(9_000, 1_000)]
    [InlineData(9_000, 4_096)]
    [InlineData(9_000, int.MaxValue)]
    [InlineData(100_000, 1_000)]
    [InlineData(100_000, int.MaxValue)]
    [InlineData(0, 1)]
    public async Task Chunks_say_how_long_they_are_and_only_the_last_that_it_is(int lines, int readMax) // RFC 3030 §2
    {
        byte[] content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(".a\nb\r\n", lines)));
        StringBuilder all = new();
        List<string> commands = [];
        ContentWriter writer = new(ContentFraming.Chunks, Take);
        Assert.True(await writer.SendAsync(new MemoryContent(content, readMax), conversion: null, CancellationToken.None));
        Assert.Equal(string.Concat(Enumerable.Repeat(".a\r\nb\r\n", lines)), all.ToString());
        Assert.Equal(all.Length, writer.Octets);
        Assert.Equal(lines * 7 <= ContentWriter.BufferOctets, commands.Count == 1); // However it was read.
        Assert.All(commands.SkipLast(1), c => Assert.DoesNotContain("LAST", c, StringComparison.Ordinal));
        Assert.EndsWith(" LAST", commands[^1], StringComparison.Ordinal);
        Assert.True(lines == 0 || commands[^1] != "BDAT 0 LAST");

        ValueTask<bool> Take(ReadOnlyMemory<byte> octets)
        {
            string text = Encoding.ASCII.GetString(octets.Span);
            int end = text.IndexOf("\r\n", StringComparison.Ordinal);
            commands.Add(text[..end]);
            all.Append(text, end + 2, text.Length - end - 2);
            Assert.Equal($"{text.Length - end - 2}", text[..end].Split(' ')[1]);
            return new(true);
        }
    }

    [Fact]
    public async Task A_message_that_is_refused_in_the_middle_is_read_no_further()
    {
        int writes = 0;
        ContentWriter writer = new(ContentFraming.Chunks, _ => new(++writes < 3));
        Assert.False(await writer.SendAsync(new MemoryContent(new byte[10 * ContentWriter.BufferOctets]), conversion: null, CancellationToken.None));
        Assert.Equal(3, writes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_large_message_is_sent_in_constant_memory(bool chunks)
    {
        long octets = 0;
        int largest = 0;
        ContentWriter writer = new(chunks ? ContentFraming.Chunks : ContentFraming.Dot, o =>
        {
            octets += o.Length;
            largest = Math.Max(largest, o.Length);
            return new(true);
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
        await new ContentWriter(ContentFraming.Dot, WriteAsync).SendAsync(new MemoryContent(content, chunk), conversion: null, CancellationToken.None);
        return Encoding.ASCII.GetString(wire.ToArray());

        async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> octets)
        {
            await wire.WriteAsync(octets);
            return true;
        }
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
