using System.Buffers.Binary;
using System.Text;

namespace MailAccess.Store.Index;

/// <summary>
/// Base names of a mailbox's files, one after the other, each found by its place. Only grows while the mailbox is open.
/// </summary>
/// <remarks>One writer at a time (the mailbox's gate); readers need no lock: what a published record points to is there.
/// An entry: length u16, UTF-8, zeros up to a multiple of eight.</remarks>
internal sealed class NamesHeap
{
    private byte[] _octets;
    private int _used;

    public NamesHeap() => _octets = new byte[256];

    public NamesHeap(ReadOnlySpan<byte> octets)
    {
        _octets = octets.ToArray();
        _used = octets.Length;
    }

    public int Octets => _used;

    public ReadOnlySpan<byte> Content => _octets.AsSpan(0, _used);

    /// <summary>The place of the name; -1 where the heap is full.</summary>
    public long Add(string name)
    {
        Span<byte> utf8 = name.Length <= 256 ? stackalloc byte[768] : new byte[Encoding.UTF8.GetMaxByteCount(name.Length)];
        return Add(utf8[..Encoding.UTF8.GetBytes(name, utf8)]);
    }

    /// <inheritdoc cref="Add(string)"/>
    public long Add(ReadOnlySpan<byte> name)
    {
        int length = name.Length;
        int entry = (2 + length + 7) & ~7;
        if ((long)_used + entry > Array.MaxLength / 2)
        {
            return -1;
        }
        byte[] octets = _octets;
        if (_used + entry > octets.Length)
        {
            octets = new byte[Math.Max(octets.Length * 2, _used + entry)];
            _octets.AsSpan(0, _used).CopyTo(octets);
        }
        int place = _used;
        BinaryPrimitives.WriteUInt16LittleEndian(octets.AsSpan(place), (ushort)length);
        name.CopyTo(octets.AsSpan(place + 2));
        Volatile.Write(ref _octets, octets);
        _used += entry;
        return place;
    }

    /// <summary>Puts a name where a frame says it was; the heap may have a hole before it.</summary>
    public void Put(long place, string name)
    {
        if (place > _used)
        {
            int hole = checked((int)place);
            Array.Resize(ref _octets, Math.Max(_octets.Length, hole + 256));
            _used = hole;
        }
        else if (place < _used)
        {
            return; // Replayed: it is there already.
        }
        Add(name);
    }

    public string this[long place] => Encoding.UTF8.GetString(Utf8At(place));

    public ReadOnlySpan<byte> Utf8At(long place)
    {
        ReadOnlySpan<byte> octets = Volatile.Read(ref _octets).AsSpan((int)place);
        return octets.Slice(2, BinaryPrimitives.ReadUInt16LittleEndian(octets));
    }
}
