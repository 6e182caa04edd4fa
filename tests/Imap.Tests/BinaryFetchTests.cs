using System.Buffers;
using System.Globalization;
using System.Text;
using MailAccess.Imap.Fetching;
using MailAccess.Message;
using MailAccess.Store;
using MailAccess.Testing;
using MailAccess.Wire;

namespace MailAccess.Imap.Tests;

/// <summary>BINARY of large parts: in pieces, and in bounded memory. RFC 3516 §4.2.</summary>
public sealed class BinaryFetchTests
{
    [Theory]
    [InlineData("base64")]
    [InlineData("quoted-printable")]
    [InlineData("8bit")]
    public async Task Pieces_are_what_the_whole_has_there(string encoding)
    {
        Random random = new(encoding.Length);
        byte[] plain = [.. Enumerable.Range(0, 200_000).Select(i => i % 73 == 72 ? (byte)'\n' : i % 73 == 71 ? (byte)'\r' : (byte)random.Next(32, 127))];
        List<(int First, int Count)> pieces = [.. Enumerable.Range(0, 25).Select(i => (i * 10_000, 10_000))];
        pieces.AddRange(Enumerable.Range(0, 25).Select(_ => (random.Next(210_000), random.Next(1, 50_000))));
        StringBuilder commands = new("a LOGIN alice secret\r\nb SELECT INBOX\r\n");
        foreach ((int first, int count) in pieces)
        {
            commands.Append(CultureInfo.InvariantCulture, $"c FETCH 1 BINARY.PEEK[1]<{first}.{count}>\r\n");
        }
        byte[] output = await PlayAsync(Encode(plain, encoding), commands.ToString());
        int at = 0;
        foreach ((int first, int count) in pieces)
        {
            int from = Math.Min(first, plain.Length);
            int octets = Math.Min(count, plain.Length - from);
            byte[] start = Encoding.ASCII.GetBytes($"* 1 FETCH (BINARY[1]<{first}> {{{octets}}}\r\n");
            int found = output.AsSpan(at).IndexOf(start);
            Assert.True(found >= 0, $"{first} {count}");
            at += found + start.Length;
            Assert.True(output.AsSpan(at, octets).SequenceEqual(plain.AsSpan(from, octets)), $"{first} {count}");
            at += octets;
        }
    }

    [Theory]
    [InlineData("BASE64")]
    [InlineData("QUOTED-PRINTABLE")]
    public async Task Decoding_goes_on_from_wherever_it_stopped(string encoding)
    {
        Random random = new(11);
        byte[] encoded = [.. Enumerable.Range(0, 300_000).Select(i => "ABCDabcd0189=\r\n "u8[random.Next(encoding[0] == 'B' ? 12 : 16)])];
        OctetsContent content = new(encoded);
        byte[] whole = await ReadAsync(content, new DecodingPoint(0, 0, TransferDecoder.For(encoding)), []);
        List<DecodingPoint> points = [];
        Assert.Equal(whole, await ReadAsync(content, new DecodingPoint(0, 0, TransferDecoder.For(encoding)), points));
        Assert.True(points.Count > 5);
        foreach (DecodingPoint point in points)
        {
            content.LowestOffset = long.MaxValue;
            byte[] rest = await ReadAsync(content, point, []);
            Assert.Equal(point.EncodedOctets, content.LowestOffset);
            Assert.True(whole.AsSpan((int)point.Octets).SequenceEqual(rest));
        }
    }

    [Fact]
    public async Task A_part_of_fifty_megabytes_is_decoded_in_bounded_memory()
    {
        const int Octets = 50 * 1024 * 1024;
        EndlessBase64 content = new(Octets / 3 * 4);
        await ReadAllAsync(content); // What is made once for the process.
        long before = GC.GetAllocatedBytesForCurrentThread();
        long decoded = await ReadAllAsync(content);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Octets / 3 * 3, decoded);
        Assert.InRange(allocated, 0, 2 * 1024 * 1024);
    }

    [Fact]
    public void A_session_remembers_a_bounded_number_of_sections()
    {
        DecodedSections sections = new();
        for (uint uid = 1; uid <= 1000; uid++)
        {
            for (int part = 0; part < 3; part++)
            {
                sections.Add(new Uid(uid), $"{part}", new DecodedSection(uid, false, default));
            }
            Assert.True(sections.TryGet(new Uid(uid), "0", out DecodedSection first) && first.Octets == uid);
        }
        Assert.False(sections.TryGet(new Uid(1), "0", out _));
    }

    private static async Task<long> ReadAllAsync(EndlessBase64 content)
    {
        using SectionDecoder decoder = new(content, new OctetRange(0, content.Octets), new DecodingPoint(0, 0, TransferDecoder.For("BASE64")));
        long octets = 0;
        while (await decoder.ReadAsync() is { } piece)
        {
            octets += piece.Length;
        }
        return octets;
    }

    private static async Task<byte[]> ReadAsync(OctetsContent content, DecodingPoint start, List<DecodingPoint> points)
    {
        using SectionDecoder decoder = new(content, new OctetRange(0, content.Octets), start);
        ArrayBufferWriter<byte> all = new();
        while (await decoder.ReadAsync() is { } piece)
        {
            all.Write(piece.Span);
            points.Add(decoder.PieceStart);
        }
        Assert.False(decoder.IsCutOff);
        return all.WrittenSpan.ToArray();
    }

    private static byte[] Encode(byte[] plain, string encoding)
    {
        string text = encoding switch
        {
            "base64" => Convert.ToBase64String(plain, Base64FormattingOptions.InsertLineBreaks),
            "quoted-printable" => string.Concat(plain.Select((o, i) => o is (byte)'\r' or (byte)'\n' ? ((char)o).ToString()
                : (i % 50 == 49 ? "=\r\n" : "") + (o is (byte)'=' or (byte)' ' || i % 5 == 0 ? $"={o:X2}" : ((char)o).ToString()))),
            _ => Encoding.ASCII.GetString(plain),
        };
        return Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: {encoding}\r\n\r\n{text}");
    }

    private static async Task<byte[]> PlayAsync(byte[] message, string commands)
    {
        ManualTimeProvider clock = new();
        await using ImapHost host = new(octetsPerRead: 0);
        await host.AppendAsync("INBOX", message);
        await using InMemoryConnection connection = new(clock, () => { });
        connection.Send(Encoding.ASCII.GetBytes(commands));
        connection.CloseClientSide();
        Assert.Equal(SessionEnd.ClientGone, await host.Run(connection).WaitAsync(TimeSpan.FromSeconds(60)));
        return connection.TakeOutput();
    }

    private sealed class OctetsContent(byte[] octets) : IMessageContent
    {
        public long LowestOffset { get; set; }

        public long Octets => octets.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            LowestOffset = Math.Min(LowestOffset, offset);
            int count = (int)Math.Min(destination.Length, octets.Length - offset);
            octets.AsMemory((int)offset, count).CopyTo(destination);
            return new(count);
        }

        public ValueTask DisposeAsync() => default;
    }

    /// <summary>Letters without end, in no memory.</summary>
    private sealed class EndlessBase64(long octets) : IMessageContent
    {
        public long Octets => octets;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            int count = (int)Math.Min(destination.Length, octets - offset);
            destination.Span[..count].Fill((byte)'Q');
            return new(count);
        }

        public ValueTask DisposeAsync() => default;
    }
}
