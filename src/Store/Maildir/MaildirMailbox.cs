using MailAccess.Message;
using MailAccess.Message.Searching;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;
using MailAccess.Store.Model;
using MailAccess.Store.Search;

namespace MailAccess.Store.Maildir;

/// <summary>A mailbox in a Maildir: commits go to the store's journal, files follow.</summary>
internal sealed class MaildirMailbox : MailboxModel
{
    /// <summary>Fewer messages are read sooner than asked about.</summary>
    private const int FilterMessagesMin = 32;

    private const int CompactionLookCommits = 256;

    /// <summary>So many new messages are in <c>new</c> or <c>cur</c> before the client hears that they are there.</summary>
    private const int PlacedBeforeAnswerMax = 64;

    private readonly MaildirStore _store;
    private readonly HashSet<uint> _staleNames = [];
    private readonly List<VanishedUids> _vanished;
    private ModSeq _indexedModSeq;
    private ulong _compactionLook;

    public MaildirMailbox(MaildirStore store, MaildirAccount account, MailboxName name, MaildirFolder folder, LoadedMailbox loaded)
        : base(account.Name, name, loaded.State.ToSnapshot(), loaded.State.FirstUnclaimed)
    {
        _store = store;
        Health = new MailboxHealth(store, account.Name, folder.Path);
        Account = account;
        Folder = folder;
        Guid = loaded.State.Guid;
        _vanished = loaded.State.Vanished;
        _indexedModSeq = loaded.State.IndexedModSeq ?? loaded.State.HighestModSeq;
        Names = loaded.State.Names;
        Letters = loaded.Letters;
        SearchFilter = store.HasSearchFilters ? new TrigramFilter(store.Files, folder.Path, Guid) : null;
        Summaries = new MailboxSummaries(store, loaded.Cache, Names, Health);
        UidList = loaded.UidList;
        News = loaded.News;
        News.Mailbox = this;
        IsJustScanned = loaded.IsJustScanned;
        Owed = new MailboxFiles(store.Files, folder, loaded.News, loaded.LogOctets);
        NewFolderTicks = loaded.State.NewFolderTicks;
        CurFolderTicks = loaded.State.CurFolderTicks;
        JournalName = new JournalMailbox(Guid, account.Name, System.IO.Path.GetRelativePath(account.Root, folder.Path));
        LettersChanged = Letters.Add(loaded.State.Keywords);
        foreach (MessageRecord record in loaded.State.Records)
        {
            NoteStaleName(record, loaded.State.Keywords);
        }
    }

    public MaildirAccount Account { get; }

    public MaildirFolder Folder { get; }

    public override Guid Guid { get; }

    public NamesHeap Names { get; }

    /// <summary>Under the gate.</summary>
    public KeywordLetters Letters { get; set; }

    /// <summary>The file of letters lacks some. Under the gate.</summary>
    public bool LettersChanged { get; set; }

    /// <summary>The list of UIDs for the case that the index is lost, and for other programs. Under the lock of <see cref="Owed"/>.</summary>
    public UidListFile UidList { get; }

    public MailboxFiles Owed { get; }

    /// <summary>True where enough happened since it was last true that a look for what is dead may be worth it. One thread.</summary>
    public bool TakeCompactionLook(ulong sequence)
    {
        if (sequence < _compactionLook + CompactionLookCommits)
        {
            return false;
        }
        _compactionLook = sequence;
        return true;
    }

    /// <summary>The mailbox was busy: the next round looks again.</summary>
    public void PutBackCompactionLook() => _compactionLook = 0;

    public FolderNews News { get; }

    /// <summary>The index was made from the files a moment ago: who opens the mailbox first need not compare them again.</summary>
    public bool IsJustScanned { get; }

    public JournalMailbox JournalName { get; }

    /// <summary>When the folders were as the records say. Under the lock of <see cref="Owed"/>.</summary>
    public long NewFolderTicks { get; set; }

    /// <inheritdoc cref="NewFolderTicks"/>
    public long CurFolderTicks { get; set; }

    /// <summary>Handles out, and since when there are none. Under the account's lock.</summary>
    public int Handles { get; set; }

