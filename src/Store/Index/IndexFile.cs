using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Index;

/// <summary>
/// <c>mailaccess.index</c>: a mailbox's records, keywords and names as of one commit, read in one go; the commits after it
/// stand in <c>mailaccess.log</c> (<see cref="IndexLog"/>).
/// </summary>
/// <remarks>
/// Little-endian. Header of 128 octets: magic, version u32, record size u32, count u32, GUID 16, UIDVALIDITY u32, UIDNEXT u32, first
/// unclaimed UID u32, keywords' octets u32, mod-sequence u64, sequence u64, cache generation u64, time of <c>new</c> i64, of
/// <c>cur</c> i64, names' octets u64, place of the first name u64, zeros, CRC-32C u32 of what follows the header, CRC-32C u32 of the
/// header so far. Then records of 64 octets, keywords separated by LF, the names.
/// <para>Version 1 had no place of the first name (zero); it is read as it is, and written as the present version at the next fold. A version
/// that we do not know is not ours to replace: opening it fails until <c>mailaccess index rebuild</c>.</para>
/// </remarks>
internal static class IndexFile
{
    public const string IndexName = "mailaccess.index";
    public const string LogName = IndexLog.FileName;
    public const int LogHeaderOctets = IndexLog.HeaderOctets;
    public const uint Version = 2;

    private const uint Magic = 0x5849_414D; // "MAIX"
    private const uint OldestVersion = 1;
    private const int HeaderOctets = 128;
    private const int CrcAt = 120;
    private const int RecordOctets = 64;
    private const int PieceOctets = 1 << 18;

    /// <summary>
    /// The index with its log applied; false where it is missing or damaged. Throws <see cref="FileFault"/> where it is of a newer version.
    /// </summary>
    public static bool TryLoad(IFiles files, string folder, [NotNullWhen(true)] out IndexState? state, out long logOctets)
    {
        logOctets = 0;
        if (!TryRead(files, folder, out state))
        {
            return false;
        }
        using IndexLog log = IndexLog.Open(files, folder);
        while (log.TryNext(out IndexFrame? frame))
        {
            state.Apply(frame);
        }
        logOctets = log.WholeOctets;
        if (log.Rest > 0 && state.UidNext.Value < uint.MaxValue / 2)
        {
            // Lost commits may have given UIDs. Not more than their records have room for: those are never given again.
            state.UidNext = new Uid(state.UidNext.Value + (uint)Math.Min(uint.MaxValue / 4, (log.Rest / RecordOctets) + 1));
        }
        return true;
    }

    /// <summary>The index without its log.</summary>
    public static bool TryRead(IFiles files, string folder, [NotNullWhen(true)] out IndexState? state)
    {
        state = null;
        string path = Path.Combine(folder, IndexName);
        using IFile? file = files.Open(path, OpenKind.Read);
        return file is not null && TryRead(file, path, out state);
    }

    /// <summary>The same as octets, for a format that keeps it inside a file of its own.</summary>
    public static byte[] Encode(IndexState state)
    {
        using var file = new OctetsFile();
        WriteBody(file, IndexContent.Of(state), Encoding.UTF8.GetBytes(string.Join('\n', state.Keywords.Names)));
        return file.ToArray();
    }

    /// <summary>What <see cref="Encode"/> gave; false where it is damaged. Throws as <see cref="TryRead(IFiles, string, out IndexState?)"/> does.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> octets, string path, [NotNullWhen(true)] out IndexState? state)
    {
        using var file = new OctetsFile(octets.ToArray());
        return TryRead(file, path, out state);
    }

