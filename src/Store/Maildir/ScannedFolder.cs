using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// The messages that lie in <c>new</c> and <c>cur</c> by base name, without an object for each. Where one base name stands twice, the
/// file in <c>cur</c> counts, and of two there the one listed last.
/// </summary>
internal sealed class ScannedFolder
{
    private readonly List<Entry> _entries = [];
    private int[] _slots;
    private bool[] _isTaken = [];

    /// <summary>Lists first <c>new</c>, then <c>cur</c>: whoever moves a file in between is seen in <c>cur</c>.</summary>
    public ScannedFolder(IFiles files, MaildirFolder folder)
    {
        FolderListing? inNew = files.ListFiles(folder.New);
        FolderListing? inCur = files.ListFiles(folder.Cur);
        int count = (inNew?.Count ?? 0) + (inCur?.Count ?? 0);
        _entries.EnsureCapacity(count);
        _slots = NewSlots(count);
        Add(inNew, isInNew: true);
        Add(inCur, isInNew: false);
    }

    public int Count => _entries.Count;

    /// <summary>Adds what another look has found and this one has not.</summary>
    public void Add(ScannedFolder other)
    {
        foreach (Entry entry in other._entries)
        {
            if (Find(entry.Base, out int slot) < 0)
            {
                Insert(entry, slot);
            }
        }
    }

    /// <summary>The file with this base name.</summary>
    public bool TryGet(ReadOnlySpan<byte> baseName, out ScannedFile file)
    {
        int found = Find(baseName, out _);
        file = found < 0 ? default : _entries[found].ToFile();
        return found >= 0;
    }

    /// <summary>The same, and it is known now: <see cref="Untaken"/> will not tell it.</summary>
    public bool TryTake(ReadOnlySpan<byte> baseName, out ScannedFile file)
    {
        int found = Find(baseName, out _);
        file = found < 0 ? default : _entries[found].ToFile();
        if (found >= 0)
        {
            if (_isTaken.Length < _entries.Count)
            {
                Array.Resize(ref _isTaken, _entries.Count);
            }
            _isTaken[found] = true;
        }
        return found >= 0;
    }

    /// <summary>The files that were not taken, in order.</summary>
    public List<ScannedFile> Untaken() => InOrder(i => i >= _isTaken.Length || !_isTaken[i]);

    /// <summary>The files whose names are not what we would write.</summary>
    public IEnumerable<ScannedFile> Odd() => _entries.Where(e => !e.IsPlain).Select(e => e.ToFile());

    /// <summary>All files, in the order of their base names' octets.</summary>
    public List<ScannedFile> InOrder() => InOrder(_ => true);

    private List<ScannedFile> InOrder(Predicate<int> isWanted)
    {
        // Most comparisons are decided by the first octets: the time of delivery.
        List<SortKey> keys = new(_entries.Count);
        for (int i = 0; i < _entries.Count; i++)
        {
            if (isWanted(i))
            {
                keys.Add(SortKey.Of(_entries[i].Base, i));
            }
        }
        keys.Sort((a, b) =>
        {
            int order = a.First.CompareTo(b.First);
            order = order != 0 ? order : a.Second.CompareTo(b.Second);
            return order != 0 ? order : _entries[a.Entry].Base.SequenceCompareTo(_entries[b.Entry].Base);
        });
        List<ScannedFile> files = new(keys.Count);
        foreach (SortKey key in keys)
        {
            files.Add(_entries[key.Entry].ToFile());
        }
        return files;
    }

    private void Add(FolderListing? listing, bool isInNew)
    {
        if (listing is null)
        {
            return;
        }
        foreach (ReadOnlyMemory<byte> name in listing)
        {
            if (Entry.TryParse(name, isInNew, out Entry entry))
            {
                int found = Find(entry.Base, out int slot);
                if (found >= 0)
                {
                    _entries[found] = entry;
                }
                else
                {
                    Insert(entry, slot);
                }
            }
        }
    }

