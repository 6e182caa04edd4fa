using System.Buffers;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Tests;

/// <summary>Segments as a process finds them after another ended, in whatever way.</summary>
public sealed class JournalTests : IDisposable
{
    private static readonly PosixFiles Files = new();
    private static readonly Guid Boot = Guid.NewGuid();
    private static readonly JournalMailbox Sick = new(Guid.NewGuid(), "alice", ".sick");
    private static readonly JournalMailbox Well = new(Guid.NewGuid(), "alice", ".well");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Records_read_back_and_end_where_they_are_torn()
    {
        string path = Write(1, 1, Boot, Record(Sick, 1, "one"), Record(Well, 1, "two"));
        byte[] octets = File.ReadAllBytes(path)[..^100]; // Without what is laid out behind them.
        List<JournalRecord> records = ReadAll();
        Assert.Equal([1UL, 2UL], records.Select(r => r.Sequence));
        Assert.Equal(Sick, records[0].Frames[0].Mailbox);
        Assert.Equal("content of one"u8.ToArray(), JournalReader.ReadContent(Files, records[0].Contents["one"]));
        Assert.Equal("content of two"u8.ToArray(), JournalReader.ReadContent(Files, records[1].Contents["two"]));
        for (int cut = 0; cut < octets.Length; cut++)
        {
            File.WriteAllBytes(path, octets[..cut]);
            Assert.InRange(ReadAll().Count, 0, 1);
        }
        for (int at = JournalFormat.SegmentHeaderOctets; at < octets.Length; at++)
        {
            octets[at] ^= 4;
            File.WriteAllBytes(path, octets);
            octets[at] ^= 4;
            Assert.InRange(ReadAll().Count, 0, 1);
        }
    }

    [Fact]
    public void Records_of_a_segments_earlier_use_are_not_read()
    {
        string path = Write(1, 1, Boot, Record(Sick, 1, "old"), Record(Sick, 2, "older"), Record(Sick, 3, "oldest"));
        byte[] old = File.ReadAllBytes(path);
        byte[] now = File.ReadAllBytes(Write(2, 4, Boot, Record(Sick, 4, "new")));
        now.CopyTo(old, 0); // Records of the same length: the second old one follows right behind.
        File.WriteAllBytes(path, old);
        File.Delete(Path.Combine(_folder.Path, "0000000002.journal"));
        Assert.Equal([4UL], ReadAll().Select(r => r.Sequence));
    }

    [Fact]
    public void A_segment_with_a_damaged_header_is_still_read_and_a_blank_one_is_not()
    {
        string path = Write(7, 3, Boot, Record(Sick, 1, "one"));
        byte[] octets = File.ReadAllBytes(path);
        for (int at = 0; at < 44; at++)
        {
            octets[at] ^= 0x40;
            File.WriteAllBytes(path, octets);
            octets[at] ^= 0x40;
            JournalContent content = JournalReader.Read(Files, _folder.Path, Boot);
            Assert.Equal((7UL, 3UL, 1, false), (content.LastSegment, content.LastSequence, content.RecordCount, content.IsSameBoot));
        }
        octets.AsSpan(0, JournalFormat.SegmentHeaderOctets).Clear();
        File.WriteAllBytes(path, octets);
        Assert.Empty(ReadAll());
    }

    [Fact]
    public void Order_boot_and_gaps_are_seen()
    {
        Write(10, 5, Boot, Record(Sick, 3, "c"));
        Write(9, 1, Boot, Record(Sick, 1, "a"), Record(Sick, 2, "b"));
        JournalContent content = JournalReader.Read(Files, _folder.Path, Boot);
        Assert.Equal(["a", "b", "c"], ReadAll().Select(r => r.Contents.Keys.Single()));
        Assert.Equal((true, 10UL, 5UL), (content.IsSameBoot, content.LastSegment, content.LastSequence));
        Assert.EndsWith("0000000009.journal", Assert.Single(content.Damaged), StringComparison.Ordinal); // 3 and 4 are missing.
        Assert.False(JournalReader.Read(Files, _folder.Path, Guid.NewGuid()).IsSameBoot);
    }

