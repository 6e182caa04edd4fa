using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Index;

/// <summary>
/// <c>mailaccess.cache</c>: encoded summaries one after the other, read in blocks that stay in memory while there is room
/// (<see cref="SummaryBlocks"/>). Disposable: what is missing or damaged is made anew from the message.
/// </summary>
/// <remarks>
/// Header of 16 octets: magic u32, version u32, generation u64. Entries at multiples of eight: length u32, CRC-32C u32, octets.
/// The checksum also covers the message's base name: after a power loss another message's entry may stand where one was lost, and a locator
/// may be of another generation.
/// A locator: place / 8 in the upper 40 bits, length in the lower 24; 0 is none. What touches the file is serialized by a lock; looks at what is
/// in memory take none. The file is never mapped: another program may cut it.
/// </remarks>
internal sealed class SummaryCache : IDisposable
{
    public const string FileName = "mailaccess.cache";
    public const int BlockOctets = 256 * 1024;
    public const int HeaderOctets = 16;

    private const int FirstSize = 4096;
    private const int ReadAheadBlocks = 16;
    private const int EntryHeaderOctets = 8;
    private const int EntryOctetsMax = 1 << 20;
    private const long OwnMemoryOctetsMax = 16 << 20;
    private const uint Magic = 0x4843_414D; // "MACH"
    private const uint Version = 1;

    private readonly OpenFiles.HeldFile _file;
    private readonly SummaryBlocks _memory;
    private readonly ConcurrentDictionary<int, SummaryBlock> _blocks = new();
    private readonly Lock _gate = new();
    private readonly List<PendingEntry> _pending = [];
    private long _end;
    private long _written;
    private bool _isClosed;

    private SummaryCache(IFile file, string path, ulong generation, SummaryBlocks? memory, OpenFiles open)
    {
        long end = (file.Octets + 7) & ~7L;
        _file = open.Hold(file, path, f => GenerationOf(f) == generation);
        _memory = memory ?? new SummaryBlocks(OwnMemoryOctetsMax);
        Generation = generation;
        _end = end;
        _written = end;
    }

    /// <summary>Differs for every file that ever was: locators of another generation mean nothing.</summary>
    public ulong Generation { get; }

    /// <summary>Length of the file, what is promised included.</summary>
    public long Octets => Volatile.Read(ref _end);

    /// <summary>What the entry of this locator takes in the file.</summary>
    public static long EntryOctets(long locator) => locator == 0 ? 0 : (EntryHeaderOctets + (locator & 0xFF_FFFF) + 7) & ~7L;

    /// <summary>Opens the file of this generation, or starts a new one.</summary>
    public static SummaryCache Open(IFiles files, string folder, ulong generation, SummaryBlocks? memory, OpenFiles open)
    {
        string path = Path.Combine(folder, FileName);
        IFile file = files.Open(path, OpenKind.Write)!;
        if (generation != 0 && GenerationOf(file) == generation)
        {
            return new SummaryCache(file, path, generation, memory, open);
        }
        file.Dispose();
        return Create(files, path, memory, open);
    }

    /// <summary>As it is, to look at: nothing may be added. Null where there is none of this generation.</summary>
    public static SummaryCache? OpenToRead(IFiles files, string folder, ulong generation)
    {
        string path = Path.Combine(folder, FileName);
        IFile? file = files.Open(path, OpenKind.Read);
        if (file is not null && GenerationOf(file) == generation)
        {
            return new SummaryCache(file, path, generation, null, new OpenFiles(files, 1));
        }
        file?.Dispose();
        return null;
    }