    /// <inheritdoc cref="Handles"/>
    public long IdleSince { get; set; }

    /// <summary>The last debt was paid, or the journal is kept because it could not be. Under the lock of <see cref="Owed"/>.</summary>
    public bool IsClosed { get; private set; }

    public MailboxSummaries Summaries { get; }

    public ulong CacheGeneration => Summaries.Cache.Generation;

    public Uid Unclaimed => FirstUnclaimed;

    public bool IsMarked => Published is { Count: > 0 } now && now[now.Count - 1].Uid >= FirstUnclaimed;

    public override long NowSeconds => _store.Clock.GetUtcNow().ToUnixTimeSeconds();

    public override object CommitDomain => _store;

    public override ValueTask<StoreResult<IStagedMessage>> StageAsync(long octetsExpected, CancellationToken cancellationToken) =>
        _store.StageAsync(octetsExpected, cancellationToken);

    public override void Submit(CommitTicket ticket)
    {
        foreach (MailboxChange change in ticket.Changes)
        {
            ((MaildirMailbox)change.Mailbox).EncodeFrame(change);
        }
        _store.Submit(ticket);
    }

    public override void AfterSubmit()
    {
    }

    public override ValueTask<StoreResult<PreparedMessages>> PrepareAppendAsync(
        IReadOnlyList<MessageToAppend> messages, CancellationToken cancellationToken) =>
        _store.Workers.RunAsync(() => FilePreparation.Append(_store, this, messages), OnFault);

