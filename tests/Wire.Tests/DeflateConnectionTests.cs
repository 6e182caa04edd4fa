using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using MailAccess.Testing;

namespace MailAccess.Wire.Tests;

/// <summary>Compression in both directions, against the framework's own compressor on the other side.</summary>
public sealed class DeflateConnectionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task What_the_client_compresses_arrives_whole_at_every_split(int octetsPerRead)
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { }, octetsPerRead);
        await using DeflateConnection connection = new(below);
        Client client = new();
        for (int i = 0; i < 50; i++)
        {
            string line = $"a{i} NOOP {new string((char)('a' + (i % 26)), i * 40)}\r\n";
            below.Send(client.Compress(line));
            Assert.Equal(line, await ReadAsync(connection.Input, line.Length));
        }
    }

    [Fact]
    public async Task Each_flush_can_be_read_at_once_also_after_the_compressor_was_let_go()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        Client client = new();
        for (int i = 0; i < 20; i++)
        {
            ValueTask<ReadResult> waiting = connection.Input.ReadAsync(); // Nothing is there: the compressor rests.
            Assert.False(waiting.IsCompleted);
            connection.Wake();
            ReadResult woken = await waiting;
            Assert.True(woken.IsCanceled);
            connection.Input.AdvanceTo(woken.Buffer.Start);

            string response = $"* {i} FETCH (FLAGS (\\Seen))\r\n* {i} EXISTS\r\n";
            connection.Output.Write(Encoding.ASCII.GetBytes(response[..10]));
            await connection.Output.WriteAsync(Encoding.ASCII.GetBytes(response[10..]));
            Assert.Equal(response, client.Decompress(below.TakeOutput()));
        }
    }

    [Fact]
    public async Task Big_blocks_get_through_and_get_smaller()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i % 100} of a message\r\n"));
        connection.Output.Write(Encoding.ASCII.GetBytes(text));
        await connection.Output.FlushAsync();
        byte[] sent = below.TakeOutput();
        Assert.True(sent.Length < text.Length / 4);
        Assert.Equal(text, new Client().Decompress(sent));
    }

    [Fact]
    public async Task A_bomb_is_read_in_small_pieces()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        const int Length = 20_000_000;
        below.Send(new Client().Compress(new string('x', Length)));
        long total = 0;
        while (total < Length)
        {
            ReadResult read = await connection.Input.ReadAsync();
            Assert.InRange(read.Buffer.Length, 1, 64 * 1024);
            total += read.Buffer.Length;
            connection.Input.AdvanceTo(read.Buffer.End);
        }
        Assert.Equal(Length, total);
    }

    [Fact]
    public async Task Examined_octets_wait_for_more_and_stay_in_one_piece()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        Client client = new();
        using LineReader lines = new(connection.Input, 100_000);
        ValueTask<LineOutcome> reading = lines.ReadAsync();
        for (int i = 0; i < 40; i++)
        {
            Assert.False(reading.IsCompleted);
            below.Send(client.Compress(new string('y', 1000)));
        }
        below.Send(client.Compress("\r\n"));
        Assert.Equal(LineOutcome.Line, await reading);
        Assert.Equal(40_000, lines.Line.Length);
    }

    [Fact]
    public async Task Octets_that_are_not_compressed_lose_the_connection()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        below.Send("a NOOP\r\nb NOOP\r\nc NOOP\r\n"u8);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (!(await connection.Input.ReadAsync()).IsCompleted)
            {
            }
        });
    }

    [Fact]
    public async Task The_end_of_the_stream_or_of_the_connection_is_the_end()
    {
        await using InMemoryConnection below = new(new ManualTimeProvider(), () => { });
        await using DeflateConnection connection = new(below);
        using MemoryStream whole = new();
        await using (DeflateStream closing = new(whole, CompressionLevel.Optimal, leaveOpen: true))
        {
            closing.Write("bye\r\n"u8);
        }
        below.Send(whole.ToArray());
        Assert.Equal("bye\r\n", await ReadAsync(connection.Input, 5));
        below.CloseClientSide();
        Assert.True((await connection.Input.ReadAsync()).IsCompleted);
    }

    private static async Task<string> ReadAsync(PipeReader input, int octets)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            if (read.Buffer.Length >= octets)
            {
                string text = Encoding.ASCII.GetString(read.Buffer.ToArray());
                input.AdvanceTo(read.Buffer.End);
                return text;
            }
            Assert.False(read.IsCompleted);
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>The other side.</summary>
    private sealed class Client
    {
        private readonly MemoryStream _compressed = new();
        private readonly MemoryStream _received = new();
        private readonly DeflateStream _compressor;
        private readonly DeflateStream _decompressor;

        public Client()
        {
            _compressor = new DeflateStream(_compressed, CompressionLevel.Optimal, leaveOpen: true);
            _decompressor = new DeflateStream(_received, CompressionMode.Decompress, leaveOpen: true);
        }

        public byte[] Compress(string text)
        {
            _compressor.Write(Encoding.ASCII.GetBytes(text));
            _compressor.Flush();
            byte[] octets = _compressed.ToArray();
            _compressed.SetLength(0);
            return octets;
        }

        public string Decompress(byte[] octets)
        {
            _received.SetLength(0);
            _received.Write(octets);
            _received.Position = 0;
            using MemoryStream plain = new();
            byte[] piece = new byte[4096];
            int count;
            while ((count = _decompressor.Read(piece)) > 0)
            {
                plain.Write(piece, 0, count);
            }
            return Encoding.ASCII.GetString(plain.ToArray());
        }
    }
}
