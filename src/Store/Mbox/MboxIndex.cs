using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>An append that may be unfinished: which octets the file should have there.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">Octets.</param>
/// <param name="Crc">Of all of them.</param>
/// <param name="Start">The first of them, by which a torn one is known to be ours.</param>
internal sealed record AppendRegion(long Offset, long Length, uint Crc, byte[] Start);

/// <summary>One step in a mailbox's log: commits, and how the file lies afterwards.</summary>
internal sealed record MboxLogRecord
{
    public IReadOnlyList<byte[]> Frames { get; init; } = [];

    /// <summary>Entries that stay as they were; -1: the layout does not change.</summary>
    public int KeptEntries { get; init; } = -1;

    public MboxEntry[] Entries { get; init; } = [];

    public AppendRegion? Region { get; init; }

    /// <summary>The file's size and time when it was as the layout says; time 0: unknown.</summary>
    public long FileOctets { get; init; }

    /// <inheritdoc cref="FileOctets"/>
    public long FileTicks { get; init; }
}

/// <summary>A mailbox's private state, as loaded.</summary>
internal sealed record MboxState(IndexState Index, MboxLayout Layout)
{
    public long FileOctets { get; set; }

    public long FileTicks { get; set; }

    /// <summary>What was expunged when.</summary>
    public VanishedLog Vanished { get; set; } = new(Index.HighestModSeq);

    /// <summary>The last step's, where it was an append.</summary>
    public AppendRegion? LastRegion { get; set; }

    public long LogOctets { get; set; }
}

/// <summary>
/// The private files of a mailbox: <c>mbox.index</c> (layout, and records as <see cref="IndexFile"/> has them) and <c>mbox.log</c>, the steps since;
/// beside them <see cref="VanishedFile"/>, which is of the index as well.
/// </summary>
/// <remarks>
/// Little-endian. Index: magic u32, version u32, sequence-independent header of file octets i64, file time i64, entries u32, entry size u32, CRC-32C u32 of
/// the rest, 4 zeros; entries; the index. Log: records of length u32, CRC-32C u32 of the rest, kept i32, entries u32, frames u32, start u32, file octets i64,
/// file time i64, region offset i64, length i64 (-1: none), CRC u32, zeros u32; entries, frames each with its length u32, start. The log begins with the time at which
/// its index was written; a log of another index is not read.
/// </remarks>
internal static class MboxIndex
{
    public const string IndexName = "mbox.index";
    public const string LogName = "mbox.log";
    public const int LogHeaderOctets = 16;

    private const uint Magic = 0x584D_414D; // "MAMX"
    private const uint Version = 1;
    private const int HeaderOctets = 48;
    private const int RecordHeaderOctets = 64;

    private static readonly int EntryOctets = Marshal.SizeOf<MboxEntry>();

