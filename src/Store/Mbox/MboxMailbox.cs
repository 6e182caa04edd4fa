using MailAccess.Message;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;
using MailAccess.Store.Search;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>A mailbox in an mbox file: the account's committer makes commits durable, in order.</summary>
internal sealed class MboxMailbox : MailboxModel
{
    private readonly MboxStore _store;
    private readonly SummaryCache _cache;
    private readonly VanishedLog _vanished;

    public MboxMailbox(MboxStore store, MboxAccount account, MailboxName name, MboxSpool spool, MboxState state, SummaryCache cache)
        : base(account.Name, name, state.Index.ToSnapshot(), state.Index.FirstUnclaimed)
    {
        _store = store;
        Account = account;
        Spool = spool;
        Guid = state.Index.Guid;
        _cache = cache;
        _vanished = state.Vanished;
        SearchFilter = store.Options.HasSearchFilters ? new TrigramFilter(store.Files, spool.DataFolder, Guid) : null;
    }

    public MboxAccount Account { get; }

    public MboxSpool Spool { get; }

    public override Guid Guid { get; }

    /// <summary>Handles out, and since when there are none. Under the account's lock.</summary>
    public int Handles { get; set; }

    /// <inheritdoc cref="Handles"/>
    public long IdleSince { get; set; }

    /// <summary>Entries that a commit under way will make messages. Under the gate.</summary>
    public HashSet<long> Pending { get; } = [];

    /// <summary>What was found in the file while something else was done there. Under the lock of the spool.</summary>
    public List<ScanNews> News { get; } = [];

    /// <summary>Flags or UIDs may be missing in headers.</summary>
    public bool HasDirtyHeaders { get; set; } = true;

    /// <summary>Marks of deletion are in records alone; they reach headers when the mailbox is closed.</summary>
    public bool HasHeldMarks { get; set; }

    /// <summary>Nothing is left to do but what the next commit brings.</summary>
    public bool IsAtRest => !HasDirtyHeaders && !Spool.HasUnloggedFacts && !WantsSearchFilter;

    public bool IsMarked => Published is { Count: > 0 } now && now[now.Count - 1].Uid >= FirstUnclaimed;

    public ulong CacheGeneration => _cache.Generation;

    public Uid Unclaimed => FirstUnclaimed;

    public override object CommitDomain => Account;

    public override long NowSeconds => _store.Clock.GetUtcNow().ToUnixTimeSeconds();

    public override void Submit(CommitTicket ticket) => Account.Committer.Enqueue(ticket);

    public override void AfterSubmit() => Account.Committer.Kick();

    public override async ValueTask<StoreResult<PreparedMessages>> PrepareAppendAsync(
        IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken)
    {
        // What others delivered before us comes before us.
        StoreResult<Done> refreshed = await RefreshAsync(cancellationToken);
        if (refreshed.Error != StoreError.None)
        {
            return refreshed.Error;
        }
        return await _store.Workers.RunAsync<PreparedMessages>(
            () => new MboxPrepared(this, _store, [.. messages.Select(m => ((MboxStagedMessage)m.Message).ToItem())], null), OnFault);
    }

    public override ValueTask<StoreResult<PreparedMessages>> PrepareCopyAsync(
        IReadOnlyList<MessageRecord> sources, MailboxModel destination, CancellationToken cancellationToken) =>
        _store.Workers.RunAsync(() => CopyPile.Prepare(_store, this, sources, (MboxMailbox)destination), OnFault);

    public override ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        _store.StageAsync(octetsExpected, cancellationToken);

