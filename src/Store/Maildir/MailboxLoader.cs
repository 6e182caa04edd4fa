using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>What <see cref="MailboxLoader"/> found on disk.</summary>
internal sealed record LoadedMailbox(IndexState State, long LogOctets, KeywordLetters Letters, SummaryCache Cache);

/// <summary>Reads a mailbox's index, or makes it anew from the files with the UIDs that <c>dovecot-uidlist</c> and the log still know.</summary>
internal static class MailboxLoader
{
    public const string UidListName = "dovecot-uidlist";

    /// <summary>On a worker.</summary>
    public static LoadedMailbox Load(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity)
    {
        folder.Create();
        IndexState state = LoadState(store, folder, newUidValidity, out long logOctets);
        if (store.Carried.Settle(state.Guid))
        {
            state = LoadState(store, folder, newUidValidity, out logOctets);
        }
        if (Compaction.Names(store, folder, state) is var smaller && smaller != state)
        {
            state = smaller;
            logOctets = IndexFile.LogHeaderOctets;
        }
        var letters = KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);
        SummaryCache cache = SummaryCache.Open(store.Files, folder.Path, state.CacheGeneration, store.SummaryBlocks);
        if (cache.Generation != state.CacheGeneration)
        {
            for (int i = 0; i < state.Records.Count; i++)
            {
                state.Records[i] = state.Records[i] with { CacheLocator = 0 };
            }
            // Durable before any locator of the new generation is.
            state.CacheGeneration = cache.Generation;
            IndexFile.Write(store.Files, folder.Path, state);
            logOctets = IndexFile.LogHeaderOctets;
        }
        SweepTemporary(store, folder);
        return new LoadedMailbox(state, logOctets, letters, cache);
    }

    /// <summary>The index alone, as recovery needs it.</summary>
    public static IndexState LoadState(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, out long logOctets)
    {
        if (IndexFile.TryLoad(store.Files, folder.Path, out IndexState? state, out logOctets))
        {
            return state;
        }
        state = Rebuild(store, folder, newUidValidity, null, store.RebuildProgress(folder.Path), out bool wasKnown);
        store.Files.Unlink(Path.Combine(folder.Path, VanishedFile.FileName)); // Its mod-sequences are of the index that was lost.
        IndexFile.Write(store.Files, folder.Path, state);
        logOctets = IndexFile.LogHeaderOctets;
        if (wasKnown)
        {
            store.Log.IndexRebuilt(folder.Path, state.Records.Count);
        }
        return state;
    }

    /// <summary>
    /// The index made anew from the mail, on request: with all that the present one knows, if it can be read, and whatever its version. On a worker.
    /// </summary>
    public static int RebuildAnew(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, Action<int, int> progress)
    {
        IndexState? known = null;
        try
        {
            IndexFile.TryLoad(store.Files, folder.Path, out known, out _);
        }
        catch (FileFault fault) when (fault.Errno == Posix.NotSupported)
        {
            // Of a newer version: its list of UIDs, its log and the names still say most of it.
        }
        IndexState state = Rebuild(store, folder, newUidValidity, known, progress, out _);
        store.Files.Unlink(Path.Combine(folder.Path, VanishedFile.FileName));
        IndexFile.Write(store.Files, folder.Path, state);
        return state.Records.Count;
    }

    private static IndexState Rebuild(
        MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, IndexState? known, Action<int, int> progress, out bool wasKnown)
    {
        byte[]? listed = store.Files.ReadAll(Path.Combine(folder.Path, UidListName));
        UidList? list = listed is null ? null : UidList.Parse(listed);
        List<IndexFrame> frames = IndexFile.ReadLog(store.Files, folder.Path, out _);
        wasKnown = listed is not null || frames.Count > 0 || store.Files.TryStat(Path.Combine(folder.Path, IndexFile.IndexName), out _);
        if (known is not null)
        {
            return RebuildKnown(store, folder, known, progress);
        }
        Guid guid = list is { Guid: { } listedGuid } && listedGuid != Guid.Empty ? listedGuid : Guid.NewGuid();
        var state = new IndexState(guid, list?.UidValidity ?? newUidValidity());
        if (list is not null)
        {
            var letters = KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);
            state.UidNext = list.UidNext;
            // Mod-sequences were lost with the index: start above any that can have been.
            state.HighestModSeq = wasKnown ? new ModSeq((ulong)store.Clock.GetUtcNow().ToUnixTimeSeconds() << 20) : new ModSeq(1);
            state.Sequence = frames.Count > 0 ? frames[^1].Sequence : 0;
            AddListed(store, folder, list, frames, letters, state, progress);
        }
        return state;
    }

    /// <summary>Every message is looked at again; what no file says is taken from the index that there was.</summary>
    private static IndexState RebuildKnown(MaildirStore store, MaildirFolder folder, IndexState known, Action<int, int> progress)
    {
        var state = new IndexState(known.Guid, known.UidValidity)
        {
            UidNext = known.UidNext,
            FirstUnclaimed = known.FirstUnclaimed,
            HighestModSeq = known.HighestModSeq,
            Sequence = known.Sequence,
            Keywords = known.Keywords,
            CacheGeneration = known.CacheGeneration,
        };
        Dictionary<string, FoundFile> found = folder.Scan();
        for (int i = 0; i < known.Records.Count; i++)
        {
            MessageRecord record = known.Records[i];
            Locator locator = Locator.Of(record);
            string baseName = known.Names[locator.NamePlace];
            if (found.Remove(baseName, out FoundFile file) && Newcomer.Read(store.Files, folder, file) is { } message)
            {
                // The letters stay as they were known: those that another program changed since are found by the next refresh.
                Locator moved = Locator.Create(state.Names.Add(baseName), locator.IsInNew, message.HasBareLf, locator.Letters);
                state.Put(record with { Octets = message.Octets, Locator = moved.Value });
            }
            progress(i + 1, known.Records.Count);
        }
        return state;
    }

    private static void AddListed(
        MaildirStore store, MaildirFolder folder, UidList list, List<IndexFrame> frames, KeywordLetters letters, IndexState state, Action<int, int> progress)
    {
        Dictionary<uint, string> names = list.Entries.ToDictionary(e => e.Uid.Value, e => e.BaseName);
        Dictionary<uint, MessageRecord> details = [];
        foreach (IndexFrame frame in frames)
        {
            int first = frame.Upserts.Count - frame.Arrivals.Count;
            for (int i = 0; i < frame.Upserts.Count; i++)
            {
                MessageRecord record = frame.Upserts[i];
                details[record.Uid.Value] = record;
                if (i >= first)
                {
                    names[record.Uid.Value] = frame.Arrivals[i - first].BaseName;
                }
            }
            state.UidNext = frame.UidNext > state.UidNext ? frame.UidNext : state.UidNext;
        }
        Dictionary<string, FoundFile> found = folder.Scan();
        int done = 0;
        foreach ((uint uid, string baseName) in names.OrderBy(n => n.Key))
        {
            progress(++done, names.Count);
            if (found.Remove(baseName, out FoundFile file) && Newcomer.Read(store.Files, folder, file) is { } message)
            {
                state.Put(RecordOf(state, uid, message, letters, details));
            }
        }
    }

    private static MessageRecord RecordOf(
        IndexState state, uint uid, Newcomer message, KeywordLetters letters, Dictionary<uint, MessageRecord> details)
    {
        ulong mask = 0;
        if (state.Keywords.TryWith(letters.NamesOf(message.Name.Letters.Keywords), out KeywordTable? table, out ulong known))
        {
            state.Keywords = table;
            mask = known;
        }
        long date = details.TryGetValue(uid, out MessageRecord logged) ? logged.InternalDateSeconds : message.ModifiedSeconds;
        return new MessageRecord
        {
            Uid = new Uid(uid),
            Flags = details.ContainsKey(uid) ? logged.Flags : message.Name.Letters.Flags,
            Keywords = mask,
            ModSeq = state.HighestModSeq,
            InternalDateSeconds = date,
            SavedDateSeconds = details.ContainsKey(uid) ? logged.SavedDateSeconds : date,
            Octets = message.Octets,
            Locator = Locator.Create(state.Names.Add(message.Name.Base), message.IsInNew, message.HasBareLf, message.Name.Letters).Value,
        };
    }

    /// <summary>What an earlier process of ours left in <c>tmp</c> was never acknowledged, or recovery has placed it.</summary>
    private static void SweepTemporary(MaildirStore store, MaildirFolder folder)
    {
        foreach (string name in store.Files.List(folder.Tmp) ?? [])
        {
            if (store.UniqueNames.IsFromEarlierProcess(name))
            {
                store.Files.Unlink(Path.Combine(folder.Tmp, name));
            }
        }
    }
}
