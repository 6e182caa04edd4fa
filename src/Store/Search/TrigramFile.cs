using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Search;

/// <summary>
/// The signatures of a mailbox's messages on disk: a header, then blocks that are only ever appended. Private and disposable: what is
/// torn, damaged or of another mailbox or version is made anew. This is what is known of it: the file is open only while it is used.
/// </summary>
/// <remarks>
/// Little-endian. Header: magic u32, version u32, mailbox 16 octets, UIDVALIDITY u32, CRC-32C of all before u32. Block header: magic u32,
/// octets behind it u32, messages u32, last UID u32, CRC-32C of those octets u32, CRC-32C of all before u32. Then per message UID u32 and
/// octets of its signature u32; then the signatures. UIDs ascend within a block and from block to block.
/// </remarks>
internal sealed class TrigramFile
{
    public const string FileName = "mailaccess.trigram";
    public const int EntryOctets = 8;

    private const uint Magic = 0x4754_414D; // "MATG"
    private const uint BlockMagic = 0x4B4C_4254; // "TBLK"
    private const uint Version = 2; // 1 had no reports.
    private const int HeaderOctets = 32;
    private const int BlockHeaderOctets = 24;

    /// <summary>Octets of a block that a damaged length could ask for at most.</summary>
    private const int BlockOctetsMax = 32 << 20;

    private readonly List<Block> _blocks = [];

    public IReadOnlyList<Block> Blocks => _blocks;

    /// <summary>Octets of the file.</summary>
    public long Octets { get; private set; } = HeaderOctets;

    /// <summary>Messages in all blocks, also those that are no more.</summary>
    public int Count { get; private set; }

    /// <summary>Later messages have no signature yet.</summary>
    public Uid LastUid => _blocks.Count == 0 ? new Uid(0) : _blocks[^1].LastUid;

    /// <summary>Learns what blocks the mailbox's file has, from their headers; a file that is not ours starts anew. Blocks.</summary>
    public static TrigramFile Load(IFile file, Guid mailbox, UidValidity uidValidity)
    {
        byte[] header = Header(mailbox, uidValidity);
        byte[] there = new byte[HeaderOctets];
        if (file.Read(0, there) != HeaderOctets || !there.AsSpan().SequenceEqual(header))
        {
            file.Truncate(0);
            file.Write(0, header);
        }
        TrigramFile loaded = new();
        loaded.LoadBlocks(file);
        return loaded;
    }

    /// <summary>Reads a block into the buffer: entries, then signatures. False where it is damaged. Blocks.</summary>
    public static bool TryRead(IFile file, Block block, ref byte[] buffer)
    {
        if (buffer.Length < block.Octets)
        {
            buffer = GC.AllocateUninitializedArray<byte>(block.Octets);
        }
        Span<byte> content = buffer.AsSpan(0, block.Octets);
        if (ReadFully(file, block.Offset, content) < block.Octets)
        {
            return false;
        }
        if (!block.IsVerified)
        {
            block.IsVerified = Crc.Of(content) == block.Checksum && AreEntriesSound(content, block.Count);
        }
        return block.IsVerified;
    }

    /// <summary>Adds a block; UIDs ascend and are higher than any before. Blocks.</summary>
    public void Append(IFile file, ReadOnlySpan<byte> entries, ReadOnlySpan<byte> signatures)
    {
        byte[] octets = new byte[BlockHeaderOctets + entries.Length + signatures.Length];
        entries.CopyTo(octets.AsSpan(BlockHeaderOctets));
        signatures.CopyTo(octets.AsSpan(BlockHeaderOctets + entries.Length));
        ReadOnlySpan<byte> content = octets.AsSpan(BlockHeaderOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(octets, BlockMagic);
        BinaryPrimitives.WriteInt32LittleEndian(octets.AsSpan(4), content.Length);
        BinaryPrimitives.WriteInt32LittleEndian(octets.AsSpan(8), entries.Length / EntryOctets);
        entries.Slice(entries.Length - EntryOctets, sizeof(uint)).CopyTo(octets.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(octets.AsSpan(16), Crc.Of(content));
        BinaryPrimitives.WriteUInt32LittleEndian(octets.AsSpan(20), Crc.Of(octets.AsSpan(0, 20)));
        file.Write(Octets, octets);
        Add(octets);
    }

    private static byte[] Header(Guid mailbox, UidValidity uidValidity)
    {
        byte[] header = new byte[HeaderOctets];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        mailbox.TryWriteBytes(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), uidValidity.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Crc.Of(header.AsSpan(0, 28)));
        return header;
    }

    private void LoadBlocks(IFile file)
    {
        Span<byte> header = stackalloc byte[BlockHeaderOctets];
        long octets = file.Octets;
        while (Octets + BlockHeaderOctets <= octets && ReadFully(file, Octets, header) == BlockHeaderOctets && IsSound(header, octets))
        {
            Add(header);
        }
        if (Octets < octets)
        {
            file.Truncate(Octets);
        }
    }

    private bool IsSound(ReadOnlySpan<byte> header, long octets)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(header) == BlockMagic
            && BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) == Crc.Of(header[..20])
            && length is > 0 and <= BlockOctetsMax && count > 0 && count <= length / EntryOctets
            && Octets + BlockHeaderOctets + length <= octets && BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) > LastUid.Value;
    }

    private static bool AreEntriesSound(ReadOnlySpan<byte> content, int count)
    {
        long total = (long)count * EntryOctets;
        uint last = 0;
        foreach ((uint uid, uint octets) in MemoryMarshal.Cast<byte, (uint Uid, uint Octets)>(content[..(count * EntryOctets)]))
        {
            if (uid <= last || octets == 0 || (octets & (octets - 1)) != 0)
            {
                return false;
            }
            last = uid;
            total += octets;
        }
        return total == content.Length;
    }

    private void Add(ReadOnlySpan<byte> header)
    {
        _blocks.Add(new Block
        {
            Offset = Octets + BlockHeaderOctets,
            Octets = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
            LastUid = new Uid(BinaryPrimitives.ReadUInt32LittleEndian(header[12..])),
            Checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]),
        });
        Octets += BlockHeaderOctets + _blocks[^1].Octets;
        Count += _blocks[^1].Count;
    }

    private static int ReadFully(IFile file, long offset, Span<byte> destination)
    {
        int filled = 0;
        int count;
        while (filled < destination.Length && (count = file.Read(offset + filled, destination[filled..])) > 0)
        {
            filled += count;
        }
        return filled;
    }

    internal sealed class Block
    {
        /// <summary>Of its first entry.</summary>
        public required long Offset { get; init; }

        /// <summary>Entries and signatures.</summary>
        public required int Octets { get; init; }

        /// <summary>Messages.</summary>
        public required int Count { get; init; }

        public required Uid LastUid { get; init; }

        public required uint Checksum { get; init; }

        /// <summary>Its checksum was right once: octets do not change afterwards.</summary>
        public bool IsVerified { get; set; }
    }
}
