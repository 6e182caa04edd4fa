using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;
using MailAccess.Store.Search;

namespace MailAccess.Store.Maildir;

/// <summary>What is in the messages of a mailbox: octets, summaries, names, and what is searched. Nothing here commits.</summary>
internal sealed partial class MaildirMailbox
{
    public override ValueTask<StoreResult<IMessageContent>> OpenMessageAsync(Uid uid, CancellationToken cancellationToken)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(uid);
        if (index < 0)
        {
            return new(StoreError.Expunged);
        }
        MessageRecord record = now[index];
        return record.IsMeasured ? _store.Workers.RunAsync(() => OpenContent(record), OnFault) : MeasureAndOpenAsync(uid, cancellationToken);
    }

    public override async ValueTask<StoreResult<IMessageContent>[]> OpenMessagesAsync(IReadOnlyList<Uid> uids, CancellationToken cancellationToken)
    {
        MailboxSnapshot now = Published;
        int[] indices = [.. uids.Select(now.IndexOf)];
        if (indices.Length < 2 || Array.Exists(indices, i => i >= 0 && !now[i].IsMeasured))
        {
            return await base.OpenMessagesAsync(uids, cancellationToken);
        }
        StoreResult<StoreResult<IMessageContent>[]> opened =
            await _store.Workers.RunAsync<StoreResult<IMessageContent>[]>(() => OpenContents(now, indices), OnFault);
        return opened.TryGet(out StoreResult<IMessageContent>[]? contents) ? contents : [.. uids.Select(_ => (StoreResult<IMessageContent>)opened.Error)];
    }

    public override bool TryGetSummary(in MessageRecord record, out MessageSummary summary)
    {
        bool isThere = Summaries.TryGet(record, out ReadOnlyMemory<byte> encoded);
        summary = new MessageSummary(encoded);
        return isThere && summary.IsValid;
    }

    public override ValueTask<StoreResult<MessageSummary>> GetSummaryAsync(Uid uid, CancellationToken cancellationToken)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(uid);
        if (index < 0)
        {
            return new(StoreError.Expunged);
        }
        return now[index].IsMeasured && TryGetSummary(now[index], out MessageSummary known) ? new(known) : ReadSummaryAsync(now, index);
    }

    public override ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        _store.Workers.RunAsync<IReadOnlyDictionary<Uid, MessageNames>>(ReadNames, OnFault);

    public override ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken) =>
        since >= Published.HighestModSeq
            ? new(UidSet.Empty)
            : _store.Workers.RunAsync<UidSet>(() => VanishedSince(since, among), OnFault);

    public override SearchPool SearchPool => _store.SearchPool;

    public override StoreLimits Limits => _store.Limits;

    public override void OnSearchFault(FileFault fault) => OnFault(fault);

    public override SearchRead ReadForSearch(in MessageRecord record, SearchScratch scratch)
    {
        using IFile? file = OpenFile(record);
        return file is null ? SearchRead.Gone : scratch.Read(file, Locator.Of(record).HasBareLf, _store.Limits.SearchWholeOctetsMax);
    }

    /// <summary>On a worker: finds the file, also where another program has renamed it since we looked.</summary>
    public IFile? OpenFile(MessageRecord record)
    {
        string baseName = Names[Locator.Of(record).NamePlace];
        if ((Owed.Open(baseName, Locator.Of(record)) ?? Owed.Open(baseName, CurrentLocator(record))) is { } file)
        {
            return file;
        }
        IFile? there = null;
        lock (Owed.Lock)
        {
            Folder.TryReach(
                baseName,
                path => (there = _store.Files.Open(Folder.Full(path), OpenKind.Read)) is not null,
                found => MailboxRefresh.NoteOddNames(this, found));
        }
        return there;
    }

    /// <summary>Where the message lies now: a record that somebody has kept may know an older name.</summary>
    public Locator CurrentLocator(MessageRecord record)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(record.Uid);
        return index < 0 ? Locator.Of(record) : Locator.Of(now[index]);
    }

    /// <summary>On a worker. What is wrong with one message does not keep the others back.</summary>
    private StoreResult<IMessageContent>[] OpenContents(MailboxSnapshot now, int[] indices)
    {
        using IFolder? inNew = Array.Exists(indices, i => i >= 0 && Locator.Of(now[i]).IsInNew) ? _store.Files.OpenFolder(Folder.New) : null;
        using IFolder? inCur = _store.Files.OpenFolder(Folder.Cur);
        var opened = new StoreResult<IMessageContent>[indices.Length];
        for (int i = 0; i < opened.Length; i++)
        {
            try
            {
                opened[i] = indices[i] < 0 ? StoreError.Expunged : OpenContent(now[indices[i]], FindFile(now[indices[i]], inNew, inCur));
            }
            catch (FileFault fault)
            {
                OnFault(fault);
                opened[i] = StoreError.Unavailable;
            }
        }
        return opened;
    }

    /// <summary>Most lie where their records say; what does not is looked for.</summary>
    private IFile? FindFile(in MessageRecord record, IFolder? inNew, IFolder? inCur)
    {
        Locator locator = Locator.Of(record);
        string baseName = Names[locator.NamePlace];
        return (locator.IsInNew ? inNew?.OpenToRead(baseName) : inCur?.OpenToRead(FileName.InCur(baseName, locator.Letters))) ?? OpenFile(record);
    }

    /// <summary>On a worker.</summary>
    private StoreResult<IMessageContent> OpenContent(MessageRecord record) => OpenContent(record, OpenFile(record));

    private StoreResult<IMessageContent> OpenContent(MessageRecord record, IFile? file)
    {
        if (file is null)
        {
            return StoreError.Expunged;
        }
        if (!record.IsMeasured)
        {
            record = Measure.Of(file, Names.Utf8At(Locator.Of(record).NamePlace), new byte[Measure.BufferOctets]).ApplyTo(record);
        }
        bool hasBareLf = Locator.Of(record).HasBareLf;
        if (record.Octets > _store.Limits.ReadWholeOctetsMax)
        {
            return hasBareLf ? new BareLfContent(file, record.Octets, _store) : new FileContent(file, _store);
        }
        using (file)
        {
            return PooledContent.Read(file, record.Octets, hasBareLf);
        }
    }

    /// <summary>On a worker. 0 where the cache cannot be written: it is only a cache.</summary>
    public long[] AddToCache(IReadOnlyList<SummaryToCache> summaries) => Summaries.Add(summaries);

    /// <summary>Empty where the cache has none. On a worker.</summary>
    public ReadOnlyMemory<byte> ReadSummary(in MessageRecord record) => Summaries.Read(record);

    private async ValueTask<StoreResult<IMessageContent>> MeasureAndOpenAsync(Uid uid, CancellationToken cancellationToken)
    {
        StoreResult<Done> measured = await MeasureAsync(UidSet.Of(uid), cancellationToken);
        MailboxSnapshot now = Published;
        int index = now.IndexOf(uid);
        if (index < 0)
        {
            return StoreError.Expunged;
        }
        MessageRecord record = now[index];
        return record.IsMeasured
            ? await _store.Workers.RunAsync(() => OpenContent(record), OnFault)
            : measured.Error == StoreError.None ? StoreError.Expunged : measured.Error;
    }

    private async ValueTask<StoreResult<MessageSummary>> ReadSummaryAsync(MailboxSnapshot now, int index)
    {
        if (now[index].CacheLocator != 0 && now[index].IsMeasured)
        {
            StoreResult<MessageSummary> read = await _store.Workers.RunAsync<MessageSummary>(() => new MessageSummary(ReadSummary(now[index])), OnFault);
            if (read.TryGet(out MessageSummary known) && known.IsValid)
            {
                return read;
            }
        }
        return await SummaryMaking.RunAsync(now, index);
    }

    /// <summary>On a worker. A fold holds the same lock, so that what it moves to the file is seen once.</summary>
    private StoreResult<UidSet> VanishedSince(ModSeq since, UidSet? among)
    {
        lock (Owed.Lock)
        {
            VanishedLog? known = VanishedFile.Read(_store.Files, Folder.Path, Guid);
            lock (Gate)
            {
                VanishedLog log = known ?? new VanishedLog(_indexedModSeq);
                log.Add(_vanished);
                return log.Since(since, among, Published);
            }
        }
    }

    private StoreResult<IReadOnlyDictionary<Uid, MessageNames>> ReadNames()
    {
        IReadOnlyDictionary<Uid, string> fields;
        lock (Owed.Lock)
        {
            fields = UidList.Fields();
        }
        MailboxSnapshot now = Published;
        Dictionary<Uid, MessageNames> names = new(now.Count);
        for (int i = 0; i < now.Count; i++)
        {
            string baseName = Names[Locator.Of(now[i]).NamePlace];
            string known = fields.GetValueOrDefault(now[i].Uid) ?? "";
            string? uidl = Maildir.UidList.Field(known, 'P');
            string? guid = Maildir.UidList.Field(known, 'G');
            names.Add(now[i].Uid, new MessageNames(baseName, uidl is "" ? baseName : uidl, guid is null or "" ? baseName : guid));
        }
        return names;
    }
}
