using System.Buffers.Binary;
using System.Text;

namespace MailAccess.Store.Index;

/// <summary>
/// Base names of a mailbox's files, one after the other, each found by its place. Only grows, until it is written anew without those
/// that nobody needs any more: then the new part begins at another base, and the places of before are still understood until the next time.
/// </summary>
/// <remarks>One writer at a time (the mailbox's gate); readers need no lock: what a published record points to is there.
/// An entry: length u16, UTF-8, zeros up to a multiple of eight. Bases are multiples of 2 GiB, below <see cref="PlacesMax"/>.</remarks>
internal sealed class NamesHeap
{
    /// <summary>Places are smaller.</summary>
    public const long PlacesMax = 8L << 30;

    private const long BaseStep = 2L << 30;
    private const int OctetsMax = 1 << 30;

    private Part _current;
    private Part? _previous;

    public NamesHeap() => _current = new Part(0, new byte[256], 0);

    /// <summary>Takes the octets over.</summary>
    public NamesHeap(byte[] octets, int used, long firstPlace) => _current = new Part(firstPlace, octets, used);

    /// <summary>The place of the first name.</summary>
    public long Base => Volatile.Read(ref _current).Base;

    public int Octets => _current.Used;

    /// <summary>As far as it is filled; what is there does not change.</summary>
    public ReadOnlyMemory<byte> Memory => _current.Octets.AsMemory(0, _current.Used);

    /// <summary>What a name of so many octets takes.</summary>
    public static int EntryOctets(int nameOctets) => (2 + nameOctets + 7) & ~7;

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
        int entry = EntryOctets(length);
        Part part = _current;
        if ((long)part.Used + entry > OctetsMax)
        {
            return -1;
        }
        int place = part.Used;
        if (place + entry > part.Octets.Length)
        {
            byte[] larger = new byte[Math.Max((int)Math.Min(OctetsMax, part.Octets.Length + (part.Octets.Length / 2L)), place + entry)];
            part.Octets.AsSpan(0, place).CopyTo(larger);
            part = new Part(part.Base, larger, place);
        }
        BinaryPrimitives.WriteUInt16LittleEndian(part.Octets.AsSpan(place), (ushort)length);
        name.CopyTo(part.Octets.AsSpan(place + 2));
        part.Used = place + entry;
        Volatile.Write(ref _current, part);
        return part.Base + place;
    }

    /// <summary>Puts a name where a frame says it was; the heap may have a hole before it, or begin anew there.</summary>
    public void Put(long place, string name)
    {
        long from = place / BaseStep * BaseStep;
        if (from != _current.Base)
        {
            BeginAt(from);
        }
        int inside = (int)(place - from);
        if (inside < _current.Used)
        {
            return; // Replayed: it is there already.
        }
        if (inside > _current.Used)
        {
            byte[] octets = _current.Octets;
            Array.Resize(ref octets, Math.Max(octets.Length, inside + 256));
            octets.AsSpan(_current.Used, inside - _current.Used).Clear();
            _current = new Part(from, octets, inside);
        }
        Add(name);
    }

    /// <summary>Begins anew, empty, elsewhere; the names of before stay readable until the next time.</summary>
    public void BeginAnew() => BeginAt((_current.Base + BaseStep) % PlacesMax);

    public string this[long place] => Encoding.UTF8.GetString(Utf8At(place));

    /// <summary>Empty where there is none: a record kept from long ago may point there.</summary>
    public ReadOnlySpan<byte> Utf8At(long place)
    {
        Part part = Volatile.Read(ref _current);
        if (place < part.Base || place - part.Base >= part.Used)
        {
            if (Volatile.Read(ref _previous) is not { } previous || place < previous.Base || place - previous.Base >= previous.Used)
            {
                return default;
            }
            part = previous;
        }
        ReadOnlySpan<byte> octets = part.Octets.AsSpan((int)(place - part.Base));
        int length = BinaryPrimitives.ReadUInt16LittleEndian(octets);
        return length > octets.Length - 2 ? default : octets.Slice(2, length);
    }

    private void BeginAt(long place)
    {
        Volatile.Write(ref _previous, _current);
        Volatile.Write(ref _current, new Part(place, new byte[256], 0));
    }

    private sealed class Part(long from, byte[] octets, int used)
    {
        private int _used = used;

        public long Base => from;

        public byte[] Octets => octets;

        public int Used
        {
            get => Volatile.Read(ref _used);
            set => Volatile.Write(ref _used, value);
        }
    }
}
