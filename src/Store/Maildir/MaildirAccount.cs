using MailAccess.Store.Files;
using MailAccess.Store.Model;
using MailAccess.Store.Quota;

namespace MailAccess.Store.Maildir;

/// <summary>The mailboxes of one account: folders below its root, and those of them that are open.</summary>
/// <remarks>Names change under one asynchronous lock; file work is done on workers.</remarks>
internal sealed class MaildirAccount(MaildirStore store, string name, string root) : IMailAccount, ISideFiles
{
    private readonly SemaphoreSlim _names = new(1, 1);
    private readonly Lock _openGate = new();
    private readonly Dictionary<MailboxName, MaildirMailbox> _open = [];
    private readonly AccountFolders _folders = new(store, root);

    public string Name => name;

    public AccountFeed Feed { get; } = new();

    public IDisposable Watch(Action<AccountChange> changed) => Feed.Watch(changed);

    public string Root => root;

    /// <summary>Null where the store counts nothing.</summary>
    public MaildirQuota? Quota { get; private set; }

    /// <summary>The open mailboxes at this moment.</summary>
    public List<MaildirMailbox> OpenMailboxes
    {
        get
        {
            lock (_openGate)
            {
                return [.. _open.Values];
            }
        }
    }

    /// <summary>On a worker, once: what an account needs before anything else.</summary>
    public void Prepare()
    {
        _folders.Prepare();
        Quota = store.Quota is { } policy ? new MaildirQuota(store, this, _folders, policy) : null;
    }

    public bool IsOpen(MailboxName mailboxName)
    {
        lock (_openGate)
        {
            return _open.ContainsKey(mailboxName);
        }
    }