    public override ValueTask<StoreResult<PreparedMessages>> PrepareCopyAsync(
        IReadOnlyList<MessageRecord> sources, MailboxModel destination, CancellationToken cancellationToken) =>
        _store.Workers.RunAsync(() => FilePreparation.Copy(_store, this, sources, (MaildirMailbox)destination), OnFault);

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
        return TryGetSummary(now[index], out MessageSummary known) ? new(known) : ReadSummaryAsync(now, index);
    }

    public override ValueTask<StoreResult<IReadOnlyDictionary<Uid, MessageNames>>> GetNamesAsync(CancellationToken cancellationToken) =>
        _store.Workers.RunAsync<IReadOnlyDictionary<Uid, MessageNames>>(ReadNames, OnFault);

    public override ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken)
    {
        _store.Watcher.Drain();
        return News.IsQuiet ? new(default(Done)) : MailboxRefresh.RunAsync(_store, this);
    }

    public override ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) =>
        Measuring.RunAsync(_store, this, uids);

    public override ValueTask<StoreResult<UidSet>> VanishedSinceAsync(ModSeq since, UidSet? among, CancellationToken cancellationToken) =>
        since >= Published.HighestModSeq
            ? new(UidSet.Empty)
            : _store.Workers.RunAsync<UidSet>(() => VanishedSince(since, among), OnFault);

    public override ValueTask ReleaseAsync()
    {
        Account.Release(this);
        return default;
    }

    public override SearchPool SearchPool => _store.SearchPool;

    public override StoreLimits Limits => _store.Limits;

    public override void OnSearchFault(FileFault fault) => OnFault(fault);

    /// <summary>Null where the configuration wants none.</summary>
    public TrigramFilter? SearchFilter { get; }

    public override ValueTask<StoreResult<List<int>>> FilterForSearchAsync(
        MailboxSnapshot snapshot, List<int> indices, IReadOnlyList<TextTerm> terms, CancellationToken cancellationToken) =>
        SearchFilter is { } filter && indices.Count >= FilterMessagesMin
            ? SearchPool.RunAsync<List<int>>(() => filter.Filter(snapshot, indices, terms), OnFault, cancellationToken)
            : new(indices);

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
        lock (Owed.Lock)
        {
            ScannedFolder found = Folder.Look();
            MailboxRefresh.NoteOddNames(this, found);
            return found.TryGet(Names.Utf8At(Locator.Of(record).NamePlace), out ScannedFile there)
                ? _store.Files.Open(Folder.Full(there.RelativePath), OpenKind.Read)
                : null;
        }
    }

    /// <summary>Where the message lies now: a record that somebody has kept may know an older name.</summary>
    public Locator CurrentLocator(MessageRecord record)
    {
        MailboxSnapshot now = Published;
        int index = now.IndexOf(record.Uid);
        return index < 0 ? Locator.Of(record) : Locator.Of(now[index]);
    }

    /// <summary>On a worker.</summary>
    public StoreResult<IMessageContent> OpenContent(MessageRecord record)
    {
        IFile? file = OpenFile(record);
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

    /// <summary>
    /// After the commit: the files get their names. Of many the caller does not wait for it, since they are found in <c>tmp</c> too, and only other
    /// programs notice. A fault is not the commit's: the message is there, and is placed later.
    /// </summary>
    public async ValueTask PlaceAsync(IReadOnlyList<PreparedFile> prepared)
    {
        ValueTask<StoreResult<Done>> placing = _store.Workers.RunAsync(() => Place(prepared), OnFault);
        if (prepared.Count <= PlacedBeforeAnswerMax)
        {
            await placing;
        }
    }

    /// <summary>There was no commit: the files go. What cannot be removed now is swept when the mailbox is next loaded.</summary>
    public async ValueTask DiscardAsync(IReadOnlyList<PreparedFile> prepared) =>
        await _store.Workers.RunAsync<Done>(
            () =>
            {
                foreach (PreparedFile file in prepared)
                {
                    _store.Files.Unlink(Folder.Full(MaildirFolder.TemporaryPathOf(file.BaseName)));
                }
                return default(Done);
            },
            OnFault);

    public void OnFault(FileFault fault) => Health.Tell(fault);

    public MailboxHealth Health { get; }

    /// <summary>It has ended, and its last commits are not in its files yet.</summary>
    public bool IsUnpaid { get; set; }

    /// <summary>Messages whose names do not say their flags yet. Taken: the caller puts back what it cannot do.</summary>
    public List<uint> TakeStaleNames()
    {
        lock (Gate)
        {
            List<uint> taken = [.. _staleNames];
            _staleNames.Clear();
            return taken;
        }
    }

    public bool HasStaleNames
    {
        get
        {
            lock (Gate)
            {
                return _staleNames.Count > 0;
            }
        }
    }

    public void PutBackStaleName(uint uid)
    {
        lock (Gate)
        {
            _staleNames.Add(uid);
        }
    }

    /// <summary>Where the file of this record should be.</summary>
    public Locator WantedLocator(MessageRecord record, KeywordTable keywords)
    {
        Locator now = Locator.Of(record);
        FlagLetters letters = FlagLetters.From(record.Flags, Letters.LettersOf(keywords, record.Keywords, now.Letters));
        bool staysInNew = now.IsInNew && letters.Bits == 0 && record.Uid >= FirstUnclaimed;
        return Locator.Create(now.NamePlace, staysInNew, now.HasBareLf, letters);
    }

    /// <summary>What went since the index was written. Under the gate.</summary>
    public List<VanishedUids> VanishedSinceIndex => [.. _vanished];

    /// <inheritdoc cref="VanishedSinceIndex"/>
    public ModSeq IndexedModSeq => _indexedModSeq;

    /// <summary>The file has the first of them now, and the index is of this commit.</summary>
    public void VanishedFolded(int count, ModSeq indexed)
    {
        lock (Gate)
        {
            _vanished.RemoveRange(0, count);
            _indexedModSeq = indexed;
        }
    }

    /// <summary>Closes what is open. On a worker, after the last debt was paid.</summary>
    public void Close()
    {
        lock (Owed.Lock)
        {
            IsClosed = true;
            IsUnpaid = false;
        }
        SearchFilter?.Dispose();
        Summaries.Dispose();
    }

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
        if (!now[index].IsMeasured)
        {
            // How lines end decides what the structure says; who asks for one message soon asks for those behind it.
            Uid uid = now[index].Uid;
            Uid last = now[Math.Min(now.Count - 1, index + SummaryMaking.BatchMessagesMax)].Uid;
            StoreResult<Done> measured = await MeasureAsync(UidSet.FromRanges([(uid, last)]), CancellationToken.None);
            now = Published;
            index = now.IndexOf(uid);
            if (index < 0 || !now[index].IsMeasured)
            {
                return index < 0 || measured.Error == StoreError.None ? StoreError.Expunged : measured.Error;
            }
        }
        if (now[index].CacheLocator != 0)
        {
            StoreResult<MessageSummary> read = await _store.Workers.RunAsync<MessageSummary>(() => new MessageSummary(ReadSummary(now[index])), OnFault);
            if (read.TryGet(out MessageSummary known) && known.IsValid)
            {
                return read;
            }
        }
        return await SummaryMaking.RunAsync(_store, this, now, index);
    }

    protected override bool TakesNoCommits => Health.IsSick;

    private StoreResult<Done> Place(IReadOnlyList<PreparedFile> prepared)
    {
        for (int next = 0; next < prepared.Count;)
        {
            lock (Owed.Lock) // For a while only: others want to work with the files too.
            {
                for (int end = Math.Min(prepared.Count, next + MailboxFiles.PartMax); next < end; next++)
                {
                    Owed.Place(prepared[next].BaseName);
                }
            }
        }
        return default(Done);
    }

    protected override void SubscribersChanged() => _store.Watcher.Update(this);

    protected override void RecentClaimed()
    {
        MailboxSnapshot now = Published;
        for (int i = now.Count - 1; i >= 0 && Locator.Of(now[i]).IsInNew; i--)
        {
            _staleNames.Add(now[i].Uid.Value);
        }
    }

    protected override void Applied(MailboxChange change)
    {
        _vanished.AddRange(VanishedUids.Of(change.After.HighestModSeq, change.Expunged.Select(r => r.Uid)));
        PreparedFiles? prepared = change.Prepared as PreparedFiles;
        Owed.Owe(
            change.Frame,
            prepared?.Files.Select(f => (f.BaseName, TargetOf(f))) ?? [],
            change.HaveVanished ? [] : change.Expunged.Select(r => (Names[Locator.Of(r).NamePlace], MaildirFolder.PathOf(Names[Locator.Of(r).NamePlace], Locator.Of(r)))));
        Account.Quota?.Size.Note(
            Folder.Path.Length > Account.Root.Length ? System.IO.Path.GetFileName(Folder.Path) : "",
            prepared?.Files.Select(f => (f.BaseName, f.Octets)) ?? [],
            change.HaveVanished ? [] : change.Expunged.Select(r => (Names[Locator.Of(r).NamePlace], r.Octets)));
        if (change.After.Keywords.Names.Count > change.Before.Keywords.Names.Count)
        {
            LettersChanged |= Letters.Add(change.After.Keywords);
        }
        foreach (MessageRecord record in change.Upserts)
        {
            NoteStaleName(record, change.After.Keywords);
            Owed.ForgetActualIf(Names, record);
        }
        _store.Touched(this);
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

    private static string TargetOf(PreparedFile file) =>
        file.GoesToNew ? "new/" + file.BaseName : "cur/" + FileName.InCur(file.BaseName, file.Letters);

    private void NoteStaleName(MessageRecord record, KeywordTable keywords)
    {
        if (WantedLocator(record, keywords) != Locator.Of(record))
        {
            _staleNames.Add(record.Uid.Value);
        }
    }

    private void EncodeFrame(MailboxChange change)
    {
        if (change.Prepared is PreparedFiles prepared)
        {
            change.Arrivals = prepared.Arrivals;
        }
        int known = change.Before.Keywords.Names.Count;
        change.Frame = new IndexFrame
        {
            Sequence = change.After.Sequence,
            UidNext = change.After.UidNext,
            FirstUnclaimed = FirstUnclaimed,
            HighestModSeq = change.After.HighestModSeq,
            Upserts = change.Upserts,
            Arrivals = change.Arrivals,
            Expunged = [.. change.Expunged.Select(r => (r.Uid, change.HaveVanished ? "" : Names[Locator.Of(r).NamePlace]))],
            FirstKeyword = known,
            NewKeywords = [.. change.After.Keywords.Names.Skip(known)],
        }.Encode();
    }
}
