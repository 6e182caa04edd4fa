using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Writes the cache or the heap of names of an open mailbox anew without what belongs to no message any more. All records then point elsewhere:
/// that is one commit that nobody hears of, and a new index right behind it.
/// </summary>
/// <remarks>
/// A crash in between costs summaries, never names: the commit's frame carries every name to its new place. Records that a session kept from
/// before still find their names, until the heap is next written anew; a summary that is looked for in the wrong cache fails its checksum.
/// </remarks>
internal static class Compaction
{
    /// <summary>One commit of more records than this would hold up all others: such a mailbox is compacted when it is loaded.</summary>
    private const int MessagesMax = 200_000;

    private const int BatchMessages = 256;

    /// <summary>Worth it: more than half is dead, and more than a little.</summary>
    public static bool IsDue(long octets, long live, long deadMax) => octets - live > Math.Max(deadMax, live);

    /// <summary>On a worker, and then waiting for the commit.</summary>
    public static async ValueTask RunAsync(MaildirStore store, MaildirMailbox mailbox)
    {
        (bool cache, bool names) = Due(store, mailbox);
        if (!cache && !names)
        {
            return;
        }
        StoreResult<CommitTicket?> moved = await store.Workers.RunAsync<CommitTicket?>(() => Move(store, mailbox, cache, names), mailbox.OnFault);
        if (moved.TryGet(out CommitTicket? ticket) && ticket is not null && await ticket.Settled == StoreError.None)
        {
            await store.Workers.RunAsync<Done>(
                () =>
                {
                    Folding.Run(store, mailbox);
                    return default(Done);
                },
                mailbox.OnFault);
        }
    }

    /// <summary>The same for a mailbox that is being loaded, of whatever size: nobody else knows its places yet.</summary>
    public static IndexState Names(MaildirStore store, MaildirFolder folder, IndexState state)
    {
        long live = state.Records.Sum(r => (long)NamesHeap.EntryOctets(state.Names.Utf8At(Locator.Of(r).NamePlace).Length));
        if (!IsDue(state.Names.Octets, live, store.Limits.NamesOctetsDeadMax))
        {
            return state;
        }
        var names = new NamesHeap(new byte[Math.Max(256, live)], 0, 0);
        var smaller = new IndexState(state.Guid, state.UidValidity, state.Records, names)
        {
            UidNext = state.UidNext,
            FirstUnclaimed = state.FirstUnclaimed,
            HighestModSeq = state.HighestModSeq,
            Sequence = state.Sequence,
            Keywords = state.Keywords,
            CacheGeneration = state.CacheGeneration,
            NewFolderTicks = state.NewFolderTicks,
            CurFolderTicks = state.CurFolderTicks,
            Vanished = state.Vanished,
            IndexedModSeq = state.IndexedModSeq,
        };
        for (int i = 0; i < state.Records.Count; i++)
        {
            MessageRecord record = state.Records[i];
            state.Records[i] = record with { Locator = Locator.Of(record).MovedTo(names.Add(state.Names[Locator.Of(record).NamePlace])).Value };
        }
        IndexFile.Write(store.Files, folder.Path, smaller);
        return smaller;
    }

    /// <summary>What is due, from sums over the records: at most once for some hundreds of commits.</summary>
    private static (bool Cache, bool Names) Due(MaildirStore store, MaildirMailbox mailbox)
    {
        MailboxSnapshot now = mailbox.Published;
        StoreLimits limits = store.Limits;
        long cacheOctets = mailbox.Summaries.Cache.Octets;
        long namesOctets = mailbox.Names.Octets;
        if ((cacheOctets <= limits.CacheOctetsDeadMax && namesOctets <= limits.NamesOctetsDeadMax)
            || now.Count > MessagesMax || !mailbox.TakeCompactionLook(now.Sequence))
        {
            return default;
        }
        long liveCache = 0;
        long liveNames = 0;
        for (int i = 0; i < now.Count; i++)
        {
            liveCache += SummaryCache.EntryOctets(now[i].CacheLocator);
            liveNames += NamesHeap.EntryOctets(mailbox.Names.Utf8At(Locator.Of(now[i]).NamePlace).Length);
        }
        return (IsDue(cacheOctets, liveCache, limits.CacheOctetsDeadMax), IsDue(namesOctets, liveNames, limits.NamesOctetsDeadMax));
    }

