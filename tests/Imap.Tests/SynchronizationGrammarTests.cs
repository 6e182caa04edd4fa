using System.IO.Pipelines;
using System.Text;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Tests;

/// <summary>Mod-sequences and sets of UIDs, as RFC 7162 reads and writes them.</summary>
public sealed class SynchronizationGrammarTests
{
    [Theory]
    [InlineData("0", 0UL)]
    [InlineData("00012", 12UL)]
    [InlineData("9223372036854775799", 9223372036854775799UL)]
    [InlineData("9223372036854775807", 9223372036854775807UL)]
    [InlineData("9223372036854775808", null)]
    [InlineData("18446744073709551616", null)]
    [InlineData("99999999999999999999999", null)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    public void A_mod_sequence_has_63_bits(string text, ulong? expected)
    {
        ImapArguments arguments = new(Encoding.ASCII.GetBytes(text), new ImapLimits());
        Assert.Equal(expected is not null, arguments.TryModSeq(out ModSeq modSeq));
        Assert.Equal(expected is null ? 0 : text.Length, arguments.Position);
        Assert.Equal(expected ?? modSeq.Value, modSeq.Value);
    }

    /// <summary>UIDs 10 and 20 are there, and 30 is the next.</summary>
    [Theory]
    [InlineData("5,3:4", "3:5")]
    [InlineData("1:*", "1:29")]
    [InlineData("25:*", "20:29")]
    [InlineData("*:15", "15:29")]
    [InlineData("*", "20:29")]
    [InlineData("40:*", "20:40")]
    [InlineData("1:4294967295", "1:4294967295")]
    public void The_largest_UID_is_what_it_was_when_a_client_last_heard_of_it(string text, string expected)
    {
        MailboxSnapshot view = Views.WithUidsBelow(30, 10, 20);
        Assert.True(SequenceSet.TryParse(Encoding.ASCII.GetBytes(text), 100, out SequenceSet? set, out _));
        Assert.Equal(expected, set!.ToUids(view).ToString());
    }

    [Fact]
    public void Where_nothing_ever_was_there_is_no_UID()
    {
        Assert.True(SequenceSet.TryParse("1:*"u8, 100, out SequenceSet? set, out _));
        MailboxSnapshot view = Views.WithUids();
        Assert.True(set!.ToUids(view).Intersect(view.AbsentUids()).IsEmpty);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(500, 1)]
    [InlineData(501, 2)]
    [InlineData(1201, 3)]
    public async Task What_went_is_told_in_lines_that_are_not_too_long(int ranges, int lines)
    {
        UidSet uids = UidSet.FromRanges(Enumerable.Range(1, ranges).Select(i => (new Uid((uint)(4_000_000_000 + (i * 3))), new Uid((uint)(4_000_000_001 + (i * 3))))));
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var writer = new ImapWriter(pipe.Writer, 1000);
        await VanishedResponse.WriteAsync(writer, VanishedKind.Earlier, uids);
        await writer.FlushAsync();
        await pipe.Writer.CompleteAsync();
        using StreamReader reader = new(pipe.Reader.AsStream());
        string[] written = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split("\r\n")[..^1];
        Assert.Equal(lines, written.Length);
        Assert.All(written, line => Assert.StartsWith("* VANISHED (EARLIER) 4", line, StringComparison.Ordinal));
        Assert.All(written, line => Assert.True(line.Length < 12 * 1024));
        Assert.Equal(uids.ToString(), string.Join(',', written.Select(line => line["* VANISHED (EARLIER) ".Length..])));
    }
}
