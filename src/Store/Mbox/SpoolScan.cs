using MailAccess.Store.Files;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>What a look at a changed file found beside the layout.</summary>
internal sealed class ScanNews
{
    /// <summary>Messages that no commit knows yet, by the token of their entry.</summary>
    public Dictionary<long, FoundMessage> Newcomers { get; } = [];

    /// <summary>Known messages whose header another program changed: what it said before, and says now.</summary>
    public List<(Uid Uid, MboxEntry Before, MetaFields Now)> Changed { get; } = [];

    /// <summary>The base field of the file; null where it has none.</summary>
    public MetaFields? Base { get; set; }
}

/// <summary>
/// Compares a file with the layout and brings the layout up to date: only what was appended where the last known message still ends
/// where it did; else all of it, and messages are known again by their UID and header, or by header, size and order.
/// </summary>
internal static class SpoolScan
{
    public static ScanNews Run(MboxStore store, MboxSpool spool, IFile? file, MailboxSnapshot known)
    {
        long end = file?.Octets ?? 0;
        var news = new ScanNews();
        int kept = file is null ? 0 : StillThere(store, spool, file, end);
        List<FoundMessage> found = [];
        if (file is not null)
        {
            long start = kept > 0 ? spool.Layout[kept - 1].End : 0;
            long skipped = MboxScanner.Scan(Reader(file, spool.Progress, end), start, end, store.Clock.LocalTimeZone, found.Add);
            if (kept == 0 && skipped > 0 && found.Count == 0)
            {
                store.Log.NotAnMbox(spool.Path);
                throw new FileFault("parse", spool.Path, Posix.InputOutput);
            }
        }
        if (kept == 0)
        {
            TakePseudo(found, news);
        }
        spool.Layout.Replace(kept, Match(spool, found, kept, known, news, store));
        spool.NoteFacts(end);
        return news;
    }

    private static LineReader.Source Reader(IFile file, Action<int, int>? progress, long end)
    {
        return progress is null ? file.Read : Read;

        int Read(long offset, Span<byte> destination)
        {
            int count = file.Read(offset, destination);
            progress((int)((offset + count) / 1024), (int)(end / 1024));
            return count;
        }
    }

    /// <summary>All entries where the file only grew; else none.</summary>
    private static int StillThere(MboxStore store, MboxSpool spool, IFile file, long end)
    {
        int count = spool.Layout.Count;
        if (count == 0 || spool.HasUnassigned || spool.FileTicks == 0 || end <= spool.FileOctets || spool.Layout[count - 1].End != spool.FileOctets)
        {
            return 0;
        }
        // Whatever changed before the end would have moved the last message, or be the same size: then its header tells.
        return IsAsKnown(store, file, spool.Layout[count - 1]) && IsAsKnown(store, file, spool.Layout[0])
            && BeginsAt(store, file, spool.FileOctets, end) ? count : 0;
    }

    private static bool IsAsKnown(MboxStore store, IFile file, MboxEntry entry)
    {
        FoundMessage? again = null;
        MboxScanner.Scan(file, entry.Offset, entry.End, store.Clock.LocalTimeZone, f => again ??= f);
        return again is not null && again.Entry.Offset == entry.Offset && again.Entry.Hash == entry.Hash && again.Entry.Length == entry.Length
            && again.Entry.Flags == entry.Flags;
    }

    private static bool BeginsAt(MboxStore store, IFile file, long at, long end)
    {
        byte[] line = new byte[FromLine.OctetsMax];
        int count = file.Read(at, line);
        ReadOnlySpan<byte> rest = line.AsSpan(0, Math.Max(0, count)).TrimStart("\r\n"u8);
        int feed = rest.IndexOf((byte)'\n');
        return at < end && FromLine.TryParse(feed < 0 ? rest : rest[..feed], store.Clock.LocalTimeZone, out _);
    }