    private static StoreResult<CommitTicket?> Move(MaildirStore store, MaildirMailbox mailbox, bool cache, bool names)
    {
        lock (mailbox.Owed.Lock) // No refresh or flush of names meanwhile: they work with places.
        {
            Dictionary<uint, long>? locators = null;
            SummaryCache? smaller = cache ? CopyCache(store, mailbox, out locators) : null;
            CommitTicket? ticket;
            lock (mailbox.Gate)
            {
                if (mailbox.IsGone || mailbox.LastTicket is not null || mailbox.Health.IsSick)
                {
                    smaller?.Dispose();
                    mailbox.PutBackCompactionLook(); // Busy: a later round finds a better moment.
                    return default(CommitTicket);
                }
                if (smaller is not null)
                {
                    mailbox.Summaries.Replace(smaller);
                }
                ticket = Commit(mailbox, locators, names);
            }
            smaller?.MoveTo(Path.Combine(mailbox.Folder.Path, SummaryCache.FileName)); // Before the index says that this is its cache.
            return ticket;
        }
    }

    /// <summary>Under the gate, with nothing under way: the head is what is published.</summary>
    private static CommitTicket? Commit(MaildirMailbox mailbox, Dictionary<uint, long>? locators, bool names)
    {
        MailboxSnapshot before = mailbox.Head;
        var builder = new SnapshotBuilder(before);
        List<MessageRecord> upserts = new(before.Count);
        List<FrameArrival> arrivals = [];
        string[] baseNames = names ? [.. Enumerable.Range(0, before.Count).Select(i => mailbox.Names[Locator.Of(before[i]).NamePlace])] : [];
        if (names)
        {
            mailbox.Names.BeginAnew();
        }
        for (int i = 0; i < before.Count; i++)
        {
            MessageRecord record = before[i];
            if (locators is not null)
            {
                record = record with { CacheLocator = locators.GetValueOrDefault(record.Uid.Value) };
            }
            if (names)
            {
                long place = mailbox.Names.Add(baseNames[i]);
                record = record with { Locator = Locator.Of(record).MovedTo(place).Value };
                arrivals.Add(new FrameArrival(place, baseNames[i], Guid.Empty, ""));
            }
            builder.Update(i, record);
            upserts.Add(record);
        }
        return SilentCommit.Submit(mailbox, before, builder, upserts, arrivals);
    }

    private static SummaryCache CopyCache(MaildirStore store, MaildirMailbox mailbox, out Dictionary<uint, long> locators)
    {
        locators = [];
        MailboxSnapshot now = mailbox.Published;
        SummaryCache smaller = SummaryCache.Create(store.Files, Path.Combine(mailbox.Folder.Path, SummaryCache.FileName + ".tmp"), store.SummaryBlocks, store.OpenFiles);
        try
        {
            for (int from = 0; from < now.Count; from += BatchMessages)
            {
                List<SummaryToCache> batch = [];
                List<uint> uids = [];
                for (int i = from; i < Math.Min(now.Count, from + BatchMessages); i++)
                {
                    if (mailbox.ReadSummary(now[i]) is { IsEmpty: false } summary)
                    {
                        batch.Add(new SummaryToCache(mailbox.Names[Locator.Of(now[i]).NamePlace], summary));
                        uids.Add(now[i].Uid.Value);
                    }
                }
                long[] added = smaller.Add(batch);
                for (int i = 0; i < uids.Count; i++)
                {
                    locators[uids[i]] = added[i];
                }
            }
            return smaller;
        }
        catch (FileFault)
        {
            smaller.Dispose();
            throw;
        }
    }
}
