using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MailAccess.Wire.Tests;

public sealed class DotStuffingTests
{
    /// <summary>On the wire; what is content; whether a bare CR or LF is reported; what follows the end.</summary>
    public static TheoryData<string, string, bool, string> Received => new()
    {
        { ".\r\n", "", false, "" },
        { ".\r\nQUIT\r\n", "", false, "QUIT\r\n" },
        { "a\r\n.\r\nQUIT", "a\r\n", false, "QUIT" },
        { "\r\n.\r\n", "\r\n", false, "" },
        { "..\r\n.\r\n", ".\r\n", false, "" },
        { "..a\r\n...b\r\n.\r\n", ".a\r\n..b\r\n", false, "" },
        { ".a\r\n.\r\n", "a\r\n", false, "" }, // Not stuffed by the client: RFC 5321 §4.5.2 takes the dot all the same.
        { "a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n", false, "" },
        // SMTP smuggling: none of these is the end.
        { "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", true, "" },
        { "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", true, "" },
        { "a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", true, "" },
        { "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", true, "" },
        { "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", true, "" },
        { "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", true, "" },
        { "a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n", true, "" },
        { "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", true, "" },
        { "\n.\r\n\r\n.\r\nX", "\n.\r\n\r\n", true, "X" },
        { "a\r\n\n.\n\r\n.\r\n", "a\r\n\n.\n\r\n", true, "" },
        { "\r\r\n.\r\n", "\r\r\n", true, "" },
        { ".\n.\r\n.\r\n", "\n.\r\n", true, "" },
    };

