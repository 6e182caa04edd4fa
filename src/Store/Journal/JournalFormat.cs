using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MailAccess.Store.Index;

namespace MailAccess.Store.Journal;

/// <summary>Of which mailbox a frame is: its identity, and where it lay when the frame was written.</summary>
internal readonly record struct JournalMailbox(Guid Guid, string AccountName, string FolderName);

/// <summary>A frame of one mailbox in a journal record.</summary>
internal readonly record struct JournalFrame(JournalMailbox Mailbox, IndexFrame Frame);

/// <summary>Where in the journal a message's octets stand.</summary>
internal readonly record struct ContentPlace(string Path, long Offset, int Octets);

/// <summary>One commit as read back; contents stay on disk.</summary>
internal sealed record JournalRecord(ulong Sequence, IReadOnlyList<JournalFrame> Frames, IReadOnlyDictionary<string, ContentPlace> Contents);

/// <summary>
/// The octets of the journal. A segment: header of 64 octets (magic u32, version u32, segment number u64, first sequence u64, boot id 16,
/// CRC-32C u32 of these 40, zeros), then records. A record: magic u32, CRC-32C u32 of what follows, length u64, sequence u64, parts. A part: kind u32,
/// length u32, octets. Frame: GUID 16, account, folder (u16 and UTF-8 each), index frame. Content: base name (u16 and UTF-8), octets.
/// </summary>
internal static class JournalFormat
{
    public const int SegmentHeaderOctets = 64;
    public const int RecordHeaderOctets = 24;
    public const int PartHeaderOctets = 8;

    private const uint SegmentMagic = 0x4A4C_414D; // "MALJ"
    private const uint RecordMagic = 0x524C_414D; // "MALR"
    private const uint Version = 1;
    private const uint FramePart = 1;
    private const uint ContentPart = 2;

    public static byte[] SegmentHeader(ulong number, ulong firstSequence, Guid bootId)
    {
        byte[] header = new byte[SegmentHeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, SegmentMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), number);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), firstSequence);
        bootId.TryWriteBytes(header.AsSpan(24));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), Crc.Of(header.AsSpan(0, 40)));
        return header;
    }

    /// <summary>True for a segment of a version that this program does not know.</summary>
    public static bool IsOfNewerVersion(ReadOnlySpan<byte> segment) =>
        segment.Length >= SegmentHeaderOctets && BinaryPrimitives.ReadUInt32LittleEndian(segment) == SegmentMagic
        && BinaryPrimitives.ReadUInt32LittleEndian(segment[4..]) > Version
        && BinaryPrimitives.ReadUInt32LittleEndian(segment[40..]) == Crc.Of(segment[..40]);

    /// <summary>The sequence that a record says of itself; 0 for none.</summary>
    public static ulong SequenceOf(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header) == RecordMagic ? BinaryPrimitives.ReadUInt64LittleEndian(header[16..]) : 0;

    public static bool TryReadSegmentHeader(ReadOnlySpan<byte> segment, out ulong number, out ulong firstSequence, out Guid bootId)
    {
        number = 0;
        firstSequence = 0;
        bootId = Guid.Empty;
        if (segment.Length < SegmentHeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(segment) != SegmentMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(segment[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(segment[40..]) != Crc.Of(segment[..40]))
        {
            return false;
        }
        number = BinaryPrimitives.ReadUInt64LittleEndian(segment[8..]);
        firstSequence = BinaryPrimitives.ReadUInt64LittleEndian(segment[16..]);
        bootId = new Guid(segment.Slice(24, 16));
        return true;
    }

    /// <summary>Starts a record at the end of the buffer; the header is filled by <see cref="EndRecord"/>.</summary>
    public static void BeginRecord(ArrayBufferWriter<byte> buffer)
    {
        buffer.GetSpan(RecordHeaderOctets)[..RecordHeaderOctets].Clear();
        buffer.Advance(RecordHeaderOctets);
    }

    public static void AddFrame(ArrayBufferWriter<byte> buffer, JournalMailbox mailbox, ReadOnlySpan<byte> frame)
    {
        int account = Encoding.UTF8.GetByteCount(mailbox.AccountName);
        int folder = Encoding.UTF8.GetByteCount(mailbox.FolderName);
        AddPartHeader(buffer, FramePart, 16 + 2 + account + 2 + folder + frame.Length);
        mailbox.Guid.TryWriteBytes(buffer.GetSpan(16));
        buffer.Advance(16);
        AddString(buffer, mailbox.AccountName, account);
        AddString(buffer, mailbox.FolderName, folder);
        buffer.Write(frame);
    }

    public static void AddContent(ArrayBufferWriter<byte> buffer, string baseName, ReadOnlySpan<byte> content)
    {
        int name = Encoding.UTF8.GetByteCount(baseName);
        AddPartHeader(buffer, ContentPart, 2 + name + content.Length);
        AddString(buffer, baseName, name);
        buffer.Write(content);
    }

    public static void EndRecord(Span<byte> record, ulong sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, RecordMagic);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], record.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Crc.Of(record[8..]));
    }

    /// <summary>Reads what a record must begin with; false where the journal ends: torn, damaged, or left from the segment's earlier use.</summary>
    public static bool TryReadRecordHeader(ReadOnlySpan<byte> header, ulong sequence, out long length, out uint checksum)
    {
        length = 0;
        checksum = 0;
        if (header.Length < RecordHeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(header) != RecordMagic
            || BinaryPrimitives.ReadUInt64LittleEndian(header[16..]) != sequence)
        {
            return false;
        }
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        length = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        return length >= RecordHeaderOctets;
    }

    /// <summary>A whole record whose checksum is right, and where in which file it stands.</summary>
    public static JournalRecord ReadRecord(ReadOnlySpan<byte> record, ulong sequence, string path, long offset)
    {
        List<JournalFrame> frames = [];
        Dictionary<string, ContentPlace> contents = new(StringComparer.Ordinal);
        for (int at = RecordHeaderOctets; at < record.Length;)
        {
            uint kind = BinaryPrimitives.ReadUInt32LittleEndian(record[at..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(record[(at + 4)..]);
            ReadOnlySpan<byte> part = record.Slice(at + PartHeaderOctets, length);
            at += PartHeaderOctets + length;
            if (kind == FramePart)
            {
                var guid = new Guid(part[..16]);
                part = part[16..];
                var mailbox = new JournalMailbox(guid, ReadString(ref part), ReadString(ref part));
                if (IndexFrame.TryDecode(part, out IndexFrame? frame, out _))
                {
                    frames.Add(new JournalFrame(mailbox, frame));
                }
            }
            else if (kind == ContentPart)
            {
                string name = ReadString(ref part);
                contents[name] = new ContentPlace(path, offset + at - part.Length, part.Length);
            }
        }
        return new JournalRecord(sequence, frames, contents);
    }

    private static void AddPartHeader(ArrayBufferWriter<byte> buffer, uint kind, int length)
    {
        Span<byte> header = buffer.GetSpan(PartHeaderOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(header, kind);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], length);
        buffer.Advance(PartHeaderOctets);
    }

    private static void AddString(ArrayBufferWriter<byte> buffer, string text, int octets)
    {
        Span<byte> span = buffer.GetSpan(2 + octets);
        BinaryPrimitives.WriteUInt16LittleEndian(span, checked((ushort)octets));
        Encoding.UTF8.GetBytes(text, span[2..]);
        buffer.Advance(2 + octets);
    }

    private static string ReadString(ref ReadOnlySpan<byte> part)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(part);
        string text = Encoding.UTF8.GetString(part.Slice(2, length));
        part = part[(2 + length)..];
        return text;
    }
}
