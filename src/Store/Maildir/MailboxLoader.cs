using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>What <see cref="MailboxLoader"/> found on disk.</summary>
/// <param name="State">The index.</param>
/// <param name="LogOctets">How long its log is.</param>
/// <param name="Letters">Which letter stands for which keyword.</param>
/// <param name="Cache">The summaries.</param>
/// <param name="News">What happens in the folders from before they were looked at.</param>
/// <param name="IsJustScanned">The records are those of the files: there is no need to compare them once more.</param>
internal sealed record LoadedMailbox(
    IndexState State, long LogOctets, KeywordLetters Letters, SummaryCache Cache, FolderNews News, bool IsJustScanned);

/// <summary>
/// Reads a mailbox's index, or makes it anew from the files with the UIDs that <c>dovecot-uidlist</c> and the log still know.
/// Sizes and dates that neither of these knows are found later (<see cref="Measuring"/>).
/// </summary>
internal static class MailboxLoader
{
    public const string UidListName = "dovecot-uidlist";

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
        bool isKnown = IndexFile.TryLoad(store.Files, folder.Path, out IndexState? state, out long logOctets);
        bool wasKnown = false;
        state ??= Rebuild(store, folder, newUidValidity, out wasKnown);
        var letters = ReadLetters(store, folder);
        SummaryCache cache = SummaryCache.Open(store.Files, folder.Path, state.CacheGeneration);
        if (cache.Generation != state.CacheGeneration || !isKnown)
        {
            for (int i = 0; i < state.Records.Count && state.CacheGeneration != 0; i++)
            {
                state.Records[i] = state.Records[i] with { CacheLocator = 0 };
            }
            // Durable before any locator of the new generation is, and before any client hears of a UID.
            state.CacheGeneration = cache.Generation;
            IndexFile.Write(store.Files, folder.Path, state);
            logOctets = IndexFile.LogHeaderOctets;
        }
        if (wasKnown)
        {
            store.Log.IndexRebuilt(folder.Path, state.Records.Count);
        }
        SweepTemporary(store, folder);
        return new LoadedMailbox(state, logOctets, letters, cache, news, !isKnown);
    }

    /// <summary>The index alone, as recovery needs it.</summary>
    public static IndexState LoadState(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, out long logOctets)
    {
        if (IndexFile.TryLoad(store.Files, folder.Path, out IndexState? state, out logOctets))
        {
            return state;
        }
        state = Rebuild(store, folder, newUidValidity, out bool wasKnown);
        IndexFile.Write(store.Files, folder.Path, state);
        logOctets = IndexFile.LogHeaderOctets;
        if (wasKnown)
        {
            store.Log.IndexRebuilt(folder.Path, state.Records.Count);
        }
        return state;
    }

    /// <summary>All messages that lie there: first those whose UIDs are known, then the others in the order of their names.</summary>
    private static IndexState Rebuild(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity, out bool wasKnown)
    {
        byte[]? listed = store.Files.ReadAll(Path.Combine(folder.Path, UidListName));
        UidList? list = listed is null ? null : UidList.Parse(listed);
        List<IndexFrame> frames = IndexFile.ReadLog(store.Files, folder.Path, out _);
        wasKnown = listed is not null || frames.Count > 0 || store.Files.TryStat(Path.Combine(folder.Path, IndexFile.IndexName), out _);
        Guid guid = list is { Guid: { } known } && known != Guid.Empty ? known : Guid.NewGuid();
        var rebuilding = new Rebuilding(ReadLetters(store, folder), new IndexState(guid, list?.UidValidity ?? newUidValidity()));
        (long New, long Cur) times = folder.Times();
        ScannedFolder found = folder.Look();
        if (list is not null)
        {
            rebuilding.State.UidNext = list.UidNext;
            // Mod-sequences were lost with the index: start above any that can have been.
            rebuilding.State.HighestModSeq = wasKnown ? new ModSeq((ulong)store.Clock.GetUtcNow().ToUnixTimeSeconds() << 20) : new ModSeq(1);
            rebuilding.State.Sequence = frames.Count > 0 ? frames[^1].Sequence : 0;
            rebuilding.AddListed(list, frames, found);
        }
        rebuilding.AddOthers(found, store.Clock.GetUtcNow().ToUnixTimeSeconds());
        (rebuilding.State.NewFolderTicks, rebuilding.State.CurFolderTicks) = MailboxRefresh.Trustworthy(store, times);
        return rebuilding.State;
    }

    private static KeywordLetters ReadLetters(MaildirStore store, MaildirFolder folder) =>
        KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);

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