    public static byte[] Encode(IndexState index, ReadOnlySpan<MboxEntry> entries, long fileOctets, long fileTicks)
    {
        byte[] records = IndexFile.Encode(index);
        ReadOnlySpan<byte> layout = MemoryMarshal.AsBytes(entries);
        byte[] content = new byte[HeaderOctets + layout.Length + records.Length];
        layout.CopyTo(content.AsSpan(HeaderOctets));
        records.CopyTo(content, HeaderOctets + layout.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(content, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(8), fileOctets);
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(16), fileTicks);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(24), entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(28), EntryOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(32), Crc.Of(content.AsSpan(HeaderOctets)));
        return content;
    }

    /// <summary>Null where there is none, or it is damaged or of an earlier version. One of a newer version is a fault: it is not thrown away.</summary>
    public static MboxState? Load(IFiles files, string folder)
    {
        string path = Path.Combine(folder, IndexName);
        byte[]? content = files.ReadAll(path);
        if (content is { Length: >= HeaderOctets } && BinaryPrimitives.ReadUInt32LittleEndian(content) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) > Version)
        {
            throw new FileFault("read of a newer version", path, Posix.NotSupported);
        }
        if (content is null || content.Length < HeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(content) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) != Version
            || BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(28)) != EntryOctets
            || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(32)) != Crc.Of(content.AsSpan(HeaderOctets)))
        {
            return null;
        }
        int entries = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(24));
        ReadOnlySpan<byte> rest = content.AsSpan(HeaderOctets);
        if (!IndexFile.TryDecode(rest[(entries * EntryOctets)..], path, out IndexState? index))
        {
            return null;
        }
        var layout = new MboxLayout(MemoryMarshal.Cast<byte, MboxEntry>(rest[..(entries * EntryOctets)]).ToArray());
        var state = new MboxState(index, layout)
        {
            FileOctets = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(8)),
            FileTicks = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(16)),
        };
        ApplyLog(state, files.ReadAll(Path.Combine(folder, LogName)) ?? []);
        layout.MarkLogged();
        return state;
    }

    /// <summary>Durable at the end; a crash between leaves frames that are skipped.</summary>
    public static void Write(IFiles files, string folder, IndexState index, ReadOnlySpan<MboxEntry> entries, long fileOctets, long fileTicks)
    {
        VanishedFile.Write(files, folder, IndexContent.Of(index)); // Before the steps are cut that say it too.
        files.Replace(Path.Combine(folder, IndexName), Encode(index, entries, fileOctets, fileTicks));
        files.SyncFolder(folder);
        using IFile log = files.Open(Path.Combine(folder, LogName), OpenKind.Write)!;
        log.Truncate(0);
        log.Write(0, LogHeader(index.Sequence));
        log.Sync();
        files.SyncFolder(folder); // Steps are only as durable as the file's name.
    }

    /// <summary>Of a log that continues the index of this sequence.</summary>
    public static byte[] LogHeader(ulong sequence)
    {
        byte[] header = new byte[LogHeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sequence);
        return header;
    }

    public static byte[] Encode(MboxLogRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + (record.Entries.Length * EntryOctets) + record.Frames.Sum(f => f.Length + 4));
        buffer.GetSpan(RecordHeaderOctets)[..RecordHeaderOctets].Clear();
        buffer.Advance(RecordHeaderOctets);
        buffer.Write(MemoryMarshal.AsBytes(record.Entries.AsSpan()));
        foreach (byte[] frame in record.Frames)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(4), frame.Length);
            buffer.Advance(4);
            buffer.Write(frame);
        }
        byte[] start = record.Region?.Start ?? [];
        buffer.Write(start);
        byte[] content = buffer.WrittenSpan.ToArray();
        Span<byte> header = content;
        BinaryPrimitives.WriteInt32LittleEndian(header, content.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], record.KeptEntries);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], record.Entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], record.Frames.Count);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], start.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], record.FileOctets);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], record.FileTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], record.Region?.Offset ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], record.Region?.Length ?? -1);
        BinaryPrimitives.WriteUInt32LittleEndian(header[56..], record.Region?.Crc ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc.Of(content.AsSpan(8)));
        return content;
    }

    /// <summary>The record at the start of the octets; null for a torn or damaged one.</summary>
    public static MboxLogRecord? Decode(ReadOnlySpan<byte> octets, out int length)
    {
        length = 0;
        if (octets.Length < RecordHeaderOctets)
        {
            return null;
        }
        int claimed = BinaryPrimitives.ReadInt32LittleEndian(octets);
        if (claimed < RecordHeaderOctets || claimed > octets.Length || Crc.Of(octets[8..claimed]) != BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]))
        {
            return null;
        }
        length = claimed;
        int entryOctets = BinaryPrimitives.ReadInt32LittleEndian(octets[12..]) * EntryOctets;
        ReadOnlySpan<byte> rest = octets[RecordHeaderOctets..claimed];
        MboxEntry[] entries = MemoryMarshal.Cast<byte, MboxEntry>(rest[..entryOctets]).ToArray();
        rest = rest[entryOctets..];
        byte[][] frames = new byte[BinaryPrimitives.ReadInt32LittleEndian(octets[16..])][];
        for (int i = 0; i < frames.Length; i++)
        {
            int frame = BinaryPrimitives.ReadInt32LittleEndian(rest);
            frames[i] = rest.Slice(4, frame).ToArray();
            rest = rest[(4 + frame)..];
        }
        long region = BinaryPrimitives.ReadInt64LittleEndian(octets[48..]);
        return new MboxLogRecord
        {
            KeptEntries = BinaryPrimitives.ReadInt32LittleEndian(octets[8..]),
            Entries = entries,
            Frames = frames,
            FileOctets = BinaryPrimitives.ReadInt64LittleEndian(octets[24..]),
            FileTicks = BinaryPrimitives.ReadInt64LittleEndian(octets[32..]),
            Region = region < 0 ? null : new AppendRegion(
                BinaryPrimitives.ReadInt64LittleEndian(octets[40..]), region, BinaryPrimitives.ReadUInt32LittleEndian(octets[56..]), rest.ToArray()),
        };
    }

    private static void ApplyLog(MboxState state, ReadOnlySpan<byte> log)
    {
        // A log is cut after its index was written: between them a crash leaves steps that the index has already.
        if (log.Length < LogHeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(log) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(log[8..]) != state.Index.Sequence)
        {
            return;
        }
        int at = LogHeaderOctets;
        while (Decode(log[at..], out int length) is { } record)
        {
            at += length;
            Apply(state, record);
        }
        state.LogOctets = at;
    }

    public static void Apply(MboxState state, MboxLogRecord record)
    {
        foreach (byte[] octets in record.Frames)
        {
            if (IndexFrame.TryDecode(octets, out IndexFrame? frame, out _))
            {
                state.Index.Apply(frame);
            }
        }
        if (record.KeptEntries >= 0 && record.KeptEntries <= state.Layout.Count)
        {
            state.Layout.Replace(record.KeptEntries, record.Entries);
        }
        state.LastRegion = record.Region;
        state.FileOctets = record.FileOctets;
        state.FileTicks = record.FileTicks;
    }
}
