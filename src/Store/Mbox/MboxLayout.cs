using System.Runtime.InteropServices;

namespace MailAccess.Store.Mbox;

/// <summary>Where one message lies in the file, and what its header said when we last looked or wrote. Fixed width; stands so in the index.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct MboxEntry
{
    /// <summary>Of its From_ line.</summary>
    public required long Offset { get; init; }

    /// <summary>From the From_ line to the next one, or the end.</summary>
    public required long Length { get; init; }

    /// <summary>The record's locator: what names a message before it has a UID.</summary>
    public required long Token { get; init; }

    /// <summary>0: found, but not yet committed as a message.</summary>
    public uint Uid { get; init; }

    /// <summary><see cref="HeaderHash"/>.</summary>
    public uint Hash { get; init; }

    /// <summary><see cref="MetaFields.KeywordsHash"/> of the header.</summary>
    public uint KeywordsHash { get; init; }

    /// <summary>As the header has them.</summary>
    public SystemFlags Flags { get; init; }

    public MessageForm Form { get; init; }

    /// <summary>Octets of the blank line behind the message: 0, 1 or 2.</summary>
    public byte SeparatorOctets { get; init; }

    /// <summary>Octets of the From_ line, with its end.</summary>
    public ushort FromOctets { get; init; }

    public long End => Offset + Length;

    /// <summary>Where the message's own octets begin.</summary>
    public long ContentStart => Offset + FromOctets;

    /// <summary>Where they end.</summary>
    public long ContentEnd => End - SeparatorOctets - ((Form & MessageForm.OpenEnd) != 0 ? 1 : 0);
}

/// <summary>
/// The messages of a file in the order in which they lie there: what the disk has, which commits follow. Only under the mailbox's lock of files.
/// </summary>
internal sealed class MboxLayout
{
    private readonly List<MboxEntry> _entries;
    private Dictionary<uint, int>? _byUid;

    public MboxLayout(IEnumerable<MboxEntry>? entries = null) => _entries = [.. entries ?? []];

    public int Count => _entries.Count;

    public MboxEntry this[int index] => _entries[index];

    /// <summary>Entries from here on are not in the log as they are.</summary>
    public int DirtyFrom { get; private set; }

    public ReadOnlySpan<MboxEntry> Entries => CollectionsMarshal.AsSpan(_entries);

    public void MarkLogged() => DirtyFrom = _entries.Count;

    public void Append(MboxEntry entry)
    {
        if (entry.Uid != 0)
        {
            _byUid?.TryAdd(entry.Uid, _entries.Count);
        }
        _entries.Add(entry);
    }

    public void Set(int index, MboxEntry entry)
    {
        if (_entries[index] == entry)
        {
            return;
        }
        if (_entries[index].Uid != entry.Uid)
        {
            _byUid = null;
        }
        _entries[index] = entry;
        DirtyFrom = Math.Min(DirtyFrom, index);
    }

    /// <summary>Drops everything from the index on and puts these there.</summary>
    public void Replace(int from, IEnumerable<MboxEntry> entries)
    {
        _entries.RemoveRange(from, _entries.Count - from);
        _entries.AddRange(entries);
        DirtyFrom = Math.Min(DirtyFrom, from);
        _byUid = null;
    }

    /// <summary>-1 where there is none.</summary>
    public int IndexOf(Uid uid)
    {
        if (_byUid is null)
        {
            // Other programs may sort a file: then the order of UIDs says nothing about places.
            _byUid = new Dictionary<uint, int>(_entries.Count);
            for (int i = 0; i < _entries.Count; i++)
            {
                if (_entries[i].Uid != 0)
                {
                    _byUid.TryAdd(_entries[i].Uid, i);
                }
            }
        }
        return _byUid.TryGetValue(uid.Value, out int index) ? index : -1;
    }
}
