using System.IO.Pipelines;
using System.Text;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Tests;

/// <summary>What is written comes out, wherever a block of the pipe's memory ends.</summary>
public sealed class ImapWriterTests
{
    [Fact]
    public async Task Text_octets_and_numbers_come_out_whole_across_the_ends_of_blocks()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var writer = new ImapWriter(pipe.Writer, int.MaxValue);
        StringBuilder expected = new();
        for (int i = 0; i < 20_000; i++)
        {
            string text = new((char)('a' + (i % 26)), i % 17);
            writer.Write(text);
            writer.WriteNumber(i);
            writer.Write("/"u8);
            expected.Append(text).Append(i).Append('/');
        }
        await writer.FlushAsync();
        await pipe.Writer.CompleteAsync();
        using StreamReader reader = new(pipe.Reader.AsStream());
        Assert.Equal(expected.ToString(), await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }
}
