using System.Text;
using MailAccess.Store.Mbox;

namespace MailAccess.Store.Tests.Mbox;

public sealed class FormatTests
{
    [Theory]
    [InlineData("From alice@example.org Mon Jan  5 09:08:07 2026")]
    [InlineData("From alice Mon Jan  5 09:08 2026")]
    [InlineData("From MAILER-DAEMON Mon Jan  5 09:08:07 +0100 2026")]
    [InlineData("From a@b Mon Jan  5 09:08:07 2026 +0100")]
    [InlineData("From a@b Mon Jan  5 09:08:07 MET 2026")]
    [InlineData("From a@b Mon Jan  5 09:08:07 MET DST 2026")]
    [InlineData("From uucp Mon Jan  5 09:08:07 2026 remote from host")]
    [InlineData("From a@b Mon Jan  5 09:08:07 26")]
    [InlineData("From \"a b\"@c Mon Jan 5 09:08:07 2026")]
    [InlineData("From a@b Mon, 5 Jan 2026 09:08:07 +0000")]
    [InlineData("From  Mon Jan  5 09:08:07 2026")]
    public void Lines_of_real_spools_begin_a_message(string line)
    {
        Assert.True(FromLine.TryParse(Encoding.ASCII.GetBytes(line + "\n"), TimeZoneInfo.Utc, out DateTimeOffset date));
        Assert.Equal(2026, date.Year);
        Assert.Equal(5, date.Day);
    }

