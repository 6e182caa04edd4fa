using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Maildir.Adoption;

namespace MailAccess.Store.Maildir;

/// <summary>What <see cref="MailboxLoader"/> found on disk.</summary>
internal sealed record LoadedMailbox(IndexState State, long LogOctets, KeywordLetters Letters, SummaryCache Cache, UidListFile UidList);

/// <summary>Reads a mailbox's index, or makes it anew from the files with the UIDs that <c>dovecot-uidlist</c> and the log still know.</summary>
internal static class MailboxLoader
{
    /// <summary>On a worker.</summary>
    public static LoadedMailbox Load(MaildirStore store, MaildirFolder folder, Func<UidValidity> newUidValidity)
    {
        folder.Create();
        var uidList = new UidListFile(store.Files, folder.Path);
        IndexState state = LoadState(store, folder, newUidValidity, uidList, out long logOctets);
        var letters = KeywordLetters.Parse(store.Files.ReadAll(Path.Combine(folder.Path, NameFlush.LettersName)) ?? []);
        SummaryCache cache = SummaryCache.Open(store.Files, folder.Path, state.CacheGeneration);
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
        return new LoadedMailbox(state, logOctets, letters, cache, uidList);
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
        state = IndexRebuild.Run(store, folder, newUidValidity, uidList);
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