    [Theory]
    [MemberData(nameof(Received))]
    public async Task Content_ends_at_the_same_place_at_every_split(string wire, string content, bool bare, string rest)
    {
        foreach (byte[][] pieces in Pieces.OfEveryKind(Encoding.Latin1.GetBytes(wire)))
        {
            (ChunkOutcome outcome, string found, bool foundBare, long octets, string foundRest) = await Pieces.ReadAsync(pieces, ReceiveAsync);
            Assert.Equal(ChunkOutcome.End, outcome);
            Assert.Equal((content, bare, rest), (found, foundBare, foundRest));
            Assert.Equal(content.Length, octets);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a\r\n")]
    [InlineData("a\r\n.")]
    [InlineData("a\r\n.\r")]
    [InlineData("a\n.\n")]
    public async Task Content_cut_off_is_never_whole(string wire)
    {
        foreach (byte[][] pieces in Pieces.OfEveryKind(Encoding.Latin1.GetBytes(wire)))
        {
            Assert.Equal(ChunkOutcome.EndOfStream, (await Pieces.ReadAsync(pieces, ReceiveAsync)).Outcome);
        }
    }

    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("..\r\n.a\r\n", "...\r\n..a\r\n.\r\n")]
    [InlineData("a\n.\r\n", "a\n..\r\n.\r\n")] // For who takes LF for a line end.
    [InlineData("a\n.\nb\n", "a\n..\nb\n\r\n.\r\n")]
    [InlineData("a\r", "a\r\r\n.\r\n")]
    [InlineData("\r\n\r\n.", "\r\n\r\n..\r\n.\r\n")]
    public async Task Stuffing_is_the_same_at_every_split(string content, string wire)
    {
        foreach (byte[][] pieces in Pieces.OfEveryKind(Encoding.Latin1.GetBytes(content)))
        {
            Assert.Equal(wire, Encoding.Latin1.GetString(await StuffAsync(pieces)));
        }
    }

    [Fact]
    public void Stuffed_and_unstuffed_again_is_the_same()
    {
        // Few kinds of octets, so that the interesting neighbours are common. No LF alone: behind one a dot gets company for good.
        Gen<string[]> contents = Gen.Elements("a", ".", "\r", "\r\n").ArrayOf();
        Gen<int> sizes = Gen.Choose(1, 9);
        Prop.ForAll(contents.ToArbitrary(), sizes.ToArbitrary(), (content, size) =>
        {
            byte[] whole = Encoding.Latin1.GetBytes(string.Concat(content) + "\r\n"); // The encoder ensures a last CRLF: give it one.
            byte[] wire = StuffAsync([.. whole.Chunk(size)]).GetAwaiter().GetResult();
            (ChunkOutcome outcome, string found, bool _, long octets, string rest) =
                Pieces.ReadAsync([.. wire.Chunk(size + 1), "REST"u8.ToArray()], ReceiveAsync).GetAwaiter().GetResult();
            return outcome == ChunkOutcome.End && found == Encoding.Latin1.GetString(whole) && octets == whole.Length && rest == "REST";
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(42, 43));
    }

    [Fact]
    public void Whatever_comes_the_end_is_where_a_slow_rule_finds_it()
    {
        Gen<byte[]> wires = Gen.Elements((byte)'a', (byte)'.', (byte)'\r', (byte)'\n').ArrayOf();
        Prop.ForAll(wires.ToArbitrary(), Gen.Choose(1, 5).ToArbitrary(), (wire, size) =>
        {
            string text = "\r\n" + Encoding.Latin1.GetString(wire);
            int end = text.IndexOf("\r\n.\r\n", StringComparison.Ordinal);
            (ChunkOutcome outcome, string _, bool bare, long _, string rest) =
                Pieces.ReadAsync([.. wire.Chunk(size)], ReceiveAsync).GetAwaiter().GetResult();
            string expectedRest = end < 0 ? "" : text[(end + 5)..];
            string content = (end < 0 ? text : text[..end]).Replace("\r\n", "", StringComparison.Ordinal);
            return outcome == (end < 0 ? ChunkOutcome.EndOfStream : ChunkOutcome.End)
                && rest == expectedRest
                && (end < 0 || bare == (content.Contains('\r', StringComparison.Ordinal) || content.Contains('\n', StringComparison.Ordinal)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(7, 11));
    }

    [Fact]
    public async Task A_wake_between_chunks_consumes_nothing()
    {
        var pipe = new Pipe();
        var reader = new DotStuffedReader(pipe.Reader);
        await pipe.Writer.WriteAsync("a\r\n.\r\n"u8.ToArray());
        pipe.Reader.CancelPendingRead();
        Assert.Equal(ChunkOutcome.Woken, await reader.ReadAsync());
        Assert.Equal(ChunkOutcome.Chunk, await reader.ReadAsync());
        Assert.True(reader.Chunk.Span.SequenceEqual("a\r\n"u8));
        Assert.Equal(ChunkOutcome.End, await reader.ReadAsync());
        Assert.Equal(ChunkOutcome.End, await reader.ReadAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    public async Task Counted_octets_are_counted_at_every_split(int count)
    {
        byte[] octets = "hello world"u8.ToArray();
        foreach (byte[][] pieces in Pieces.OfEveryKind(octets))
        {
            (ChunkOutcome outcome, string found, string rest) = await Pieces.ReadAsync(pieces, input => CountAsync(input, count));
            Assert.Equal((ChunkOutcome.End, "hello world"[..count], "hello world"[count..]), (outcome, found, rest));
            Assert.Equal(ChunkOutcome.EndOfStream, (await Pieces.ReadAsync(pieces, input => CountAsync(input, 12))).Outcome);
        }
    }

    [Fact]
    public async Task A_wake_inside_counted_octets_consumes_nothing()
    {
        var pipe = new Pipe();
        var reader = new CountedReader(pipe.Reader, 3);
        await pipe.Writer.WriteAsync("abcd"u8.ToArray());
        pipe.Reader.CancelPendingRead();
        Assert.Equal(ChunkOutcome.Woken, await reader.ReadAsync());
        Assert.Equal(3, reader.Remaining);
        Assert.Equal(ChunkOutcome.Chunk, await reader.ReadAsync());
        Assert.Equal(ChunkOutcome.End, await reader.ReadAsync());
        Assert.Equal("d", await RestAsync(pipe.Reader, pipe.Writer));
    }

    private static async Task<byte[]> StuffAsync(byte[][] pieces)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var stuffing = new DotStuffing(pipe.Writer);
        foreach (byte[] piece in pieces)
        {
            await stuffing.WriteAsync(piece);
        }
        stuffing.Complete();
        await pipe.Writer.CompleteAsync();
        ReadResult all = await pipe.Reader.ReadAsync();
        return all.Buffer.ToArray();
    }

    private static async Task<(ChunkOutcome Outcome, string Content, bool Bare, long Octets, string Left)> ReceiveAsync(PipeReader input)
    {
        var reader = new DotStuffedReader(input);
        var content = new StringBuilder();
        while (true)
        {
            ChunkOutcome outcome = await reader.ReadAsync();
            if (outcome != ChunkOutcome.Chunk)
            {
                return (outcome, content.ToString(), reader.HasBareCrOrLf, reader.Octets, await RestAsync(input));
            }
            Assert.False(reader.Chunk.IsEmpty);
            content.Append(Encoding.Latin1.GetString(reader.Chunk.Span));
        }
    }

    private static async Task<(ChunkOutcome Outcome, string Content, string Left)> CountAsync(PipeReader input, int count)
    {
        var reader = new CountedReader(input, count);
        var content = new StringBuilder();
        while (true)
        {
            ChunkOutcome outcome = await reader.ReadAsync();
            if (outcome != ChunkOutcome.Chunk)
            {
                return (outcome, content.ToString(), await RestAsync(input));
            }
            content.Append(Encoding.Latin1.GetString(reader.Chunk.Span));
        }
    }

    private static async Task<string> RestAsync(PipeReader input, PipeWriter? ending = null)
    {
        if (ending is not null)
        {
            await ending.CompleteAsync();
        }
        ReadResult rest;
        while (!(rest = await input.ReadAsync()).IsCompleted)
        {
            input.AdvanceTo(rest.Buffer.Start, rest.Buffer.End);
        }
        return Encoding.Latin1.GetString(rest.Buffer.ToArray());
    }
}
