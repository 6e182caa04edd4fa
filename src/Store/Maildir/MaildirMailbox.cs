using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;
using MailAccess.Store.Model;
using MailAccess.Store.Search;

namespace MailAccess.Store.Maildir;

/// <summary>A mailbox in a Maildir: commits go to the store's journal, files follow.</summary>
internal sealed partial class MaildirMailbox : MailboxModel
{
    private const int CompactionLookCommits = 256;

    /// <summary>So many new messages are in <c>new</c> or <c>cur</c> before the client hears that they are there.</summary>
    private const int PlacedBeforeAnswerMax = 64;

    private readonly MaildirStore _store;
    private Task _newsUnderWay = Task.CompletedTask;
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
        SummaryMaking = new SummaryMaking(store, this);
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

    public SummaryMaking SummaryMaking { get; }

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
        new CopyPreparation(_store, this, sources, (MaildirMailbox)destination).RunAsync();

    public override ValueTask<StoreResult<Done>> RefreshAsync(CancellationToken cancellationToken)
    {
        _store.Watcher.Drain();
        return News.IsQuiet && NewsUnderWay.IsCompleted ? new(default(Done)) : MailboxRefresh.RunAsync(_store, this);
    }

    /// <summary>
    /// The commit of what was last found in the folders, perhaps by somebody else: who asks for news while it is not durable waits for it.
    /// </summary>
    public Task NewsUnderWay
    {
        get => Volatile.Read(ref _newsUnderWay);
        set => Volatile.Write(ref _newsUnderWay, value);
    }

    public override ValueTask<StoreResult<Done>> MeasureAsync(UidSet uids, CancellationToken cancellationToken) =>
        Measuring.RunAsync(_store, this, uids);

    public override ValueTask ReleaseAsync()
    {
        Account.Release(this);
        return default;
    }

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
                FilePreparation.Discard(_store, this, prepared);
                return default(Done);
            },
            OnFault);

    public void OnFault(FileFault fault) => Health.Tell(fault);

    public MailboxHealth Health { get; }

    /// <summary>Nothing is left to do but what the next commit brings.</summary>
    public bool IsAtRest => !IsUnpaid && !Health.IsSick && !Owed.OwesRemovals && !HasStaleNames && !WantsSearchFilter;

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
        _store.Housekeeper.Wake(Account);
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

    protected override bool TakesNoCommits => Health.IsSick;

    private StoreResult<Done> Place(IReadOnlyList<PreparedFile> prepared)
    {
        Summaries.WritePromised();
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
        _store.Housekeeper.Wake(Account);
    }

    protected override void Applied(MailboxChange change)
    {
        _vanished.AddRange(VanishedUids.Of(change.After.HighestModSeq, change.Expunged.Select(r => r.Uid)));
        PreparedFiles? prepared = change.Prepared as PreparedFiles;
        Owed.Owe(
            change.Frame,
            prepared?.Files.Select(f => (f.BaseName, new Placement(TargetOf(f), f.Waiting))) ?? [],
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