    public override async ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            MailboxSnapshot now = Published;
            int index = now.IndexOf(uid);
            if (index < 0)
            {
                return StoreError.Expunged;
            }
            StoreResult<IMessageContent> opened = await _store.Workers.RunAsync(() => Open(uid), OnFault);
            if (opened.Error != StoreError.Busy)
            {
                return opened;
            }
            StoreResult<Done> refreshed = await RefreshAsync(cancellationToken); // The file is not as we know it.
            if (refreshed.Error != StoreError.None)
            {
                return refreshed.Error;
            }
        }
        return StoreError.Busy;
    }

    public override bool TryGetSummary(in MessageRecord record, out MessageSummary summary)
    {
        summary = new MessageSummary(CachedSummary(record));
        return summary.IsValid;
    }

    public override async ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(uid);
        if (index < 0)
        {
            return StoreError.Expunged;
        }
        if (TryGetSummary(now[index], out MessageSummary known))
        {
            return known;
        }
        if (now[index].CacheLocator != 0)
        {
            StoreResult<MessageSummary> read = await _store.Workers.RunAsync<MessageSummary>(() => new MessageSummary(ReadSummary(now[index])), OnFault);
            if (read.TryGet(out known) && known.IsValid)
            {
                return known;
            }
        }
        return await MboxSummaries.MakeAsync(_store, this, now[index], cancellationToken);
    }

    public override ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            return new(_vanished.Since(since, among, Published));
        }
    }

    public override async ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken)
    {
        StoreResult<bool> unchanged = await _store.Workers.RunAsync<bool>(
            () =>
            {
                lock (Spool.Lock)
                {
                    return Spool.IsUnchanged() && News.Count == 0;
                }
            },
            OnFault);
        if (!unchanged.TryGet(out bool isUnchanged))
        {
            return unchanged.Error;
        }
        if (isUnchanged)
        {
            // Somebody else may have looked just now: then his news are on their way.
            CommitTicket? last;
            lock (Gate)
            {
                last = LastTicket;
            }
            if (last is not null)
            {
                await last.Settled;
            }
            return default(Done);
        }
        return await MboxRefresh.RunAsync(_store, this);
    }

    public override ValueTask ReleaseAsync()
    {
        Account.Release(this);
        return default;
    }

    public void OnFault(FileFault fault) => _store.Log.FileFault(AccountName, Spool.Path, fault);

    /// <summary>On a worker. Busy: the file has changed, refresh first.</summary>
    public StoreResult<IMessageContent> Open(Uid uid)
    {
        lock (Spool.Lock)
        {
            int at = Spool.Layout.IndexOf(uid);
            if (at < 0)
            {
                return StoreError.Expunged;
            }
            using IFile? file = Spool.IsUnchanged() && !Spool.IsClosed ? _store.Files.Open(Spool.Path, OpenKind.Read) : null;
            if (file is null)
            {
                return Spool.IsClosed ? StoreError.NotFound : StoreError.Busy;
            }
            IMessageContent content = MboxContent.Read(_store, file, Spool.Layout[at]);
            if (Spool.IsUnchanged())
            {
                return StoreResults.Of(content);
            }
            content.DisposeAsync().AsTask().GetAwaiter().GetResult(); // Completes at once; another program may have written while we read.
            return StoreError.Busy;
        }
    }

    public override SearchPool SearchPool => _store.SearchPool;

    public override StoreLimits Limits => _store.Limits;

    public override void OnSearchFault(FileFault fault) => OnFault(fault);

    /// <summary>Reads without holding the spool's lock: what changed meanwhile is opened as by everybody.</summary>
    public override SearchRead ReadForSearch(in MessageRecord record, SearchScratch scratch)
    {
        if (record.Octets > Limits.SearchWholeOctetsMax)
        {
            return SearchRead.MustOpen;
        }
        MboxEntry entry;
        (long Octets, long Ticks) facts;
        lock (Spool.Lock)
        {
            int at = Spool.Layout.IndexOf(record.Uid);
            if (at < 0)
            {
                return SearchRead.Gone;
            }
            entry = Spool.Layout[at];
            facts = (Spool.FileOctets, Spool.FileTicks);
        }
        using IFile? file = _store.Files.Open(Spool.Path, OpenKind.Read);
        if (file is null || !IsAt(file, facts))
        {
            return SearchRead.MustOpen;
        }
        scratch.Clear();
        MboxContent.Decode(file, entry, scratch.Add);
        return IsAt(file, facts) ? SearchRead.Whole : SearchRead.MustOpen;
    }

    private static bool IsAt(IFile file, (long Octets, long Ticks) facts) => file.Facts is var now && (now.Octets, now.ModifiedTicks) == facts;

    /// <summary>On a worker. Zeros where the cache cannot be written: it is only a cache.</summary>
    public long[] AddToCache(IReadOnlyList<(long Token, ReadOnlyMemory<byte> Summary)> summaries)
    {
        try
        {
            return _cache.Add([.. summaries.Select(s => new SummaryToCache(SummaryKeyOf(s.Token), s.Summary))]);
        }
        catch (FileFault fault)
        {
            OnFault(fault);
            return new long[summaries.Count];
        }
    }

    public ReadOnlyMemory<byte> CachedSummary(in MessageRecord record) =>
        record.CacheLocator != 0
        && _cache.TryGet(record.CacheLocator, System.Text.Encoding.UTF8.GetBytes(SummaryKeyOf(record.Locator)), out ReadOnlyMemory<byte> summary) ? summary : default;

    /// <summary>The same from the file, on a worker. Empty where the cache has none, or cannot be read: it is only a cache.</summary>
    public ReadOnlyMemory<byte> ReadSummary(in MessageRecord record)
    {
        try
        {
            return record.CacheLocator != 0
                && _cache.TryRead(record.CacheLocator, System.Text.Encoding.UTF8.GetBytes(SummaryKeyOf(record.Locator)), out ReadOnlyMemory<byte> summary) ? summary : default;
        }
        catch (FileFault fault)
        {
            OnFault(fault);
            return default;
        }
    }

    /// <summary>The change as the log has it; called when its turn has come.</summary>
    public byte[] FrameOf(MailboxChange change)
    {
        int known = change.Before.Keywords.Names.Count;
        return new IndexFrame
        {
            Sequence = change.After.Sequence,
            UidNext = change.After.UidNext,
            FirstUnclaimed = FirstUnclaimed,
            HighestModSeq = change.After.HighestModSeq,
            Upserts = change.Upserts,
            Expunged = [.. change.Expunged.Select(r => (r.Uid, ""))],
            FirstKeyword = known,
            NewKeywords = [.. change.After.Keywords.Names.Skip(known)],
        }.Encode();
    }

    /// <summary>The index as of the latest commit.</summary>
    public IndexState ToIndex()
    {
        lock (Gate)
        {
            MailboxSnapshot now = Published;
            return new IndexState(Guid, now.UidValidity, [.. Enumerable.Range(0, now.Count).Select(i => now[i])])
            {
                UidNext = now.UidNext,
                FirstUnclaimed = FirstUnclaimed,
                HighestModSeq = now.HighestModSeq,
                Sequence = now.Sequence,
                Keywords = now.Keywords,
                CacheGeneration = CacheGeneration,
                Vanished = [.. _vanished.Entries],
                IndexedModSeq = _vanished.Floor,
            };
        }
    }

    /// <summary>Closes what is open. On a worker.</summary>
    public void Close()
    {
        lock (Spool.Lock)
        {
            Spool.Dispose();
        }
        SearchFilter?.Dispose();
        _cache.Dispose();
    }

    protected override void RecentClaimed() => _store.Rounds.Wake(Account);

    protected override void SubscribersChanged() => _store.Watcher.Update(this);

    protected override void Undone(MailboxChange change)
    {
        foreach (MessageRecord record in change.Upserts.Skip(change.Upserts.Count - change.AppendedCount))
        {
            Pending.Remove(record.Locator);
        }
    }

    protected override void Applied(MailboxChange change)
    {
        Undone(change);
        _vanished.Add(VanishedUids.Of(change.After.HighestModSeq, change.Expunged.Select(r => r.Uid)));
        _vanished.Trim(VanishedFile.EntriesMax);
        HasDirtyHeaders |= !change.IsSilent;
        _store.Rounds.Wake(Account);
    }

    /// <summary>The name by which the cache knows a message.</summary>
    public static string SummaryKeyOf(long token) => token.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
