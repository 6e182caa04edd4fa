using System.IO.Pipelines;
using System.Text;

namespace MailAccess.Wire.Tests;

public sealed class LineReaderTests
{
    private const int LineOctetsMax = 8;

    public static TheoryData<string, string> Inputs => new()
    {
        { "", "end" },
        { "cut off", "end" },
        { "\r\n", "[]|end" },
        { "one\r\ntwo\r\n", "[one]|[two]|end" },
        { "12345678\r\nx\r\n", "[12345678]|[x]|end" },
        { "123456789\r\nx\r\n", "too long|[x]|end" },
        { "1234567890123456789012345678901234567890\r\nx\r\n", "too long|[x]|end" },
        { "12345678\nx\r\n", "bare|[x]|end" },
        { "\nx\r\n", "bare|[x]|end" },
        { "a\rb\r\nx\r\n", "bare|[x]|end" },
        { "a\r\r\nx\r\n", "bare|[x]|end" },
        { "\r\r\n\r\n", "bare|[]|end" },
        { "a\n\r\nb\r", "bare|[]|end" },
        { "123456789\n12345678\r\n", "bare|[12345678]|end" },
        { "1234567890\n12345678\r\n", "bare|[12345678]|end" }, // However long: what is behind is no next line of the client's.
        { "\0\xFF\r\n", "[\0\xFF]|end" },
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task Lines_are_the_same_at_every_split(string input, string expected)
    {
        foreach (byte[][] pieces in Pieces.OfEveryKind(Encoding.Latin1.GetBytes(input)))
        {
            string found = await Pieces.ReadAsync(pieces, DescribeAsync);
            Assert.True(expected == found, $"{expected}\n{found}\n{string.Join('/', pieces.Select(Encoding.Latin1.GetString))}");
        }
    }

    [Fact]
    public async Task A_wake_is_told_before_the_line_and_costs_nothing()
    {
        var pipe = new Pipe();
        using var lines = new LineReader(pipe.Reader, LineOctetsMax);
        await pipe.Writer.WriteAsync("NOOP\r\n"u8.ToArray());
        pipe.Reader.CancelPendingRead();
        Assert.Equal(LineOutcome.Woken, await lines.ReadAsync());
        Assert.Equal(LineOutcome.Line, await lines.ReadAsync());
        Assert.True(lines.Line.SequenceEqual("NOOP"u8));
    }

    [Fact]
    public async Task A_wake_inside_a_line_too_long_does_not_make_its_rest_a_line()
    {
        var pipe = new Pipe();
        using var lines = new LineReader(pipe.Reader, LineOctetsMax);
        await pipe.Writer.WriteAsync(new byte[20]);
        ValueTask<LineOutcome> read = lines.ReadAsync();
        pipe.Reader.CancelPendingRead();
        Assert.Equal(LineOutcome.Woken, await read);
        await pipe.Writer.WriteAsync("DELE 1\r\nNOOP\r\n"u8.ToArray());
        Assert.Equal(LineOutcome.TooLong, await lines.ReadAsync());
        Assert.Equal(LineOutcome.Line, await lines.ReadAsync());
        Assert.True(lines.Line.SequenceEqual("NOOP"u8));
    }

    [Fact]
    public async Task A_line_of_ten_megabytes_keeps_no_more_than_its_bound()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var lines = new LineReader(pipe.Reader, LineOctetsMax);
        Task<LineOutcome> reading = lines.ReadAsync().AsTask();
        byte[] block = new byte[64 * 1024];
        for (int i = 0; i < 160; i++)
        {
            await pipe.Writer.WriteAsync(block);
        }
        await pipe.Writer.WriteAsync("\r\n"u8.ToArray());
        Assert.Equal(LineOutcome.TooLong, await reading.Soon());
    }

    [Fact]
    public async Task Pipelined_input_is_seen_without_being_consumed()
    {
        var pipe = new Pipe();
        using var lines = new LineReader(pipe.Reader, LineOctetsMax);
        await pipe.Writer.WriteAsync("A\r\nB\r\n"u8.ToArray());
        await lines.ReadAsync();
        Assert.True(lines.HasBufferedInput);
        await lines.ReadAsync();
        Assert.True(lines.Line.SequenceEqual("B"u8));
        Assert.False(lines.HasBufferedInput);
    }

    [Theory]
    [InlineData("")]
    [InlineData("NOOP\r\n")]
    public async Task Asking_for_pipelined_input_swallows_no_wake(string input)
    {
        var pipe = new Pipe();
        using var lines = new LineReader(pipe.Reader, LineOctetsMax);
        await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(input));
        pipe.Reader.CancelPendingRead();
        Assert.Equal(input.Length > 0, lines.HasBufferedInput);
        Assert.Equal(LineOutcome.Woken, await lines.ReadAsync());
    }

    private static async Task<string> DescribeAsync(PipeReader input)
    {
        using var lines = new LineReader(input, LineOctetsMax);
        var found = new List<string>();
        while (true)
        {
            switch (await lines.ReadAsync())
            {
                case LineOutcome.Line:
                    found.Add($"[{Encoding.Latin1.GetString(lines.Line)}]");
                    break;
                case LineOutcome.TooLong:
                    found.Add("too long");
                    break;
                case LineOutcome.BareCrOrLf:
                    found.Add("bare");
                    break;
                default:
                    found.Add("end");
                    return string.Join('|', found);
            }
        }
    }
}
