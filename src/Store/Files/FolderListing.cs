using System.Buffers.Binary;
using System.Text;

namespace MailAccess.Store.Files;

/// <summary>The names in a folder, as the UTF-8 of their text (<see cref="OctetText"/>), one after the other: a large folder is listed without an object for each name.</summary>
internal sealed class FolderListing
{
    private const int EntryHeaderOctets = 19;
    private const byte Unknown = 0;
    private const byte Regular = 8;

    private byte[] _octets = new byte[4096];
    private int _used;

    /// <summary>Number of names.</summary>
    public int Count { get; private set; }

    /// <summary>From names that are text already.</summary>
    public static FolderListing From(IEnumerable<string> names)
    {
        var listing = new FolderListing();
        foreach (string name in names)
        {
            listing.Add(Encoding.UTF8.GetBytes(name));
        }
        return listing;
    }

    /// <summary>
    /// What getdents64 gave: inode u64, offset u64, length u16, type u8, name up to NUL. Kept is what is a file, or may be one
    /// (some file systems do not say).
    /// </summary>
    public void AddEntries(ReadOnlySpan<byte> entries)
    {
        while (entries.Length > EntryHeaderOctets)
        {
            ReadOnlySpan<byte> name = entries[EntryHeaderOctets..BinaryPrimitives.ReadUInt16LittleEndian(entries[16..])];
            if (entries[18] is Regular or Unknown)
            {
                ReadOnlySpan<byte> octets = name[..name.IndexOf((byte)0)];
                Add(Ascii.IsValid(octets) ? octets : Encoding.UTF8.GetBytes(OctetText.Decode(octets)));
            }
            entries = entries[(EntryHeaderOctets + name.Length)..];
        }
    }

    public Enumerator GetEnumerator() => new(_octets.AsMemory(0, _used));

    private void Add(ReadOnlySpan<byte> name)
    {
        if (_used + 2 + name.Length > _octets.Length)
        {
            Array.Resize(ref _octets, Math.Max(_octets.Length * 2, _used + 2 + name.Length));
        }
        BinaryPrimitives.WriteUInt16LittleEndian(_octets.AsSpan(_used), (ushort)name.Length);
        name.CopyTo(_octets.AsSpan(_used + 2));
        _used += 2 + name.Length;
        Count++;
    }

    /// <summary>Goes through the names.</summary>
    public struct Enumerator(ReadOnlyMemory<byte> rest)
    {
        private ReadOnlyMemory<byte> _rest = rest;

        public ReadOnlyMemory<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }
            int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest.Span);
            Current = _rest.Slice(2, length);
            _rest = _rest[(2 + length)..];
            return true;
        }
    }
}