    private static int[] NewSlots(int count)
    {
        int[] slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2))];
        Array.Fill(slots, -1);
        return slots;
    }

    private int Find(ReadOnlySpan<byte> baseName, out int slot)
    {
        int mask = _slots.Length - 1;
        slot = (int)(NameHash.Of(baseName) & (ulong)mask);
        while (_slots[slot] is int entry and >= 0)
        {
            if (CollectionsMarshal.AsSpan(_entries)[entry].Base.SequenceEqual(baseName))
            {
                return entry;
            }
            slot = (slot + 1) & mask;
        }
        return -1;
    }

    private void Insert(in Entry entry, int slot)
    {
        _slots[slot] = _entries.Count;
        _entries.Add(entry);
        if (_entries.Count * 2 > _slots.Length)
        {
            _slots = NewSlots(_entries.Count * 2);
            for (int i = 0; i < _entries.Count; i++)
            {
                _ = Find(_entries[i].Base, out int free);
                _slots[free] = i;
            }
        }
    }

    private readonly record struct SortKey(ulong First, ulong Second, int Entry)
    {
        public static SortKey Of(ReadOnlySpan<byte> name, int entry)
        {
            Span<byte> start = stackalloc byte[16];
            name[..Math.Min(16, name.Length)].CopyTo(start);
            return new SortKey(BinaryPrimitives.ReadUInt64BigEndian(start), BinaryPrimitives.ReadUInt64BigEndian(start[8..]), entry);
        }
    }

    private readonly record struct Entry(ReadOnlyMemory<byte> Name, int BaseLength, FlagLetters Letters, bool IsInNew, bool IsPlain)
    {
        public ReadOnlySpan<byte> Base => Name.Span[..BaseLength];

        /// <summary>As <see cref="FileName.TryParse"/>.</summary>
        public static bool TryParse(ReadOnlyMemory<byte> name, bool isInNew, out Entry entry)
        {
            entry = default;
            ReadOnlySpan<byte> octets = name.Span;
            if (octets.IsEmpty || octets[0] is (byte)'.' or (byte)':')
            {
                return false;
            }
            int colon = octets.IndexOf((byte)':');
            if (colon < 0)
            {
                entry = new Entry(name, octets.Length, default, isInNew, isInNew);
                return true;
            }
            FlagLetters letters = default;
            bool isOrdered = false;
            if (octets[(colon + 1)..].StartsWith("2,"u8))
            {
                letters = FlagLetters.Parse(octets[(colon + 3)..], out isOrdered);
            }
            entry = new Entry(name, colon, letters, isInNew, isOrdered && !isInNew);
            return true;
        }

        public ScannedFile ToFile() => new(Name, BaseLength, Letters, IsInNew, IsPlain);
    }
}

/// <summary>A message as a listing shows it.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="BaseLength">How much of it is the base.</param>
/// <param name="Letters">Its flags.</param>
/// <param name="IsInNew">It lies in <c>new</c>, else in <c>cur</c>.</param>
/// <param name="IsPlain">The name and folder are what we would write for these letters.</param>
internal readonly record struct ScannedFile(ReadOnlyMemory<byte> Name, int BaseLength, FlagLetters Letters, bool IsInNew, bool IsPlain)
{
    public ReadOnlySpan<byte> Base => Name.Span[..BaseLength];

    public string BaseText => Encoding.UTF8.GetString(Base);

    public string RelativePath => (IsInNew ? "new/" : "cur/") + Encoding.UTF8.GetString(Name.Span);

    /// <summary>From the text of a path that one event named; false for what cannot be a message.</summary>
    public static bool TryParse(string name, bool isInNew, out ScannedFile file)
    {
        file = default;
        if (!FileName.TryParse(name, out FileName parsed))
        {
            return false;
        }
        byte[] octets = Encoding.UTF8.GetBytes(name);
        int colon = octets.AsSpan().IndexOf((byte)':');
        bool isPlain = MaildirFolder.PathOf(parsed.Base, Locator.Create(0, isInNew, false, parsed.Letters)) == (isInNew ? "new/" : "cur/") + name;
        file = new ScannedFile(octets, colon < 0 ? octets.Length : colon, parsed.Letters, isInNew, isPlain);
        return true;
    }
}

/// <summary>A quick hash of names, for tables in memory only.</summary>
internal static class NameHash
{
    public static ulong Of(ReadOnlySpan<byte> name)
    {
        const ulong multiplier = 0x9E37_79B9_7F4A_7C15;
        ulong hash = (ulong)name.Length * multiplier;
        while (name.Length >= 8)
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(name)) * multiplier;
            hash ^= hash >> 29;
            name = name[8..];
        }
        foreach (byte octet in name)
        {
            hash = (hash ^ octet) * multiplier;
        }
        hash ^= hash >> 32;
        return hash;
    }
}