    /// <summary>Starts a new file in place of one that may be there.</summary>
    public static SummaryCache Create(IFiles files, string path, SummaryBlocks? memory, OpenFiles open)
    {
        files.Unlink(path);
        IFile file = files.Open(path, OpenKind.CreateNew)!;
        try
        {
            byte[] header = new byte[HeaderOctets];
            ulong fresh = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()) | 1;
            BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), fresh);
            file.Write(0, header);
            return new SummaryCache(file, path, fresh, memory, open);
        }
        catch (FileFault)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Which generation the file says it is; 0 for no such file.</summary>
    public static ulong GenerationOf(IFile file)
    {
        byte[] header = new byte[HeaderOctets];
        return file.Read(0, header) == header.Length && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) == Version
            ? BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8))
            : 0;
    }

    /// <summary>Writes the summaries and returns their locators; 0 for what is empty or too big. Blocks.</summary>
    public long[] Add(IReadOnlyList<SummaryToCache> summaries)
    {
        lock (_gate)
        {
            long[] locators = Promise(summaries);
            WritePending();
            return locators;
        }
    }

    /// <summary>
    /// The same, but they are written when somebody asks for one of them, or by <see cref="WritePromised"/>. The octets must stay as they are until then.
    /// </summary>
    public long[] Promise(IReadOnlyList<SummaryToCache> summaries)
    {
        long[] locators = new long[summaries.Count];
        lock (_gate)
        {
            if (_isClosed)
            {
                return locators; // The mailbox has just gone; whoever still makes summaries for it has no use for them.
            }
            long at = _end;
            for (int i = 0; i < locators.Length; i++)
            {
                int length = summaries[i].Summary.Length;
                if (length is 0 or > EntryOctetsMax)
                {
                    continue;
                }
                locators[i] = (at >> 3 << 24) | (long)length;
                _pending.Add(new PendingEntry(locators[i], summaries[i]));
                at += EntryOctets(locators[i]);
            }
            Volatile.Write(ref _end, at);
        }
        return locators;
    }

    /// <summary>Writes what was promised. Blocks.</summary>
    public void WritePromised()
    {
        lock (_gate)
        {
            WritePending();
        }
    }

    /// <summary>A view of the summary if it is in memory; false where it is not, where there is none, or where it is damaged. Never waits.</summary>
    public bool TryGet(long locator, ReadOnlySpan<byte> baseName, out ReadOnlyMemory<byte> summary)
    {
        summary = default;
        long at = (long)((ulong)locator >> 24) << 3;
        int length = (int)(locator & 0xFF_FFFF);
        if (locator == 0 || !TryAssemble(at, EntryHeaderOctets + length, out ReadOnlyMemory<byte> entry))
        {
            return false;
        }
        ReadOnlySpan<byte> octets = entry.Span;
        if (BinaryPrimitives.ReadInt32LittleEndian(octets) != length
            || BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]) != Checksum(baseName, octets[EntryHeaderOctets..]))
        {
            return false;
        }
        summary = entry[EntryHeaderOctets..];
        return true;
    }

    /// <summary>The same, read from the file where it is not in memory. Blocks.</summary>
    public bool TryRead(long locator, ReadOnlySpan<byte> baseName, out ReadOnlyMemory<byte> summary)
    {
        if (TryGet(locator, baseName, out summary))
        {
            return true;
        }
        long at = (long)((ulong)locator >> 24) << 3;
        long end = at + EntryHeaderOctets + (locator & 0xFF_FFFF);
        if (locator == 0 || at < HeaderOctets || end > Octets || (locator & 0xFF_FFFF) > EntryOctetsMax)
        {
            return false;
        }
        if (end > Volatile.Read(ref _written))
        {
            WritePromised();
        }
        for (long block = at / BlockOctets; block * BlockOctets < end; block++)
        {
            Load((int)block, end);
        }
        return TryGet(locator, baseName, out summary);
    }

    /// <summary>Brings what follows the place of this locator into memory, as far as it goes in one read or a few. Blocks.</summary>
    public void ReadAhead(long locator)
    {
        long at = (long)((ulong)locator >> 24) << 3;
        if (at >= Volatile.Read(ref _written))
        {
            WritePromised();
        }
        long written = Volatile.Read(ref _written);
        for (int i = 0; i < ReadAheadBlocks && at < written; i++)
        {
            long end = Math.Min(written, ((at / BlockOctets) + 1) * BlockOctets);
            Load((int)(at / BlockOctets), end);
            at = end;
        }
    }

    /// <summary>Its file takes this place. Blocks.</summary>
    public void MoveTo(string path) => _file.MoveTo(path);

    /// <summary>The block leaves memory. Under the lock of <see cref="SummaryBlocks"/>.</summary>
    public void Forget(SummaryBlock block) => _blocks.TryRemove(new(block.Index, block));

    /// <summary>Views that were given out stay valid.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true; // What is only promised is made anew when somebody asks for it.
            _pending.Clear();
            _file.Dispose();
        }
        foreach (SummaryBlock block in _blocks.Values)
        {
            _memory.Remove(block);
        }
        _blocks.Clear();
    }

    /// <summary>A block's worth at a time. Under the lock.</summary>
    private void WritePending()
    {
        if (_pending.Count == 0 || _isClosed)
        {
            return;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockOctets);
        try
        {
            int filled = 0;
            for (int i = 0; i < _pending.Count; i++)
            {
                int entry = (int)EntryOctets(_pending[i].Locator);
                if (filled > 0 && filled + entry > BlockOctets)
                {
                    Write(buffer.AsSpan(0, filled));
                    filled = 0;
                }
                if (entry > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(entry);
                }
                Encode(_pending[i].Summary, buffer.AsSpan(filled, entry));
                filled += entry;
            }
            Write(buffer.AsSpan(0, filled));
        }
        finally
        {
            // What could not be written is missing, and made anew when somebody asks for it.
            _pending.Clear();
            _written = Math.Max(_written, _end);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Write(ReadOnlySpan<byte> entries)
    {
        _file.Write(_written, entries);
        Keep(_written, entries);
        Volatile.Write(ref _written, _written + entries.Length);
    }

    private static void Encode(in SummaryToCache summary, Span<byte> entry)
    {
        ReadOnlySpan<byte> octets = summary.Summary.Span;
        BinaryPrimitives.WriteInt32LittleEndian(entry, octets.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], Checksum(Encoding.UTF8.GetBytes(summary.BaseName), octets));
        octets.CopyTo(entry[EntryHeaderOctets..]);
        entry[(EntryHeaderOctets + octets.Length)..].Clear();
    }

    private static uint Checksum(ReadOnlySpan<byte> baseName, ReadOnlySpan<byte> summary) => Crc.Continue(Crc.Of(baseName), summary);

    private bool TryAssemble(long at, int length, out ReadOnlyMemory<byte> entry)
    {
        entry = default;
        int inside = (int)(at % BlockOctets);
        if (inside + length <= BlockOctets)
        {
            return _blocks.TryGetValue((int)(at / BlockOctets), out SummaryBlock? block) && block.TrySlice(inside, length, out entry);
        }
        if (length > EntryHeaderOctets + EntryOctetsMax)
        {
            return false;
        }
        byte[] joined = new byte[length];
        for (int filled = 0; filled < length;)
        {
            inside = (int)((at + filled) % BlockOctets);
            int part = Math.Min(length - filled, BlockOctets - inside);
            if (!_blocks.TryGetValue((int)((at + filled) / BlockOctets), out SummaryBlock? block) || !block.TrySlice(inside, part, out ReadOnlyMemory<byte> piece))
            {
                return false;
            }
            piece.Span.CopyTo(joined.AsSpan(filled));
            filled += part;
        }
        entry = joined;
        return true;
    }

    /// <summary>What was just written is what will be asked for: it goes into the blocks as well, as far as these reach up to it.</summary>
    private void Keep(long at, ReadOnlySpan<byte> written)
    {
        while (!written.IsEmpty)
        {
            int index = (int)(at / BlockOctets);
            int inside = (int)(at % BlockOctets);
            ReadOnlySpan<byte> part = written[..Math.Min(written.Length, BlockOctets - inside)];
            if (_blocks.TryGetValue(index, out SummaryBlock? block))
            {
                if (block.Filled == inside)
                {
                    _memory.Grew(block, block.Append(part, BlockOctets));
                }
            }
            else if (inside == 0 || at == HeaderOctets)
            {
                byte[] octets = new byte[Math.Min(BlockOctets, Math.Max(FirstSize, inside + part.Length))];
                part.CopyTo(octets.AsSpan(inside));
                Keep(new SummaryBlock(this, index, octets, inside + part.Length));
            }
            at += part.Length;
            written = written[part.Length..];
        }
    }

    private void Load(int index, long needed)
    {
        lock (_gate)
        {
            long start = (long)index * BlockOctets;
            int size = (int)Math.Min(BlockOctets, _written - start);
            if (_isClosed || size <= 0)
            {
                return; // A session may still ask for messages of a mailbox that has just gone.
            }
            if (_blocks.TryGetValue(index, out SummaryBlock? known))
            {
                if (known.Filled >= Math.Min(size, needed - start))
                {
                    return;
                }
                _memory.Remove(known);
                Forget(known);
            }
            byte[] octets = new byte[size];
            int filled = 0;
            int count;
            while (filled < size && (count = _file.Read(start + filled, octets.AsSpan(filled))) > 0)
            {
                filled += count;
            }
            Keep(new SummaryBlock(this, index, octets, filled));
        }
    }

    private void Keep(SummaryBlock block)
    {
        _blocks[block.Index] = block;
        _memory.Add(block);
    }

    /// <summary>An entry that has its place, and is not written yet.</summary>
    private readonly record struct PendingEntry(long Locator, SummaryToCache Summary);
}
