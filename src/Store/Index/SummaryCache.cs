using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Index;

/// <summary>A summary, and the message's base name.</summary>
internal readonly record struct SummaryToCache(string BaseName, ReadOnlyMemory<byte> Summary);

/// <summary>
/// <c>mailaccess.cache</c>: encoded summaries one after the other, read through shared mappings. Disposable: what is missing
/// or damaged is made anew from the message.
/// </summary>
/// <remarks>
/// Header of 16 octets: magic u32, version u32, generation u64. Entries at multiples of eight: length u32, CRC-32C u32, octets.
/// The checksum also covers the message's base name: after a power loss another message's entry may stand where one was lost.
/// No entry crosses the border of a window, so that each lies in one mapping. A locator: place / 8 in the upper 40 bits,
/// length in the lower 24; 0 is none. Adds are serialized by a lock; reads take none.
/// </remarks>
internal sealed class SummaryCache : IDisposable
{
    public const string FileName = "mailaccess.cache";

    private const int WindowOctets = 4 << 20;
    private const int EntryHeaderOctets = 8;
    private const int EntryOctetsMax = 1 << 20;
    private const uint Magic = 0x4843_414D; // "MACH"
    private const uint Version = 1;

    private readonly IFile _file;
    private readonly Lock _gate = new();
    private volatile IMemoryOwner<byte>?[] _windows = [];
    private long _end;
    private bool _isClosed;

    private SummaryCache(IFile file, ulong generation, long end)
    {
        _file = file;
        Generation = generation;
        _end = end;
    }

    /// <summary>Differs for every file that ever was: locators of another generation mean nothing.</summary>
    public ulong Generation { get; }

    /// <summary>Opens the file of this generation, or starts a new one.</summary>
    public static SummaryCache Open(IFiles files, string folder, ulong generation)
    {
        string path = Path.Combine(folder, FileName);
        IFile file = files.Open(path, OpenKind.Write)!;
        byte[] header = new byte[16];
        if (generation != 0 && file.Read(0, header) == header.Length && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) == Version
            && BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)) == generation)
        {
            return new SummaryCache(file, generation, (file.Octets + 7) & ~7L);
        }
        // Never truncate: an older mapping may still be read. The new file takes the name.
        file.Dispose();
        files.Unlink(path);
        file = files.Open(path, OpenKind.CreateNew)!;
        ulong fresh = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()) | 1;
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), fresh);
        file.Write(0, header);
        return new SummaryCache(file, fresh, header.Length);
    }

    /// <summary>Writes the summaries and returns their locators; 0 for what is empty or too big. Blocks.</summary>
    public long[] Add(IReadOnlyList<SummaryToCache> summaries)
    {
        long[] locators = new long[summaries.Count];
        var buffer = new ArrayBufferWriter<byte>(4096);
        lock (_gate)
        {
            if (_isClosed)
            {
                return locators; // The mailbox has just gone; whoever still makes summaries for it has no use for them.
            }
            long start = _end;
            for (int i = 0; i < locators.Length; i++)
            {
                ReadOnlySpan<byte> summary = summaries[i].Summary.Span;
                if (summary.Length is 0 or > EntryOctetsMax)
                {
                    continue;
                }
                int entry = (EntryHeaderOctets + summary.Length + 7) & ~7;
                long at = start + buffer.WrittenCount;
                int room = WindowOctets - (int)(at % WindowOctets);
                if (entry > room)
                {
                    buffer.GetSpan(room)[..room].Clear();
                    buffer.Advance(room);
                    at += room;
                }
                Span<byte> target = buffer.GetSpan(entry)[..entry];
                BinaryPrimitives.WriteInt32LittleEndian(target, summary.Length);
                BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Checksum(Encoding.UTF8.GetBytes(summaries[i].BaseName), summary));
                summary.CopyTo(target[EntryHeaderOctets..]);
                target[(EntryHeaderOctets + summary.Length)..].Clear();
                buffer.Advance(entry);
                locators[i] = (at >> 3 << 24) | (long)summary.Length;
            }
            _file.Write(start, buffer.WrittenSpan);
            _end = start + buffer.WrittenCount;
        }
        return locators;
    }

    /// <summary>A view of the summary; false where there is none or it is damaged.</summary>
    public bool TryGet(long locator, ReadOnlySpan<byte> baseName, out ReadOnlyMemory<byte> summary)
    {
        summary = default;
        long at = (long)((ulong)locator >> 24) << 3;
        int length = (int)(locator & 0xFF_FFFF);
        if (locator == 0 || at + EntryHeaderOctets + length > Volatile.Read(ref _end) || !TryWindow((int)(at / WindowOctets), out Memory<byte> window))
        {
            return false;
        }
        int inside = (int)(at % WindowOctets);
        if (inside + EntryHeaderOctets + length > WindowOctets)
        {
            return false;
        }
        ReadOnlySpan<byte> header = window.Span.Slice(inside, EntryHeaderOctets);
        summary = window.Slice(inside + EntryHeaderOctets, length);
        return BinaryPrimitives.ReadInt32LittleEndian(header) == length
            && BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == Checksum(baseName, summary.Span);
    }

    /// <summary>Views that were given out stay valid.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _file.Dispose();
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> baseName, ReadOnlySpan<byte> summary) => Crc.Continue(Crc.Of(baseName), summary);

    private bool TryWindow(int index, out Memory<byte> window)
    {
        IMemoryOwner<byte>?[] windows = _windows;
        if (index < windows.Length && windows[index] is { } known)
        {
            window = known.Memory;
            return true;
        }
        lock (_gate)
        {
            if (_isClosed)
            {
                window = default; // A session may still ask for messages of a mailbox that has just gone.
                return false;
            }
            if (index >= _windows.Length)
            {
                IMemoryOwner<byte>?[] more = new IMemoryOwner<byte>?[index + 1];
                _windows.CopyTo(more, 0);
                _windows = more;
            }
            try
            {
                window = (_windows[index] ??= _file.Map((long)index * WindowOctets, WindowOctets)).Memory;
                return true;
            }
            catch (FileFault)
            {
                window = default; // No more mappings to be had: the summary is then made from the message.
                return false;
            }
        }
    }
}