    [Fact]
    public void A_segment_of_a_newer_version_is_not_thrown_away()
    {
        string path = Write(1, 1, Boot, Record(Sick, 1, "one"));
        byte[] octets = File.ReadAllBytes(path);
        octets[4] = 200;
        BitConverter.TryWriteBytes(octets.AsSpan(40), Crc.Of(octets.AsSpan(0, 40)));
        File.WriteAllBytes(path, octets);
        Assert.Throws<FileFault>(() => JournalReader.Read(Files, _folder.Path, Boot));
    }

    [Fact]
    public void Only_the_records_of_sick_mailboxes_are_carried_over_and_only_once()
    {
        string first = Write(1, 1, Boot, Record(Sick, 1, "s1"), Record(Well, 1, "w1"));
        Assert.Equal(1, CarriedRecords.Write(Files, _folder.Path, [first], g => g == Sick.Guid, Boot));
        File.Delete(first);
        string second = Write(2, 3, Boot, Record(Well, 2, "w2"), Record(Sick, 2, "s2"));
        Assert.Equal(2, CarriedRecords.Write(Files, _folder.Path, [second], g => g == Sick.Guid, Boot));
        File.Delete(second);
        Write(3, 9, Boot, Record(Well, 3, "w3"));
        Assert.Equal(["s1", "s2", "w3"], ReadAll().Select(r => r.Contents.Keys.Single()));
        Assert.Equal("content of s1"u8.ToArray(), JournalReader.ReadContent(Files, ReadAll()[0].Contents["s1"]));
        Assert.Equal(9UL, JournalReader.Read(Files, _folder.Path, Boot).LastSequence);
        // After another boot it stays one of before.
        Guid later = Guid.NewGuid();
        Assert.Equal(2, CarriedRecords.Write(Files, _folder.Path, [], g => g == Sick.Guid, later));
        Assert.False(JournalReader.Read(Files, _folder.Path, later).IsSameBoot);
        Assert.Equal(0, CarriedRecords.Write(Files, _folder.Path, [], _ => false, later));
        Assert.False(File.Exists(Path.Combine(_folder.Path, CarriedRecords.FileName)));
    }

    private List<JournalRecord> ReadAll() =>
        [.. JournalReader.Read(Files, _folder.Path, Boot).Segments.SelectMany(s => JournalReader.Records(Files, s))];

    private string Write(ulong number, ulong sequence, Guid boot, params Action<ArrayBufferWriter<byte>>[] records)
    {
        string path = Path.Combine(_folder.Path, number.ToString("D10", System.Globalization.CultureInfo.InvariantCulture) + ".journal");
        List<byte> octets = [.. JournalFormat.SegmentHeader(number, sequence, boot)];
        foreach (Action<ArrayBufferWriter<byte>> record in records)
        {
            var buffer = new ArrayBufferWriter<byte>();
            JournalFormat.BeginRecord(buffer);
            record(buffer);
            byte[] written = buffer.WrittenSpan.ToArray();
            JournalFormat.EndRecord(written, sequence++);
            octets.AddRange(written);
        }
        octets.AddRange(new byte[100]);
        File.WriteAllBytes(path, [.. octets]);
        return path;
    }

    private static Action<ArrayBufferWriter<byte>> Record(JournalMailbox mailbox, ulong sequence, string name) => buffer =>
    {
        var frame = new IndexFrame
        {
            Sequence = sequence,
            UidNext = new Uid(9),
            HighestModSeq = new ModSeq(3),
            Upserts = [new MessageRecord { Uid = new Uid(1), Octets = 3 }],
            Arrivals = [new FrameArrival(0, name, Guid.Empty, "")],
        };
        JournalFormat.AddFrame(buffer, mailbox, frame.Encode());
        JournalFormat.AddContent(buffer, name, System.Text.Encoding.ASCII.GetBytes("content of " + name));
    };
}