    private static bool TryRead(IFile file, string path, [NotNullWhen(true)] out IndexState? state)
    {
        state = null;
        byte[] header = new byte[HeaderOctets];
        if (!file.TryFill(0, header) || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(CrcAt + 4)) != Crc.Of(header.AsSpan(0, CrcAt + 4)))
        {
            return false;
        }
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4));
        if (version > Version)
        {
            throw new FileFault("read of a newer version", path, Posix.NotSupported);
        }
        return version >= OldestVersion && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) == RecordOctets
            && TryReadBody(file, header, out state);
    }

    /// <summary>The frames of the log up to the first that is torn or damaged, and where that is.</summary>
    public static List<IndexFrame> ReadLog(IFiles files, string folder, out long wholeOctets)
    {
        List<IndexFrame> frames = [];
        using IndexLog log = IndexLog.Open(files, folder);
        while (log.TryNext(out IndexFrame? frame))
        {
            frames.Add(frame);
        }
        wholeOctets = log.WholeOctets;
        return frames;
    }

    public static byte[] LogHeader() => IndexLog.Header();

    public static void Write(IFiles files, string folder, IndexState state)
    {
        Write(files, folder, IndexContent.Of(state));
        state.Vanished.Clear();
        state.IndexedModSeq = state.HighestModSeq;
    }

    /// <summary>Writes the index anew, durably, and then empties the log: a crash between leaves frames that are skipped.</summary>
    public static void Write(IFiles files, string folder, IndexContent content)
    {
        VanishedFile.Write(files, folder, content);
        string path = Path.Combine(folder, IndexName);
        string temporary = path + ".tmp";
        byte[] keywords = Encoding.UTF8.GetBytes(string.Join('\n', content.Snapshot.Keywords.Names));
        files.Unlink(temporary);
        using (IFile file = files.Open(temporary, OpenKind.CreateNew)!)
        {
            WriteBody(file, content, keywords);
            file.Sync();
        }
        files.Rename(temporary, path);
        files.SyncFolder(folder);
        using IFile log = files.Open(Path.Combine(folder, LogName), OpenKind.Write)!;
        log.Truncate(0);
        log.Write(0, LogHeader());
    }

    private static void WriteBody(IFile file, IndexContent content, byte[] keywords)
    {
        // In pieces: a large mailbox is not copied to be written. The checksum comes last, and with it the header.
        byte[] piece = new byte[PieceOctets];
        int filled = HeaderOctets;
        long at = 0;
        uint crc = 0xFFFF_FFFF;
        for (int i = 0; i < content.Snapshot.ChunkCount; i++)
        {
            Add(MemoryMarshal.AsBytes(content.Snapshot.Chunk(i)));
        }
        Add(keywords);
        Add(content.Names.Span);
        file.Write(at, piece.AsSpan(0, filled));
        file.Write(0, Header(content, keywords.Length, crc ^ 0xFFFF_FFFF));

        void Add(ReadOnlySpan<byte> octets)
        {
            crc = Crc.Continue(crc, octets);
            while (!octets.IsEmpty)
            {
                if (filled == piece.Length)
                {
                    file.Write(at, piece);
                    at += filled;
                    filled = 0;
                }
                int part = Math.Min(octets.Length, piece.Length - filled);
                octets[..part].CopyTo(piece.AsSpan(filled));
                filled += part;
                octets = octets[part..];
            }
        }
    }

    private static byte[] Header(IndexContent content, int keywordsOctets, uint bodyChecksum)
    {
        MailboxSnapshot now = content.Snapshot;
        byte[] octets = new byte[HeaderOctets];
        Span<byte> header = octets;
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], RecordOctets);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], now.Count);
        content.Guid.TryWriteBytes(header[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[32..], now.UidValidity.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[36..], now.UidNext.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], content.FirstUnclaimed.Value);
        BinaryPrimitives.WriteInt32LittleEndian(header[44..], keywordsOctets);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], now.HighestModSeq.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], now.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], content.CacheGeneration);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], content.NewFolderTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[80..], content.CurFolderTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[88..], content.Names.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[96..], content.NamesBase);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], bodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(header[(CrcAt + 4)..], Crc.Of(header[..(CrcAt + 4)]));
        return octets;
    }

    private static bool TryReadBody(IFile file, ReadOnlySpan<byte> header, [NotNullWhen(true)] out IndexState? state)
    {
        state = null;
        long count = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        uint keywordsOctets = BinaryPrimitives.ReadUInt32LittleEndian(header[44..]);
        long namesOctets = BinaryPrimitives.ReadInt64LittleEndian(header[88..]);
        long recordsOctets = count * RecordOctets;
        if (namesOctets is < 0 or > 1L << 30 || recordsOctets > Array.MaxLength
            || HeaderOctets + recordsOctets + keywordsOctets + namesOctets != file.Octets)
        {
            return false;
        }
        List<MessageRecord> records = [];
        CollectionsMarshal.SetCount(records, (int)count);
        Span<byte> table = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(records));
        byte[] keywords = new byte[keywordsOctets];
        byte[] names = new byte[Math.Max(256, namesOctets)];
        Span<byte> heap = names.AsSpan(0, (int)namesOctets);
        if (!file.TryFill(HeaderOctets, table) || !file.TryFill(HeaderOctets + recordsOctets, keywords)
            || !file.TryFill(HeaderOctets + recordsOctets + keywordsOctets, heap))
        {
            return false;
        }
        uint crc = Crc.Continue(Crc.Continue(Crc.Continue(0xFFFF_FFFF, table), keywords), heap) ^ 0xFFFF_FFFF;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[CrcAt..]) != crc)
        {
            return false;
        }
        string words = Encoding.UTF8.GetString(keywords);
        state = new IndexState(
            new Guid(header.Slice(16, 16)),
            new UidValidity(BinaryPrimitives.ReadUInt32LittleEndian(header[32..])),
            records,
            new NamesHeap(names, (int)namesOctets, BinaryPrimitives.ReadInt64LittleEndian(header[96..])))
        {
            UidNext = new Uid(BinaryPrimitives.ReadUInt32LittleEndian(header[36..])),
            FirstUnclaimed = new Uid(BinaryPrimitives.ReadUInt32LittleEndian(header[40..])),
            HighestModSeq = new ModSeq(BinaryPrimitives.ReadUInt64LittleEndian(header[48..])),
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(header[56..]),
            CacheGeneration = BinaryPrimitives.ReadUInt64LittleEndian(header[64..]),
            NewFolderTicks = BinaryPrimitives.ReadInt64LittleEndian(header[72..]),
            CurFolderTicks = BinaryPrimitives.ReadInt64LittleEndian(header[80..]),
            Keywords = words.Length == 0 ? KeywordTable.Empty : new KeywordTable(words.Split('\n')),
        };
        return true;
    }
}
