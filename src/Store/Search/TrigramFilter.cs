using System.Buffers;
using System.Runtime.InteropServices;
using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Search;

/// <summary>
/// Says which messages of a mailbox cannot have a text, so that a search need not read them: never that one has it. Messages
/// without a signature may have anything.
/// </summary>
/// <remarks>
/// Blocks: on workers only. One thing at a time: reading all signatures of 10,000 messages takes a few milliseconds. Housekeeping is the
/// first to look at the file; until then every message may have anything.
/// </remarks>
internal sealed class TrigramFilter(IFiles files, string folder, Guid mailbox) : IDisposable
{
    private const int KeptOctetsMax = 1 << 20;
    private const int CompactSpareMessages = 256;

    private static readonly byte[] AllOnes = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

    private readonly Lock _gate = new();
    private readonly string _path = Path.Combine(folder, TrigramFile.FileName);
    private TrigramFile? _known;
    private byte[] _buffer = [];
    private bool _isClosed;

    /// <summary>What there is, as far as it has been looked at: messages with a signature, and octets of the file.</summary>
    public (int Messages, long Octets) Extent
    {
        get
        {
            lock (_gate)
            {
                return (_known?.Count ?? 0, _known?.Octets ?? 0);
            }
        }
    }

    /// <summary>So many messages of the snapshot have no signature, as far as is known without looking at the file.</summary>
    public int CountMissing(MailboxSnapshot snapshot)
    {
        lock (_gate)
        {
            return snapshot.Count - (_known is null ? 0 : IndexBehind(snapshot, _known.LastUid));
        }
    }

    /// <summary>Those of the messages that may have one of the terms.</summary>
    public List<int> Filter(MailboxSnapshot snapshot, List<int> indices, IReadOnlyList<TextTerm> terms)
    {
        int[][] places = [.. terms.Select(t => TrigramSignature.PlacesOf(t.Needle))];
        if (places.Any(p => p.Length == 0))
        {
            return indices; // Too short for three characters in a row.
        }
        lock (_gate)
        {
            using IFile? file = _isClosed ? null : files.Open(_path, OpenKind.Read);
            if (file is null)
            {
                _known = null;
                return indices;
            }
            if (_known is null)
            {
                return indices; // Housekeeping will look at it soon; it may have to cut it, which takes another kind of opening.
            }
            return Filter(file, _known, snapshot, indices, places);
        }
    }

    /// <summary>A part of the background's work: some of what is missing, and what is no more.</summary>
    public void Keep(MailboxModel model)
    {
        Extend(model, model.Limits.TrigramMessagesPerRound, model.Limits.TrigramOctetsPerRound);
        Compact(model.Published);
    }

    /// <summary>Adds signatures of some messages that have none, oldest first; how many.</summary>
    public int Extend(MailboxModel model, int messagesMax, long octetsMax)
    {
        MailboxSnapshot snapshot = model.Published;
        Uid last;
        lock (_gate)
        {
            if (_isClosed)
            {
                return 0;
            }
            if (_known is null)
            {
                using IFile there = files.Open(_path, OpenKind.Write)!;
                _known = TrigramFile.Load(there, mailbox, snapshot.UidValidity);
            }
            last = _known.LastUid;
        }
        int index = IndexBehind(snapshot, last);
        if (index >= snapshot.Count)
        {
            return 0;
        }
        ArrayBufferWriter<byte> entries = new();
        ArrayBufferWriter<byte> signatures = new();
        int made = MakeSignatures(model, snapshot, index, messagesMax, octetsMax, entries, signatures);
        lock (_gate)
        {
            if (_isClosed || _known is null || _known.LastUid != last)
            {
                return 0; // Somebody else was quicker, or the mailbox went away.
            }
            using IFile file = files.Open(_path, OpenKind.Write)!;
            _known.Append(file, entries.WrittenSpan, signatures.WrittenSpan);
        }
        return made;
    }

    /// <summary>Writes the file anew without the messages that are no more, once they are the greater part.</summary>
    public void Compact(MailboxSnapshot snapshot)
    {
        lock (_gate)
        {
            if (_isClosed || _known is null || _known.Count < (2 * IndexBehind(snapshot, _known.LastUid)) + CompactSpareMessages)
            {
                return;
            }
            using IFile? file = files.Open(_path, OpenKind.Read);
            if (file is null)
            {
                _known = null;
                return;
            }
            string temporary = _path + ".new";
            files.Unlink(temporary);
            TrigramFile fresh;
            using (IFile target = files.Open(temporary, OpenKind.CreateNew)!)
            {
                fresh = TrigramFile.Load(target, mailbox, snapshot.UidValidity);
                foreach (TrigramFile.Block block in _known.Blocks)
                {
                    if (!TrigramFile.TryRead(file, block, ref _buffer))
                    {
                        break; // What is behind it is made anew.
                    }
                    CopyLive(_buffer, block.Count, snapshot, fresh, target);
                }
            }
            files.Rename(temporary, _path);
            _known = fresh;
        }
    }

