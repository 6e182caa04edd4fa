using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>Brings a mailbox's private files and its mail together, after whatever ended the last process. On a worker, with the file locked.</summary>
internal static class MboxLoader
{
    private const int BaseSearchOctets = 256 * 1024;

    public static (MboxSpool Spool, MboxState State, SummaryCache Cache) Load(
        MboxStore store, MboxFolders folders, string path, string dataFolder, SpoolLock held)
    {
        if (!store.Files.TryStat(dataFolder, out _))
        {
            store.Files.CreateFolder(dataFolder);
            store.Files.SyncFolder(Path.GetDirectoryName(dataFolder)!);
        }
        MboxState? state = MboxIndex.Load(store.Files, dataFolder);
        byte[]? step = new SpoolRewrite(store.Files, dataFolder).Recover(held.File, held.Touch, o => store.Log.RewriteRecovered(path, o));
        if (state is not null && step is not null && MboxIndex.Decode(step, out _) is { } record)
        {
            MboxIndex.Apply(state, record);
            state.FileTicks = 0; // New mail may lie behind it.
        }
        bool isNew = state is null;
        state ??= Begin(store, folders, path, held.File);
        state.Vanished = VanishedFile.Read(store.Files, dataFolder, state.Index.Guid)
            ?? new VanishedLog(state.Index.IndexedModSeq ?? state.Index.HighestModSeq);
        state.Vanished.Add(state.Index.Vanished);
        RepairAppend(store, path, state, held.File);
        bool fits = Fit(state);
        var cache = SummaryCache.Open(store.Files, dataFolder, state.Index.CacheGeneration, store.SummaryBlocks, store.OpenFiles);
        bool isOtherCache = cache.Generation != state.Index.CacheGeneration;
        if (isOtherCache)
        {
            ForgetSummaries(state.Index);
            state.Index.CacheGeneration = cache.Generation;
        }
        var spool = new MboxSpool(store, path, dataFolder, state);
        if (!fits)
        {
            spool.ForgetFacts();
        }
        if (isNew || step is not null || isOtherCache)
        {
            spool.Fold(state.Index);
        }
        if (step is not null)
        {
            new SpoolRewrite(store.Files, dataFolder).Forget();
        }
        return (spool, state, cache);
    }

    /// <summary>The UIDs of a file that we see for the first time, or whose index is lost: those that other servers, or we, wrote into it.</summary>
    private static MboxState Begin(MboxStore store, MboxFolders folders, string path, IFile? file)
    {
        FoundMessage? first = null;
        if (file is not null)
        {
            MboxScanner.Scan(file, 0, Math.Min(file.Octets, BaseSearchOctets), store.Clock.LocalTimeZone, f => first ??= f);
        }
        UidValidity validity;
        if (first is { Meta.UidValidity: > 0 } found)
        {
            validity = new UidValidity(found.Meta.UidValidity);
            folders.NoteUidValidity(validity.Value);
        }
        else
        {
            validity = folders.NextUidValidity();
        }
        if (file is { Octets: > 0 })
        {
            store.Log.IndexRebuilt(path, 0);
        }
        // Mod-sequences were lost with the index: under a UIDVALIDITY that clients know they start above any that can have been.
        ModSeq highest = first is { Meta.UidValidity: > 0 } ? ModSeq.AfterLoss(store.Clock.GetUtcNow()) : new ModSeq(1);
        return new MboxState(new IndexState(Guid.NewGuid(), validity) { HighestModSeq = highest }, new MboxLayout());
    }

    /// <summary>
    /// The last append may be torn. What is left of it is removed where it is certainly ours: it begins as we began it, and nothing lies behind it.
    /// Its messages are then found to be gone; their UIDs are never used again.
    /// </summary>
    private static void RepairAppend(MboxStore store, string path, MboxState state, IFile? file)
    {
        if (state.LastRegion is not { } region || file is null)
        {
            return;
        }
        long octets = file.Octets;
        if (octets <= region.Offset || octets > region.Offset + region.Length
            || (octets == region.Offset + region.Length && CrcOf(file, region) == region.Crc))
        {
            return;
        }
        byte[] start = new byte[Math.Min(region.Start.Length, octets - region.Offset)];
        int count = file.Read(region.Offset, start);
        // A disk may also show zeros where it had not come to write.
        bool isOurs = count == start.Length && (start.AsSpan().SequenceEqual(region.Start.AsSpan(0, count)) || !start.AsSpan().ContainsAnyExcept((byte)0));
        if (isOurs)
        {
            file.Truncate(region.Offset);
            file.Sync();
            store.Log.TornAppendRemoved(path, octets - region.Offset);
        }
    }

    private static uint CrcOf(IFile file, AppendRegion region)
    {
        byte[] buffer = new byte[64 * 1024];
        uint crc = uint.MaxValue;
        long at = region.Offset;
        while (at < region.Offset + region.Length
            && file.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, region.Offset + region.Length - at))) is int count and > 0)
        {
            crc = Crc.Continue(crc, buffer.AsSpan(0, count));
            at += count;
        }
        return ~crc;
    }

    /// <summary>A layout may be ahead of the records, or they of it, by what was not finished. False where the file must be read again.</summary>
    private static bool Fit(MboxState state)
    {
        HashSet<uint> records = [.. state.Index.Records.Select(r => r.Uid.Value)];
        bool fits = state.FileTicks != 0;
        int known = 0;
        for (int i = 0; i < state.Layout.Count; i++)
        {
            MboxEntry entry = state.Layout[i];
            if (entry.Uid != 0 && !records.Contains(entry.Uid))
            {
                state.Layout.Set(i, entry with { Uid = 0 });
                fits = false;
            }
            else
            {
                known += entry.Uid != 0 ? 1 : 0;
                fits &= entry.Uid != 0;
            }
        }
        return fits && known == records.Count;
    }

    private static void ForgetSummaries(IndexState index)
    {
        for (int i = 0; i < index.Records.Count; i++)
        {
            index.Records[i] = index.Records[i] with { CacheLocator = 0 };
        }
    }
}