    public ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken) =>
        LockedAsync<IReadOnlyList<MailboxListing>>(() => StoreResults.Of(MailboxTree.List(Existing(), _folders.File.Subscribed)), cancellationToken);

    public async ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName mailboxName, CancellationToken cancellationToken)
    {
        if (TryHold(mailboxName) is { } open)
        {
            return new MailboxHandle(open); // A delivery needs no look at the folder; who reads asks for one (RefreshAsync).
        }
        StoreResult<MaildirMailbox> opened = await LockedAsync(() => Load(mailboxName), cancellationToken);
        if (!opened.TryGet(out MaildirMailbox? mailbox))
        {
            return opened.Error;
        }
        var handle = new MailboxHandle(mailbox);
        Measuring.Start(store, mailbox);
        if (mailbox.IsJustScanned)
        {
            return handle;
        }
        StoreResult<Done> refreshed = await mailbox.RefreshAsync(cancellationToken);
        if (refreshed.Error != StoreError.None)
        {
            await handle.DisposeAsync();
            return refreshed.Error;
        }
        return handle;
    }

    public async ValueTask<StoreResult<Done>> CreateAsync(MailboxName mailboxName, SpecialUse specialUse, CancellationToken cancellationToken) =>
        (await MakeAsync(mailboxName, specialUse, names => Feed.PublishCreated(names, mailboxName), cancellationToken)).WithoutValue();

    public async ValueTask<StoreResult<Done>> DeleteAsync(MailboxName mailboxName, CancellationToken cancellationToken)
    {
        await _names.WaitAsync(cancellationToken);
        try
        {
            StoreResult<string> found = await RunAsync<string>(() =>
                MailboxTree.DecideDelete(_folders.Names(), mailboxName) is var refused and not StoreError.None ? refused : _folders.Find(mailboxName)!);
            if (!found.TryGet(out string? folder))
            {
                return found.Error;
            }
            StoreError error = await RetireAsync([mailboxName]);
            if (error != StoreError.None)
            {
                return error;
            }
            StoreResult<Done> removed = await RunAsync<Done>(() => _folders.Remove(folder));
            Quota?.Removed(mailboxName);
            if (removed.Error == StoreError.None)
            {
                Feed.Publish(new AccountChange.Deleted(mailboxName));
            }
            return removed;
        }
        finally
        {
            _names.Release();
        }
    }

    public async ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        if (from.IsInbox)
        {
            return await InboxEmptying.RunAsync(this, to, Feed, () => MakeAsync(to, SpecialUse.None, _ => { }, cancellationToken), cancellationToken);
        }
        await _names.WaitAsync(cancellationToken);
        try
        {
            StoreResult<RenamePlan> decision = await RunAsync(() => MailboxTree.DecideRename(_folders.Names(), from, to));
            if (!decision.TryGet(out RenamePlan? plan))
            {
                return decision.Error;
            }
            if (plan.Renamings.Any(r => !FolderNames.Fits(r.To, _folders.File.Spelling)))
            {
                return StoreError.InvalidName;
            }
            StoreError error = await RetireAsync(plan.Renamings.Select(r => r.From));
            if (error != StoreError.None)
            {
                return error;
            }
            StoreResult<Done> renamed = await RunAsync(() => _folders.Rename(plan));
            Quota?.Renamed(plan);
            if (renamed.Error == StoreError.None)
            {
                Feed.PublishRenamed(from, to, plan);
            }
            return renamed;
        }
        finally
        {
            _names.Release();
        }
    }

    public async ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName mailboxName, bool subscribed, CancellationToken cancellationToken) =>
        (await LockedAsync<bool>(
            () =>
            {
                bool isChanged = subscribed ? _folders.File.Subscribed.Add(mailboxName) : _folders.File.Subscribed.Remove(mailboxName);
                if (isChanged)
                {
                    _folders.File.SaveSubscriptions();
                }
                return isChanged;
            },
            isChanged => Feed.PublishSubscribed(mailboxName, isChanged), cancellationToken)).WithoutValue();

    public ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        LockedAsync<IReadOnlyList<MailboxName>>(
            () => StoreResults.Of<IReadOnlyList<MailboxName>>([.. _folders.File.Subscribed.OrderBy(n => n.Value, StringComparer.Ordinal)]), cancellationToken);

    public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
        Quota?.GetAsync(mailbox, cancellationToken) ?? StoreResults.From<IReadOnlyList<QuotaRoot>>([]);

    public ValueTask DisposeAsync() => default;

    public ValueTask<StoreResult<ReadOnlyMemory<byte>>> ReadAsync(MailboxName? mailbox, string fileName, CancellationToken cancellationToken) =>
        LockedAsync<ReadOnlyMemory<byte>>(() => _folders.ReadSideFile(mailbox, fileName), cancellationToken);

    public ValueTask<StoreResult<Done>> ReplaceAsync(
        MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        LockedAsync(() => _folders.ReplaceSideFile(mailbox, fileName, content), cancellationToken);

    /// <summary>A handle went.</summary>
    public void Release(MaildirMailbox mailbox)
    {
        lock (_openGate)
        {
            mailbox.Handles--;
            mailbox.IdleSince = store.Clock.GetTimestamp();
        }
        store.Housekeeper.Wake(this);
    }

    /// <summary>No mailbox waits for being closed, and nothing is left to do in those that are open.</summary>
    public bool IsAtRest => OpenMailboxes.TrueForAll(m => m.Handles > 0 && m.IsAtRest) && Quota?.Size.IsDue(default) != true;

    /// <summary>Closes what nobody has used for a while; with no limit, everything.</summary>
    public async ValueTask CloseIdleAsync(TimeSpan? idle)
    {
        if (idle is not null && TakeIdle(idle, remove: false).Count == 0)
        {
            return;
        }
        await _names.WaitAsync(CancellationToken.None);
        try
        {
            // Out of the table first: whoever opens one of them now waits for the names' lock and loads it anew.
            foreach (MaildirMailbox mailbox in TakeIdle(idle, remove: true))
            {
                if (await store.Housekeeper.RetireAsync(mailbox) != StoreError.None)
                {
                    lock (_openGate)
                    {
                        _open[mailbox.Name] = mailbox;
                    }
                    continue;
                }
                Quota?.Closed(mailbox);
            }
            if (Quota is { } quota)
            {
                await quota.SaveAsync();
                await quota.WriteSizeAsync();
            }
        }
        finally
        {
            _names.Release();
        }
    }

    /// <inheritdoc cref="Inspection.IIndexedStore.RebuildIndexAsync"/>
    public ValueTask<StoreResult<int>> RebuildAsync(MailboxName mailboxName, Action<int, int> progress) => LockedAsync<int>(
        () =>
        {
            lock (_openGate)
            {
                if (_open.ContainsKey(mailboxName))
                {
                    return StoreError.Busy;
                }
            }
            return _folders.Find(mailboxName) is { } found && new MaildirFolder(store.Files, Path.Combine(root, found)) is var folder && folder.Exists()
                ? MailboxLoader.RebuildAnew(store, folder, NextUidValidity, progress)
                : StoreError.NotFound;
        },
        CancellationToken.None);

    /// <inheritdoc cref="AccountFolders.Of"/>
    public string? FolderOf(Guid guid) => _folders.Of(guid);

    /// <summary>On a worker, before anything is open.</summary>
    public UidValidity NextUidValidity() => _folders.NextUidValidity();

    /// <summary>The mailboxes that were made, from the top.</summary>
    private ValueTask<StoreResult<List<MailboxName>>> MakeAsync(
        MailboxName mailboxName, SpecialUse specialUse, Action<List<MailboxName>> publish, CancellationToken cancellationToken) =>
        LockedAsync(
            () => MailboxTree.DecideCreate(_folders.Names(), mailboxName) is var decision && decision.TryGet(out List<MailboxName>? names)
                && _folders.Create(names, mailboxName, specialUse).Error is var error and not StoreError.None ? error : decision,
            publish, cancellationToken);

    private MaildirMailbox? TryHold(MailboxName mailboxName)
    {
        lock (_openGate)
        {
            if (_open.TryGetValue(mailboxName, out MaildirMailbox? mailbox) && !mailbox.IsGone)
            {
                mailbox.Handles++;
                return mailbox;
            }
            return null;
        }
    }

    private bool IsUnpaid(MailboxName mailboxName)
    {
        lock (_openGate)
        {
            return _open.TryGetValue(mailboxName, out MaildirMailbox? mailbox) && mailbox.IsUnpaid;
        }
    }

    private StoreResult<MaildirMailbox> Load(MailboxName mailboxName)
    {
        if (TryHold(mailboxName) is { } open)
        {
            return open;
        }
        if (IsUnpaid(mailboxName))
        {
            return StoreError.Unavailable; // Its last commits are not in its files yet.
        }
        if (_folders.Find(mailboxName) is not { } folderName)
        {
            return _folders.Names().Any(n => n.IsBelow(mailboxName)) ? StoreError.NotPermitted : StoreError.NotFound;
        }
        var folder = new MaildirFolder(store.Files, Path.Combine(root, folderName));
        LoadedMailbox loaded = MailboxLoader.Load(store, folder, NextUidValidity);
        var mailbox = new MaildirMailbox(store, this, mailboxName, folder, loaded)
        {
            Handles = 1,
            Usage = Quota?.UsageOf(mailboxName, _folders.File.Uses.GetValueOrDefault(folderName), loaded),
        };
        if (loaded.IsJustScanned)
        {
            loaded.News.Settled();
        }
        lock (_openGate)
        {
            _open[mailboxName] = mailbox;
        }
        store.Housekeeper.Wake(this);
        return mailbox;
    }

    private List<MaildirMailbox> TakeIdle(TimeSpan? idle, bool remove)
    {
        lock (_openGate)
        {
            List<MaildirMailbox> taken = [.. _open.Values
                .Where(m => idle is null || (m.Handles == 0 && store.Clock.GetElapsedTime(m.IdleSince) >= idle))];
            if (remove)
            {
                taken.ForEach(m => _open.Remove(m.Name));
            }
            return taken;
        }
    }

    /// <summary>
    /// The open models of these end: commits that are under way settle, then all is written that is owed. Whoever holds a handle
    /// finds it gone.
    /// </summary>
    private async ValueTask<StoreError> RetireAsync(IEnumerable<MailboxName> names)
    {
        foreach (MailboxName retiring in names)
        {
            MaildirMailbox? mailbox;
            lock (_openGate)
            {
                _open.TryGetValue(retiring, out mailbox);
            }
            StoreError error = mailbox is null ? StoreError.None : await store.Housekeeper.RetireAsync(mailbox);
            if (error != StoreError.None)
            {
                return error;
            }
            lock (_openGate)
            {
                _open.Remove(retiring);
            }
        }
        return StoreError.None;
    }

    private List<ExistingMailbox> Existing() =>
    [
        .. _folders.Map().Select(m => new ExistingMailbox(m.Key, _folders.File.Uses.GetValueOrDefault(m.Value), IsMarked(m.Key, m.Value))),
    ];

    private bool IsMarked(MailboxName existing, string folder)
    {
        lock (_openGate)
        {
            if (_open.TryGetValue(existing, out MaildirMailbox? open))
            {
                return open.IsMarked;
            }
        }
        return store.Files.List(Path.Combine(root, folder, "new")) is { Count: > 0 };
    }

    /// <summary>Work on a worker, while no name changes.</summary>
    public ValueTask<StoreResult<T>> LockedAsync<T>(Func<StoreResult<T>> work, CancellationToken cancellationToken) =>
        LockedAsync(work, _ => { }, cancellationToken);

    /// <summary>The same; what was done is published before anybody else sees it.</summary>
    private async ValueTask<StoreResult<T>> LockedAsync<T>(Func<StoreResult<T>> work, Action<T> publish, CancellationToken cancellationToken)
    {
        await _names.WaitAsync(cancellationToken);
        try
        {
            StoreResult<T> done = await RunAsync(work);
            if (done.TryGet(out T? value))
            {
                publish(value);
            }
            return done;
        }
        finally
        {
            _names.Release();
        }
    }

    /// <summary>Work on a worker.</summary>
    public ValueTask<StoreResult<T>> RunAsync<T>(Func<StoreResult<T>> work) =>
        store.Workers.RunAsync(work, fault => store.Log.FileFault(name, root, fault));
}