    private static void TakePseudo(List<FoundMessage> found, ScanNews news)
    {
        if (found.Count == 0)
        {
            return;
        }
        if (found[0].Meta.UidValidity != 0)
        {
            news.Base = found[0].Meta;
        }
        if (found[0].Meta.IsPseudo)
        {
            found.RemoveAt(0);
        }
    }

    private static List<MboxEntry> Match(
        MboxSpool spool, List<FoundMessage> found, int kept, MailboxSnapshot known, ScanNews news, MboxStore store)
    {
        List<MboxEntry> entries = new(found.Count);
        var old = new OldEntries(spool.Layout, kept, known);
        MboxEntry?[] matched = new MboxEntry?[found.Count];
        for (int i = 0; i < found.Count; i++)
        {
            matched[i] = old.TakeByUid(found[i]);
        }
        for (int i = 0; i < found.Count; i++)
        {
            matched[i] ??= old.TakeByHeader(found[i]);
        }
        for (int i = 0; i < found.Count; i++)
        {
            MboxEntry entry = found[i].Entry with { Form = found[i].Entry.Form & ~MessageForm.HasUid };
            if (matched[i] is { } before)
            {
                entry = entry with { Token = before.Token, Uid = before.Uid };
                if (before.Uid != 0 && found[i].Meta.Uid == before.Uid)
                {
                    entry = entry with { Form = entry.Form | MessageForm.HasUid };
                }
                if (before.Uid != 0 && (before.Flags != entry.Flags || before.KeywordsHash != entry.KeywordsHash))
                {
                    news.Changed.Add((new Uid(before.Uid), before, found[i].Meta));
                }
                else if (before.Uid == 0)
                {
                    news.Newcomers[entry.Token] = found[i];
                }
            }
            else
            {
                entry = entry with { Token = store.NextToken() };
                news.Newcomers[entry.Token] = found[i];
            }
            entries.Add(entry);
        }
        return entries;
    }

    /// <summary>Entries of the layout that are still looked for.</summary>
    private sealed class OldEntries
    {
        private readonly Dictionary<uint, MboxEntry> _byUid = [];
        private readonly Dictionary<(uint Hash, long Octets), Queue<MboxEntry>> _byHeader = [];
        private readonly Dictionary<uint, long> _octets = [];
        private readonly HashSet<long> _taken = [];

        public OldEntries(MboxLayout layout, int kept, MailboxSnapshot known)
        {
            for (int i = kept; i < layout.Count; i++)
            {
                MboxEntry entry = layout[i];
                int index = entry.Uid == 0 ? -1 : known.IndexOf(new Uid(entry.Uid));
                if (entry.Uid != 0)
                {
                    _byUid[entry.Uid] = entry;
                }
                if (index >= 0)
                {
                    _octets[entry.Uid] = known[index].Octets;
                }
                // One without a record has no size to compare: a message that is just coming, or just going.
                (uint, long) key = (entry.Hash, index >= 0 ? known[index].Octets : -1);
                if (!_byHeader.TryGetValue(key, out Queue<MboxEntry>? queue))
                {
                    _byHeader.Add(key, queue = new Queue<MboxEntry>());
                }
                queue.Enqueue(entry);
            }
        }

        /// <summary>A header may be copied with its UID, and a body edited: the message itself must be the same.</summary>
        public MboxEntry? TakeByUid(FoundMessage found) =>
            found.Meta.Uid != 0 && _byUid.TryGetValue(found.Meta.Uid, out MboxEntry entry) && entry.Hash == found.Entry.Hash
            && (!_octets.TryGetValue(entry.Uid, out long octets) || octets == found.Octets) && _taken.Add(entry.Token)
                ? entry : null;

        public MboxEntry? TakeByHeader(FoundMessage found)
        {
            foreach (long octets in (long[])[found.Octets, -1])
            {
                if (_byHeader.TryGetValue((found.Entry.Hash, octets), out Queue<MboxEntry>? queue))
                {
                    while (queue.TryDequeue(out MboxEntry entry))
                    {
                        if (_taken.Add(entry.Token))
                        {
                            return entry;
                        }
                    }
                }
            }
            return null;
        }
    }
}