    /// <summary>Looks at the file as it is now; true where every checksum is right, or there is none.</summary>
    public bool Verify(MailboxSnapshot snapshot)
    {
        lock (_gate)
        {
            using IFile? file = _isClosed ? null : files.Open(_path, OpenKind.Read);
            if (file is null)
            {
                _known = null;
                return true;
            }
            long octets = file.Octets;
            using IFile writable = files.Open(_path, OpenKind.Write)!;
            TrigramFile known = TrigramFile.Load(writable, mailbox, snapshot.UidValidity);
            _known = known;
            return known.Octets == octets && known.Blocks.All(b => TrigramFile.TryRead(file, b, ref _buffer));
        }
    }

    /// <summary>Forgets all signatures, to make them anew.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _known = null;
            files.Unlink(_path);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _known = null;
        }
    }

    private static int IndexBehind(MailboxSnapshot snapshot, Uid last)
    {
        int index = snapshot.IndexOf(new Uid(last.Value + 1));
        return index < 0 ? ~index : index;
    }

    private List<int> Filter(IFile file, TrigramFile known, MailboxSnapshot snapshot, List<int> indices, int[][] places)
    {
        List<int> remaining = [];
        int next = 0;
        for (int i = 0; i < known.Blocks.Count && next < indices.Count; i++)
        {
            TrigramFile.Block block = known.Blocks[i];
            if (snapshot[indices[next]].Uid > block.LastUid)
            {
                continue;
            }
            if (!TrigramFile.TryRead(file, block, ref _buffer))
            {
                _known = null; // Loaded anew by housekeeping, and cut there.
                files.Unlink(_path);
                break;
            }
            FilterBlock(_buffer, block, snapshot, indices, ref next, places, remaining);
        }
        remaining.AddRange(indices[next..]);
        _buffer = _buffer.Length > KeptOctetsMax ? [] : _buffer;
        return remaining;
    }

    private static void FilterBlock(
        ReadOnlySpan<byte> content, TrigramFile.Block block, MailboxSnapshot snapshot, List<int> indices, ref int next, int[][] places, List<int> remaining)
    {
        ReadOnlySpan<(uint Uid, uint Octets)> entries = MemoryMarshal.Cast<byte, (uint, uint)>(content[..(block.Count * TrigramFile.EntryOctets)]);
        int start = entries.Length * TrigramFile.EntryOctets;
        foreach ((uint uid, uint octets) in entries)
        {
            while (next < indices.Count && snapshot[indices[next]].Uid.Value < uid)
            {
                remaining.Add(indices[next++]); // It could not be read when its turn was.
            }
            if (next == indices.Count)
            {
                return;
            }
            if (snapshot[indices[next]].Uid.Value == uid)
            {
                ReadOnlySpan<byte> signature = content.Slice(start, (int)octets);
                if (MayContainAny(signature, places))
                {
                    remaining.Add(indices[next]);
                }
                next++;
            }
            start += (int)octets;
        }
    }

    private static bool MayContainAny(ReadOnlySpan<byte> signature, int[][] places)
    {
        foreach (int[] wanted in places)
        {
            if (TrigramSignature.MayContain(signature, wanted))
            {
                return true;
            }
        }
        return false;
    }

    private static int MakeSignatures(
        MailboxModel model, MailboxSnapshot snapshot, int index, int messagesMax, long octetsMax, ArrayBufferWriter<byte> entries, ArrayBufferWriter<byte> signatures)
    {
        TrigramSignature maker = new();
        SearchScratch scratch = new();
        int made = 0;
        for (long octets = 0; index + made < snapshot.Count && made < messagesMax && octets < octetsMax; made++)
        {
            MessageRecord record = snapshot[index + made];
            octets += record.Octets;
            ReadOnlySpan<byte> signature = AllOnes; // What is not read may have anything.
            if (model.ReadForSearch(record, scratch) == SearchRead.Whole)
            {
                model.TryGetSummary(record, out MessageSummary summary);
                MimePart root = scratch.StructureBy(summary);
                scratch.PrepareFor(root, []);
                signature = MemoryMarshal.AsBytes(maker.Make(scratch.Octets.Span, scratch.HasBareLf, root));
            }
            uint uid = record.Uid.Value;
            uint length = (uint)signature.Length;
            entries.Write(MemoryMarshal.AsBytes<uint>([uid, length]));
            signatures.Write(signature);
        }
        return made;
    }

    private static void CopyLive(ReadOnlySpan<byte> content, int count, MailboxSnapshot snapshot, TrigramFile fresh, IFile target)
    {
        ArrayBufferWriter<byte> entries = new();
        ArrayBufferWriter<byte> signatures = new();
        int start = count * TrigramFile.EntryOctets;
        foreach ((uint uid, uint octets) in MemoryMarshal.Cast<byte, (uint, uint)>(content[..start]))
        {
            if (snapshot.IndexOf(new Uid(uid)) >= 0)
            {
                entries.Write(MemoryMarshal.AsBytes<uint>([uid, octets]));
                signatures.Write(content.Slice(start, (int)octets));
            }
            start += (int)octets;
        }
        if (entries.WrittenCount > 0)
        {
            fresh.Append(target, entries.WrittenSpan, signatures.WrittenSpan);
        }
    }
}
