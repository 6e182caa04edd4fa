using System.Buffers.Binary;
using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Index;

/// <summary>
/// <c>mailaccess.vanished</c>: which UIDs went with which commit, up to the one that the index is of. Later ones stand in the frames of
/// the log, so that the two are consistent whenever a process ends: this file is replaced, durably, right before the index is.
/// </summary>
/// <remarks>
/// Little-endian. Header of 40 octets: magic, version u32, mailbox's GUID 16, floor u64, count u32, CRC-32C u32 of all but itself; then
/// per entry mod-sequence u64, first and last UID u32. A missing or damaged file knows nothing below the index's mod-sequence; there is none
/// while nothing was ever expunged.
/// </remarks>
internal static class VanishedFile
{
    public const string FileName = "mailaccess.vanished";

    /// <summary>A quarter of a megabyte.</summary>
    public const int EntriesMax = 16_384;

    private const uint Magic = 0x4156_414D; // "MAVA"
    private const uint Version = 1;
    private const int HeaderOctets = 40;
    private const int CrcAt = 36;
    private const int EntryOctets = 16;

    /// <summary>Adds what the frames expunged since its index was written. Called before the index is written anew.</summary>
    public static void Write(IFiles files, string folder, IndexContent content)
    {
        MailboxSnapshot now = content.Snapshot;
        VanishedLog? known = Read(files, folder, content.Guid);
        bool hasGaps = now.Count != now.UidNext.Value - 1;
        VanishedLog log = known ?? new VanishedLog(content.IndexedModSeq ?? now.HighestModSeq);
        if (log.Add(content.Vanished) || (known is null && hasGaps))
        {
            log.Trim(EntriesMax);
            files.Replace(Path.Combine(folder, FileName), Encode(content.Guid, log));
        }
    }

    /// <summary>Null where it is missing, damaged, of another version or another mailbox's.</summary>
    public static VanishedLog? Read(IFiles files, string folder, Guid guid) =>
        files.ReadAll(Path.Combine(folder, FileName)) is { } content ? Decode(content, guid) : null;

    public static byte[] Encode(Guid guid, VanishedLog log)
    {
        byte[] content = new byte[HeaderOctets + (log.Entries.Count * EntryOctets)];
        BinaryPrimitives.WriteUInt32LittleEndian(content, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(4), Version);
        guid.TryWriteBytes(content.AsSpan(8));
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(24), log.Floor.Value);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(32), log.Entries.Count);
        for (int i = 0; i < log.Entries.Count; i++)
        {
            Span<byte> entry = content.AsSpan(HeaderOctets + (i * EntryOctets));
            BinaryPrimitives.WriteUInt64LittleEndian(entry, log.Entries[i].ModSeq.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], log.Entries[i].First.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], log.Entries[i].Last.Value);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(CrcAt), Checksum(content));
        return content;
    }

    public static VanishedLog? Decode(ReadOnlySpan<byte> content, Guid guid)
    {
        if (content.Length < HeaderOctets || BinaryPrimitives.ReadUInt32LittleEndian(content) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(content[4..]) != Version
            || HeaderOctets + ((long)BinaryPrimitives.ReadUInt32LittleEndian(content[32..]) * EntryOctets) != content.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(content[CrcAt..]) != Checksum(content)
            || new Guid(content.Slice(8, 16)) != guid)
        {
            return null;
        }
        var log = new VanishedLog(new ModSeq(BinaryPrimitives.ReadUInt64LittleEndian(content[24..])));
        List<VanishedUids> entries = [];
        for (ReadOnlySpan<byte> rest = content[HeaderOctets..]; !rest.IsEmpty; rest = rest[EntryOctets..])
        {
            entries.Add(new VanishedUids(
                new ModSeq(BinaryPrimitives.ReadUInt64LittleEndian(rest)),
                new Uid(BinaryPrimitives.ReadUInt32LittleEndian(rest[8..])),
                new Uid(BinaryPrimitives.ReadUInt32LittleEndian(rest[12..]))));
        }
        log.Add(entries);
        return log;
    }

    private static uint Checksum(ReadOnlySpan<byte> content) => Crc.Continue(Crc.Of(content[..CrcAt]), content[HeaderOctets..]);
}
