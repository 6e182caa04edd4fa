using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace MailAccess.Store.Index;

/// <summary>A new message in a frame: its file's base name, and for a copy where the octets also are.</summary>
internal readonly record struct FrameArrival(long Place, string BaseName, Guid SourceMailbox, string SourceBaseName);

/// <summary>What one commit does to one mailbox, as it is written to the mailbox's log and to the store's journal.</summary>
/// <remarks>
/// Little-endian: length u32, CRC-32C u32 of the rest, sequence u64, UIDNEXT u32, first unclaimed UID u32, mod-sequence u64,
/// upserts u32, arrivals u32, expunged u32, first keyword u32, keywords' octets u32, strings' octets u32; then the records of the
/// upserts, the UIDs of the expunged, the new keywords, and the strings: per arrival place u64, base name, source's base name,
/// source's mailbox (16 octets), per expunged its base name; a string is length u16 and UTF-8.
/// </remarks>
internal sealed record IndexFrame
{
    private const int HeaderOctets = 56;
    private const int RecordOctets = 64;

    public required ulong Sequence { get; init; }

    public required Uid UidNext { get; init; }

    public Uid FirstUnclaimed { get; init; }

    public required ModSeq HighestModSeq { get; init; }

    public IReadOnlyList<MessageRecord> Upserts { get; init; } = [];

    /// <summary>For the last of the upserts, in the same order.</summary>
    public IReadOnlyList<FrameArrival> Arrivals { get; init; } = [];

    /// <summary>The base name is empty where another program took the file away: recovery must not remove what has come back.</summary>
    public IReadOnlyList<(Uid Uid, string BaseName)> Expunged { get; init; } = [];

    /// <summary>The bit of the first of <see cref="NewKeywords"/>.</summary>
    public int FirstKeyword { get; init; }

    public IReadOnlyList<string> NewKeywords { get; init; } = [];

    public byte[] Encode()
    {
        byte[] keywords = Encoding.UTF8.GetBytes(string.Join('\n', NewKeywords));
        ArrayBufferWriter<byte> strings = new(16 + ((Arrivals.Count + Expunged.Count) * 100));
        foreach (FrameArrival arrival in Arrivals)
        {
            BinaryPrimitives.WriteInt64LittleEndian(strings.GetSpan(8), arrival.Place);
            strings.Advance(8);
            Write(strings, arrival.BaseName);
            Write(strings, arrival.SourceBaseName);
            arrival.SourceMailbox.TryWriteBytes(strings.GetSpan(16));
            strings.Advance(16);
        }
        foreach ((_, string name) in Expunged)
        {
            Write(strings, name);
        }
        int recordsAt = HeaderOctets;
        int uidsAt = recordsAt + (Upserts.Count * RecordOctets);
        int keywordsAt = uidsAt + (Expunged.Count * 4);
        int stringsAt = keywordsAt + keywords.Length;
        byte[] frame = new byte[stringsAt + strings.WrittenCount];
        WriteHeader(frame, keywords.Length, strings.WrittenCount);
        Span<MessageRecord> records = MemoryMarshal.Cast<byte, MessageRecord>(frame.AsSpan(recordsAt, uidsAt - recordsAt));
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = Upserts[i];
        }
        for (int i = 0; i < Expunged.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(uidsAt + (i * 4)), Expunged[i].Uid.Value);
        }
        keywords.CopyTo(frame, keywordsAt);
        strings.WrittenSpan.CopyTo(frame.AsSpan(stringsAt));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), Crc.Of(frame.AsSpan(8)));
        return frame;
    }

    /// <summary>Reads the frame at the start of the octets; false for a torn or damaged one.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out IndexFrame? frame, out int length)
    {
        frame = null;
        length = 0;
        if (octets.Length < HeaderOctets)
        {
            return false;
        }
        uint claimed = BinaryPrimitives.ReadUInt32LittleEndian(octets);
        if (claimed < HeaderOctets || claimed > octets.Length
            || Crc.Of(octets[8..(int)claimed]) != BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]))
        {
            return false;
        }
        length = (int)claimed;
        frame = Decode(octets[..length]);
        return true;
    }

    private static IndexFrame Decode(ReadOnlySpan<byte> octets)
    {
        int upserts = Number(octets, 32);
        int arrivals = Number(octets, 36);
        int expunged = Number(octets, 40);
        int keywordsOctets = Number(octets, 48);
        ReadOnlySpan<byte> rest = octets[HeaderOctets..];
        MessageRecord[] records = MemoryMarshal.Cast<byte, MessageRecord>(rest[..(upserts * RecordOctets)]).ToArray();
        rest = rest[(upserts * RecordOctets)..];
        ReadOnlySpan<byte> uids = rest[..(expunged * 4)];
        rest = rest[(expunged * 4)..];
        string keywords = Encoding.UTF8.GetString(rest[..keywordsOctets]);
        rest = rest[keywordsOctets..];
        var arrived = new FrameArrival[arrivals];
        for (int i = 0; i < arrivals; i++)
        {
            long place = BinaryPrimitives.ReadInt64LittleEndian(rest);
            rest = rest[8..];
            string name = Read(ref rest);
            string source = Read(ref rest);
            arrived[i] = new FrameArrival(place, name, new Guid(rest[..16]), source);
            rest = rest[16..];
        }
        var gone = new (Uid, string)[expunged];
        for (int i = 0; i < expunged; i++)
        {
            gone[i] = (new Uid(BinaryPrimitives.ReadUInt32LittleEndian(uids[(i * 4)..])), Read(ref rest));
        }
        return new IndexFrame
        {
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(octets[8..]),
            UidNext = new Uid((uint)Number(octets, 16)),
            FirstUnclaimed = new Uid((uint)Number(octets, 20)),
            HighestModSeq = new ModSeq(BinaryPrimitives.ReadUInt64LittleEndian(octets[24..])),
            Upserts = records,
            Arrivals = arrived,
            Expunged = gone,
            FirstKeyword = Number(octets, 44),
            NewKeywords = keywords.Length == 0 ? [] : keywords.Split('\n'),
        };
    }

    private void WriteHeader(Span<byte> frame, int keywordsOctets, int stringsOctets)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], UidNext.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], FirstUnclaimed.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[24..], HighestModSeq.Value);
        BinaryPrimitives.WriteInt32LittleEndian(frame[32..], Upserts.Count);
        BinaryPrimitives.WriteInt32LittleEndian(frame[36..], Arrivals.Count);
        BinaryPrimitives.WriteInt32LittleEndian(frame[40..], Expunged.Count);
        BinaryPrimitives.WriteInt32LittleEndian(frame[44..], FirstKeyword);
        BinaryPrimitives.WriteInt32LittleEndian(frame[48..], keywordsOctets);
        BinaryPrimitives.WriteInt32LittleEndian(frame[52..], stringsOctets);
    }

    private static int Number(ReadOnlySpan<byte> octets, int at) => BinaryPrimitives.ReadInt32LittleEndian(octets[at..]);

    private static void Write(ArrayBufferWriter<byte> target, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Span<byte> span = target.GetSpan(2 + length);
        BinaryPrimitives.WriteUInt16LittleEndian(span, checked((ushort)length));
        Encoding.UTF8.GetBytes(text, span[2..]);
        target.Advance(2 + length);
    }

    private static string Read(ref ReadOnlySpan<byte> source)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(source);
        string text = Encoding.UTF8.GetString(source.Slice(2, length));
        source = source[(2 + length)..];
        return text;
    }
}
