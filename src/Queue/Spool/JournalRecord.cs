using System.Buffers.Binary;

namespace MailAccess.Queue;

/// <summary>What a record of the spool's journal says.</summary>
internal enum JournalRecordKind : byte
{
    /// <summary>A message: its control line and its content. A second one of the same id replaces the first.</summary>
    Add = 1,
    /// <summary>A step of its life: a control line.</summary>
    Update = 2,
    /// <summary>It is done, or lies in files of its own from here on.</summary>
    Remove = 3,
    /// <summary>Nothing; whoever waits for it knows that all before it is durable.</summary>
    Mark = 4,
}

/// <summary>
/// The octets of the spool's journal. A segment: magic u32, version u32, number u64, CRC-32C u32 of these 16; then records, then zeros.
/// A record: length u32 of what follows the checksum, CRC-32C u32 of that, sequence u64 (segment number and place), kind u8, id i64, payload;
/// the payload of Add: length u32 of the control line, the line, the content. Little-endian.
/// </summary>
internal static class JournalRecord
{
    public const int SegmentHeaderOctets = 20;
    private const int PrefixOctets = 8;
    private const int FixedOctets = PrefixOctets + 8 + 1 + 8;
    private const uint Magic = 0x4A51_414D; // "MAQJ"
    private const uint Version = 1;

    public static byte[] SegmentHeader(long number)
    {
        byte[] header = new byte[SegmentHeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), number);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), SpoolCodec.Checksum(header.AsSpan(0, 16)));
        return header;
    }

    public static bool IsSegment(ReadOnlySpan<byte> octets, long number) =>
        octets.Length >= SegmentHeaderOctets && octets[..SegmentHeaderOctets].SequenceEqual(SegmentHeader(number));

    /// <summary>A record but for its sequence, which <see cref="Seal"/> writes.</summary>
    public static byte[] Encode(JournalRecordKind kind, SpoolId id, ReadOnlySpan<byte> payload)
    {
        byte[] record = Start(kind, id, payload.Length);
        payload.CopyTo(record.AsSpan(FixedOctets));
        return record;
    }

    public static byte[] EncodeAdd(SpoolId id, ReadOnlySpan<byte> control, ReadOnlySpan<byte> content)
    {
        byte[] record = Start(JournalRecordKind.Add, id, 4 + control.Length + content.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(FixedOctets), control.Length);
        control.CopyTo(record.AsSpan(FixedOctets + 4));
        content.CopyTo(record.AsSpan(FixedOctets + 4 + control.Length));
        return record;
    }

    public static void Seal(Span<byte> record, long segment, int place)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record[PrefixOctets..], Sequence(segment, place));
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], SpoolCodec.Checksum(record[PrefixOctets..]));
    }

    /// <summary>The record at the start of the octets; 0 where the segment ends: zeros, torn, or damaged.</summary>
    public static int Read(ReadOnlySpan<byte> octets, long segment, int place, out JournalRecordKind kind, out SpoolId id, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        id = default;
        payload = default;
        if (octets.Length < FixedOctets)
        {
            return 0;
        }
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(octets);
        if (length < FixedOctets - PrefixOctets || length > octets.Length - PrefixOctets)
        {
            return 0;
        }
        ReadOnlySpan<byte> body = octets.Slice(PrefixOctets, (int)length);
        if (SpoolCodec.Checksum(body) != BinaryPrimitives.ReadUInt32LittleEndian(octets[4..])
            || BinaryPrimitives.ReadInt64LittleEndian(body) != Sequence(segment, place))
        {
            return 0;
        }
        kind = (JournalRecordKind)body[8];
        id = new SpoolId(BinaryPrimitives.ReadInt64LittleEndian(body[9..]));
        payload = body[(FixedOctets - PrefixOctets)..];
        return PrefixOctets + (int)length;
    }

    /// <summary>
    /// Where the next whole record of the segment begins behind one that is not; -1 where there is none, as behind a torn end.
    /// </summary>
    public static int FindNext(ReadOnlySpan<byte> octets, long segment, int placeBefore, out int place)
    {
        place = 0;
        for (int at = 1; at <= octets.Length - FixedOctets; at++)
        {
            long sequence = BinaryPrimitives.ReadInt64LittleEndian(octets[(at + PrefixOctets)..]);
            if (sequence >> 32 == segment && (int)sequence > placeBefore && Read(octets[at..], segment, (int)sequence, out _, out _, out _) > 0)
            {
                place = (int)sequence;
                return at;
            }
        }
        return -1;
    }

    /// <summary>The two parts of an Add.</summary>
    public static void Split(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> control, out ReadOnlySpan<byte> content)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(payload);
        control = payload.Slice(4, length);
        content = payload[(4 + length)..];
    }

    private static long Sequence(long segment, int place) => (segment << 32) | (uint)place;

    private static byte[] Start(JournalRecordKind kind, SpoolId id, int payloadOctets)
    {
        byte[] record = new byte[FixedOctets + payloadOctets];
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - PrefixOctets);
        record[PrefixOctets + 8] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(PrefixOctets + 9), id.Value);
        return record;
    }
}
