using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Index;

/// <summary>
/// <c>mailaccess.index</c>: a mailbox's records, keywords and names as of one commit, read in one go; the commits after it
/// stand in <c>mailaccess.log</c>.
/// </summary>
/// <remarks>
/// Little-endian. Header of 128 octets: magic, version u32, record size u32, count u32, GUID 16, UIDVALIDITY u32, UIDNEXT u32, first
/// unclaimed UID u32, keywords' octets u32, mod-sequence u64, sequence u64, cache generation u64, time of <c>new</c> i64, of
/// <c>cur</c> i64, names' octets u64, CRC-32C u32 of what follows the header, CRC-32C u32 of the header so far.
/// Then records of 64 octets, keywords separated by LF, the names.
/// The log: header of 16 octets (magic, version u32, 8 zeros), then frames (<see cref="IndexFrame"/>).
/// </remarks>
internal static class IndexFile
{
    public const string IndexName = "mailaccess.index";
    public const string LogName = "mailaccess.log";
    public const int LogHeaderOctets = 16;

    private const uint Magic = 0x5849_414D; // "MAIX"
    private const uint LogMagic = 0x474C_414D; // "MALG"
    private const uint Version = 1;
    private const int HeaderOctets = 128;
    private const int CrcAt = 120;
    private const int RecordOctets = 64;

    /// <summary>The index with its log applied; false where it is missing, of another version or damaged.</summary>
    public static bool TryLoad(IFiles files, string folder, [NotNullWhen(true)] out IndexState? state, out long logOctets)
    {
        logOctets = 0;
        byte[]? content = files.ReadAll(Path.Combine(folder, IndexName));
        if (content is null || !TryDecode(content, out state))
        {
            state = null;
            return false;
        }
        foreach (IndexFrame frame in ReadLog(files, folder, out logOctets))
        {
            state.Apply(frame);
        }
        return true;
    }

    /// <summary>The frames of the log up to the first that is torn or damaged, and where that is.</summary>
    public static List<IndexFrame> ReadLog(IFiles files, string folder, out long wholeOctets)
    {
        List<IndexFrame> frames = [];
        byte[]? log = files.ReadAll(Path.Combine(folder, LogName));
        wholeOctets = 0;
        if (log is null || log.Length < LogHeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(log) != LogMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(log.AsSpan(4)) != Version)
        {
            return frames;
        }
        int at = LogHeaderOctets;
        while (IndexFrame.TryDecode(log.AsSpan(at), out IndexFrame? frame, out int length))
        {
            frames.Add(frame);
            at += length;
        }
        wholeOctets = at;
        return frames;
    }

    public static byte[] LogHeader()
    {
        byte[] header = new byte[LogHeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, LogMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        return header;
    }

    /// <summary>Writes the index anew, durably, and then empties the log: a crash between leaves frames that are skipped.</summary>
    public static void Write(IFiles files, string folder, IndexState state)
    {
        VanishedFile.Write(files, folder, state);
        files.Replace(Path.Combine(folder, IndexName), Encode(state));
        files.SyncFolder(folder);
        using IFile log = files.Open(Path.Combine(folder, LogName), OpenKind.Write)!;
        log.Truncate(0);
        log.Write(0, LogHeader());
    }

    public static byte[] Encode(IndexState state)
    {
        byte[] keywords = Encoding.UTF8.GetBytes(string.Join('\n', state.Keywords.Names));
        ReadOnlySpan<byte> records = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(state.Records));
        byte[] content = new byte[HeaderOctets + records.Length + keywords.Length + state.Names.Octets];
        records.CopyTo(content.AsSpan(HeaderOctets));
        keywords.CopyTo(content, HeaderOctets + records.Length);
        state.Names.Content.CopyTo(content.AsSpan(HeaderOctets + records.Length + keywords.Length));
        Span<byte> header = content.AsSpan(0, HeaderOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], RecordOctets);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], state.Records.Count);
        state.Guid.TryWriteBytes(header[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[32..], state.UidValidity.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[36..], state.UidNext.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], state.FirstUnclaimed.Value);
        BinaryPrimitives.WriteInt32LittleEndian(header[44..], keywords.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], state.HighestModSeq.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], state.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], state.CacheGeneration);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], state.NewFolderTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[80..], state.CurFolderTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[88..], state.Names.Octets);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], Crc.Of(content.AsSpan(HeaderOctets)));
        BinaryPrimitives.WriteUInt32LittleEndian(header[(CrcAt + 4)..], Crc.Of(header[..(CrcAt + 4)]));
        return content;
    }

    public static bool TryDecode(ReadOnlySpan<byte> content, [NotNullWhen(true)] out IndexState? state)
    {
        state = null;
        if (content.Length < HeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(content) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(content[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(content[8..]) != RecordOctets
            || BinaryPrimitives.ReadUInt32LittleEndian(content[(CrcAt + 4)..]) != Crc.Of(content[..(CrcAt + 4)]))
        {
            return false;
        }
        long records = (long)BinaryPrimitives.ReadUInt32LittleEndian(content[12..]) * RecordOctets;
        uint keywords = BinaryPrimitives.ReadUInt32LittleEndian(content[44..]);
        long names = BinaryPrimitives.ReadInt64LittleEndian(content[88..]);
        if (HeaderOctets + records + keywords + names != content.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(content[CrcAt..]) != Crc.Of(content[HeaderOctets..]))
        {
            return false;
        }
        ReadOnlySpan<byte> rest = content[HeaderOctets..];
        ReadOnlySpan<MessageRecord> table = MemoryMarshal.Cast<byte, MessageRecord>(rest[..(int)records]);
        string words = Encoding.UTF8.GetString(rest.Slice((int)records, (int)keywords));
        state = new IndexState(
            new Guid(content.Slice(16, 16)),
            new UidValidity(BinaryPrimitives.ReadUInt32LittleEndian(content[32..])),
            table.ToArray(),
            new NamesHeap(rest[((int)records + (int)keywords)..]))
        {
            UidNext = new Uid(BinaryPrimitives.ReadUInt32LittleEndian(content[36..])),
            FirstUnclaimed = new Uid(BinaryPrimitives.ReadUInt32LittleEndian(content[40..])),
            HighestModSeq = new ModSeq(BinaryPrimitives.ReadUInt64LittleEndian(content[48..])),
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(content[56..]),
            CacheGeneration = BinaryPrimitives.ReadUInt64LittleEndian(content[64..]),
            NewFolderTicks = BinaryPrimitives.ReadInt64LittleEndian(content[72..]),
            CurFolderTicks = BinaryPrimitives.ReadInt64LittleEndian(content[80..]),
            Keywords = words.Length == 0 ? KeywordTable.Empty : new KeywordTable(words.Split('\n')),
        };
        return true;
    }
}