    [Theory]
    [InlineData("From what I hear, nobody came.")]
    [InlineData("From Mon to Tue it rained in Jan 2026")]
    [InlineData("From a@b Mon Jan 32 09:08:07 2026")]
    [InlineData("From a@b Mon Jan  5 29:08:07 2026")]
    [InlineData(">From a@b Mon Jan  5 09:08:07 2026")]
    [InlineData("From: a@b Mon Jan  5 09:08:07 2026")]
    [InlineData("From a@b Mon Jan  5 09:08:07 2026 and then he said")]
    [InlineData("from a@b Mon Jan  5 09:08:07 2026")]
    public void Text_does_not(string line) =>
        Assert.False(FromLine.TryParse(Encoding.ASCII.GetBytes(line + "\n"), TimeZoneInfo.Utc, out _));

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("x")]
    [InlineData("Subject: x\r\n")]
    [InlineData("Subject: x\r\n\r\n")]
    [InlineData("Subject: x\r\n\r\nFrom a@b Mon Jan  5 09:08:07 2026\r\n\r\n>From x\r\n>>From y\r\n")]
    [InlineData("From a@b Mon Jan  5 09:08:07 2026\r\nSubject: x\r\n\r\n")]
    [InlineData("Status: RO\r\n continued\r\nX-UID: 7\r\nX-MailAccess-Kept-Status: y\r\nContent-Length: 3\r\n\r\nbody\r\n")]
    [InlineData(" starts continued\r\nA: b\r\n\r\n")]
    [InlineData("A: b\n\nbare\nfeeds\r\n")]
    [InlineData("A: b\r\n\r\nbody\r\r\n")]
    [InlineData("A: b\r\n\r\nends with CR\r")]
    [InlineData("A: b\r\n\r\nno end\r\n\r\n\r\nlast")]
    [InlineData("A: b\r\n\r\n\r\n\r\n\r\n")]
    [InlineData("A: b\r\n\r\nlone \r in the middle\r\n")]
    [InlineData("A: b\n\n\n\n")]
    public void What_is_written_is_read_back_octet_for_octet(string message) => RoundTrip(Encoding.Latin1.GetBytes(message));

    [Fact]
    public void Any_octets_are_read_back()
    {
        string[] pieces = ["From ", "From a Mon Jan  5 09:08:07 2026", ">", "\r\n", "\n", "\r", "\r\n\r\n", "Status: R", "X-UID: 3", " ", "x", "A: b", "\0", "ÿ",
            "X-MailAccess-Kept-", "Content-Length: 5", "X-IMAPbase: 1 2"];
        var random = new Random(20260105);
        for (int i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder();
            for (int length = random.Next(14); length > 0; length--)
            {
                text.Append(pieces[random.Next(pieces.Length)]);
            }
            RoundTrip(Encoding.Latin1.GetBytes(text.ToString()));
        }
    }

    [Fact]
    public void Lines_longer_than_any_buffer_are_read_back()
    {
        foreach (int length in (int[])[LineReader.BufferOctets - 1, LineReader.BufferOctets, LineReader.BufferOctets + 1, 3 * LineReader.BufferOctets])
        {
            RoundTrip(Encoding.Latin1.GetBytes("A: b\r\n\r\n" + new string('x', length) + "\r\n" + new string('y', length - 1) + "\r\nend\r\n"));
            RoundTrip(Encoding.Latin1.GetBytes("A: b\r\n\r\n" + new string('x', length) + "\r"));
        }
    }

    [Fact]
    public void A_spool_is_understood_however_it_is_cut_into_reads()
    {
        byte[] spool = Encoding.ASCII.GetBytes(
            "From a@b Mon Jan  5 09:08:07 2026\nSubject: 1\nStatus: RO\nX-UID: 4\n\nBody\n>From x\n\n"
            + "From c@d Mon Jan  5 09:08:08 2026\nSubject: 2\nContent-Length: 52\n\nFrom raw@x Mon Jan  5 09:08:08 2026\nis part of it.\n\n\n"
            + "From e@f Mon Jan  5 09:08:09 2026\nSubject: 3\n\nno end");
        List<FoundMessage> whole = Scan(spool, spool.Length);
        Assert.Equal(3, whole.Count);
        Assert.Equal("Subject: 1\r\n\r\nBody\r\nFrom x\r\n", Text(spool, whole[0]));
        Assert.Equal(SystemFlags.Seen, whole[0].Meta.Flags);
        Assert.Equal(4u, whole[0].Meta.Uid);
        Assert.StartsWith("Subject: 2\r\n\r\nFrom raw@x", Text(spool, whole[1]), StringComparison.Ordinal);
        Assert.Equal("Subject: 3\r\n\r\nno end", Text(spool, whole[2]));
        for (int step = 1; step < 90; step++)
        {
            List<FoundMessage> cut = Scan(spool, step);
            Assert.Equal(whole.Select(m => (m.Entry, m.Octets)), cut.Select(m => (m.Entry, m.Octets)));
        }
    }

    [Fact]
    public void A_content_length_that_leads_nowhere_is_not_believed()
    {
        byte[] spool = Encoding.ASCII.GetBytes(
            "From a@b Mon Jan  5 09:08:07 2026\nContent-Length: 60\n\nshort\n\nFrom c@d Mon Jan  5 09:08:08 2026\nSubject: 2\n\nx\n\n");
        Assert.Equal(2, Scan(spool, 1000).Count);
    }

    private static List<FoundMessage> Scan(byte[] spool, int step)
    {
        List<FoundMessage> found = [];
        MboxScanner.Scan(Source(spool, step), 0, spool.Length, TimeZoneInfo.Utc, found.Add);
        Assert.All(found, m => Assert.Equal(m.Octets, Decode(spool, m.Entry).Length));
        return found;
    }

    private static LineReader.Source Source(byte[] octets, int step) => (offset, destination) =>
    {
        int count = (int)Math.Max(0, Math.Min(Math.Min(step, destination.Length), octets.Length - offset));
        octets.AsSpan((int)Math.Min(offset, octets.Length), count).CopyTo(destination);
        return count;
    };

    private static string Text(byte[] spool, FoundMessage message) => Encoding.Latin1.GetString(Decode(spool, message.Entry));

    private static byte[] Decode(byte[] spool, MboxEntry entry)
    {
        var output = new MemoryStream();
        var decoder = new MessageDecoder(piece => output.Write(piece), (entry.Form & MessageForm.Exact) != 0);
        var lines = new LineReader(Source(spool, 4096), entry.ContentStart, entry.ContentEnd);
        while (lines.TryNext(out ReadOnlySpan<byte> line, out bool isLineStart))
        {
            decoder.Feed(line, isLineStart);
        }
        return output.ToArray();
    }

    /// <summary>Between two others, so that it can spoil neither.</summary>
    private static void RoundTrip(byte[] message)
    {
        var spool = new MemoryStream();
        byte[] neighbour = Encoding.ASCII.GetBytes("Subject: neighbour\r\n\r\nx\r\n");
        uint hash = 0;
        foreach (byte[] octets in (byte[][])[neighbour, message, neighbour])
        {
            var ends = new LineEndWatch();
            for (int i = 0; i < octets.Length; i += 3)
            {
                ends.Feed(octets.AsSpan(i, Math.Min(3, octets.Length - i)));
            }
            spool.Write(FromLine.Format("MAILER-DAEMON", DateTimeOffset.UnixEpoch.AddYears(50), TimeZoneInfo.Utc));
            spool.Write(new MetaBlock { Uid = 9, Form = ends.Form, Keywords = ["k"] }.Format());
            uint written = MessageEncoder.Encode(new LineReader(Source(octets, 1000), 0, octets.Length), ends.Form, piece => spool.Write(piece));
            hash = octets == message ? written : hash;
            spool.Write("\n"u8);
        }
        byte[] file = spool.ToArray();
        List<FoundMessage> found = [];
        MboxScanner.Scan(Source(file, 100_000), 0, file.Length, TimeZoneInfo.Utc, found.Add);
        string shown = Encoding.Latin1.GetString(message[..Math.Min(300, message.Length)]);
        Assert.True(found.Count == 3, $"{found.Count} messages with {shown}");
        Assert.True(message.AsSpan().SequenceEqual(Decode(file, found[1].Entry)), $"{shown}\nbecame\n{Encoding.Latin1.GetString(Decode(file, found[1].Entry))}");
        Assert.Equal(message.Length, found[1].Octets);
        Assert.Equal(hash, found[1].Entry.Hash);
        Assert.Equal(neighbour, Decode(file, found[2].Entry));
    }
}
