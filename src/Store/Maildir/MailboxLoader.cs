using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Maildir.Adoption;

namespace MailAccess.Store.Maildir;

/// <summary>What <see cref="MailboxLoader"/> found on disk.</summary>
/// <param name="State">The index.</param>
/// <param name="LogOctets">How long its log is.</param>
/// <param name="Letters">Which letter stands for which keyword.</param>
/// <param name="Cache">The summaries.</param>
/// <param name="UidList">The list of UIDs that other programs read too.</param>
/// <param name="News">What happens in the folders from before they were looked at.</param>
/// <param name="IsJustScanned">The records are those of the files: there is no need to compare them once more.</param>
internal sealed record LoadedMailbox(
    IndexState State, long LogOctets, KeywordLetters Letters, SummaryCache Cache, UidListFile UidList, FolderNews News, bool IsJustScanned);

/// <summary>Reads a mailbox's index, or makes it anew from the files with the UIDs that <c>dovecot-uidlist</c> and the log still know.</summary>
internal static class MailboxLoader
{
    /// <summary>On a worker.</summary>
    public static LoadedMailbox Load(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity)
    {
        folder.Create();
        FolderNews news = store.Watcher.Watch(folder); // Before anything is read: what happens from now on is known.
        try
        {
            return Load(store, folder, newUidValidity, news);
        }
        catch (FileFault)
        {
            store.Watcher.Forget(news);
            throw;
        }
    }

    private static LoadedMailbox Load(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, FolderNews news)
    {
        _ = news.Take(); // So that what is found below is where the news continue.
        var uidList = new UidListFile(store.Files, folder.Path);
        bool isNew = !store.Files.TryStat(Path.Combine(folder.Path, IndexFile.IndexName), out _);
        IndexState state = LoadState(store, folder, newUidValidity, uidList, out long logOctets);
        if (store.Carried.Settle(state.Guid))
        {
            isNew = false;
            state = LoadState(store, folder, newUidValidity, uidList, out logOctets);
        }
        if (Compaction.Names(store, folder, state) is var smaller && smaller != state)
        {
            state = smaller;
            uidList.Stamp();
            logOctets = IndexFile.LogHeaderOctets;
        }
        var letters = KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);
        SummaryCache cache = SummaryCache.Open(store.Files, folder.Path, state.CacheGeneration, store.SummaryBlocks, store.OpenFiles);
        if (cache.Generation != state.CacheGeneration)
        {
            for (int i = 0; i < state.Records.Count; i++)
            {
                state.Records[i] = state.Records[i] with { CacheLocator = 0 };
            }
            // Durable before any locator of the new generation is.
            state.CacheGeneration = cache.Generation;
            IndexFile.Write(store.Files, folder.Path, state);
            uidList.Stamp();
            logOctets = IndexFile.LogHeaderOctets;
        }
        SweepTemporary(store, folder);
        return new LoadedMailbox(state, logOctets, letters, cache, uidList, news, isNew);
    }

    /// <summary>The index alone, as recovery needs it.</summary>
    public static IndexState LoadState(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, out long logOctets) =>
        LoadState(store, folder, newUidValidity, new UidListFile(store.Files, folder.Path), out logOctets);

    private static IndexState LoadState(
        MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, UidListFile uidList, out long logOctets)
    {
        if (IndexFile.TryLoad(store.Files, folder.Path, out IndexState? state, out logOctets))
        {
            return TakeOverNews(store, folder, state, uidList, ref logOctets);
        }
        state = IndexRebuild.Run(store, folder, newUidValidity, uidList, store.RebuildProgress(folder.Path));
        logOctets = IndexFile.LogHeaderOctets;
        return state;
    }

    /// <summary>Another program served the mailbox since our last run: its UIDs are known to clients.</summary>
    private static IndexState TakeOverNews(
        MaildirStore store, MaildirFolder folder, IndexState state, UidListFile uidList, ref long logOctets)
    {
        if (uidList.IsAsWeLeftIt())
        {
            uidList.Trust();
            return state;
        }
        if (uidList.Read() is not { } list)
        {
            // It was never written, or was removed: UIDs must survive the index. Taking over from Courier may have been interrupted here.
            uidList.Write(state, CourierFolder.ReadUids(store.Files, folder.Path) is { } courier && courier.UidValidity == state.UidValidity ? courier.Fields : null);
            return state;
        }
        if (list.UidValidity != state.UidValidity)
        {
            logOctets = IndexFile.LogHeaderOctets;
            return IndexRebuild.Renumber(store, folder, state, list, uidList);
        }
        if (IndexRebuild.AddNews(store, folder, state, list))
        {
            IndexFile.Write(store.Files, folder.Path, state);
            logOctets = IndexFile.LogHeaderOctets;
            uidList.Write(state);
        }
        else
        {
            uidList.Stamp();
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
        var uidList = new UidListFile(store.Files, folder.Path);
        if (known is null)
        {
            return IndexRebuild.Run(store, folder, newUidValidity, uidList, progress).Records.Count;
        }
        IndexState state = RebuildKnown(store, folder, known, progress);
        store.Files.Unlink(Path.Combine(folder.Path, VanishedFile.FileName));
        IndexFile.Write(store.Files, folder.Path, state);
        uidList.Write(state);
        return state.Records.Count;
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
            if (found.Remove(baseName, out FoundFile file) && Measure.Of(store.Files, folder, file) is { } measure)
            {
                // The letters stay as they were known: those that another program changed since are found by the next refresh.
                Locator moved = Locator.Create(state.Names.Add(baseName), locator.IsInNew, measure.HasBareLf, locator.Letters);
                MessageRecord looked = record with { Locator = moved.Value };
                state.Put(record.IsMeasured ? looked with { Octets = measure.Octets } : measure.ApplyTo(looked));
            }
            progress(i + 1, known.Records.Count);
        }
        if (state.Records.Count < known.Records.Count)
        {
            state.HighestModSeq = new ModSeq(state.HighestModSeq.Value + 1); // A client that knew the one before hears that messages are gone.
        }
        return state;
    }

    /// <summary>What an earlier process of ours left in <c>tmp</c> was never acknowledged, or recovery has placed it.</summary>
    private static void SweepTemporary(MaildirStore store, MaildirFolder folder)
    {
        foreach (string temporary in new[] { folder.Tmp, folder.OwnTmp })
        {
            foreach (string name in (store.Files.List(temporary) ?? []).Where(store.UniqueNames.IsFromEarlierProcess))
            {
                store.Files.Unlink(Path.Combine(temporary, name));
            }
        }
    }
}
