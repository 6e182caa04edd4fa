using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;
using MailAccess.Store.Quota;

namespace MailAccess.Store.Mbox;

/// <summary>The mailboxes of one account: a spool file and the files below a folder, and those of them that are open.</summary>
/// <remarks>Names change under one asynchronous lock; file work is done on workers.</remarks>
internal sealed partial class MboxAccount(MboxStore store, string name, string inbox, string root, string dataFolder) : IMailAccount, ISideFiles
{
    private readonly SemaphoreSlim _names = new(1, 1);
    private readonly Lock _openGate = new();
    private readonly Dictionary<MailboxName, MboxMailbox> _open = [];
    private readonly MboxFolders _folders = new(store, inbox, root, dataFolder);
    private MboxQuota? _quota;

    public string Name => name;

    public AccountFeed Feed { get; } = new();

    public IDisposable Watch(Action<AccountChange> changed) => Feed.Watch(changed);

    public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetQuotaAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
        _quota?.GetAsync(mailbox, cancellationToken) ?? StoreResults.From<IReadOnlyList<QuotaRoot>>([]);

    public MboxCommitter Committer { get; } = new(store);

    /// <summary>On a worker, once: what an account needs before anything else.</summary>
    public void Prepare()
    {
        _folders.Prepare();
        _quota = store.Options.Quota is { } policy ? new MboxQuota(store, this, _folders, dataFolder, policy) : null;
    }

    /// <summary>At this moment.</summary>
    public IReadOnlyList<MboxMailbox> OpenMailboxes
    {
        get
        {
            lock (_openGate)
            {
                return [.. _open.Values];
            }
        }
    }

    public bool IsOpen(MailboxName mailboxName)
    {
        lock (_openGate)
        {
            return _open.ContainsKey(mailboxName);
        }
    }

    public ValueTask<StoreResult<IReadOnlyList<MailboxListing>>> ListAsync(CancellationToken cancellationToken) =>
        LockedAsync<IReadOnlyList<MailboxListing>>(() => StoreResults.Of(MailboxTree.List(Existing(), _folders.Subscribed)), cancellationToken);

    public async ValueTask<StoreResult<IMailbox>> OpenAsync(MailboxName mailboxName, CancellationToken cancellationToken)
    {
        if (TryHold(mailboxName) is { } open)
        {
            return new MailboxHandle(open);
        }
        StoreResult<MboxMailbox> opened;
        await _names.WaitAsync(cancellationToken);
        try
        {
            opened = await LoadAsync(mailboxName);
        }
        finally
        {
            _names.Release();
        }
        if (!opened.TryGet(out MboxMailbox? mailbox))
        {
            return opened.Error;
        }
        var handle = new MailboxHandle(mailbox);
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

    public async ValueTask<StoreResult<Done>> DeleteAsync(MailboxName mailboxName, CancellationToken cancellationToken) =>
        (await ChangeNamesAsync<MailboxName>(
            () => MailboxTree.DecideDelete(_folders.Names(), mailboxName) is var refused and not StoreError.None ? refused : mailboxName,
            doomed => [doomed],
            doomed =>
            {
                StoreResult<Done> removed = _folders.Remove(doomed);
                _quota?.Removed(doomed);
                return removed;
            },
            doomed => Feed.Publish(new AccountChange.Deleted(doomed)),
            cancellationToken)).WithoutValue();

    public async ValueTask<StoreResult<Done>> RenameAsync(MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        if (from.IsInbox)
        {
            return await InboxEmptying.RunAsync(this, to, Feed, () => MakeAsync(to, SpecialUse.None, _ => { }, cancellationToken), cancellationToken);
        }
        return (await ChangeNamesAsync(
            () => MailboxTree.DecideRename(_folders.Names(), from, to),
            plan => [.. plan.Renamings.Select(r => r.From), .. Above(to)],
            plan =>
            {
                StoreResult<Done> renamed = _folders.Rename(plan);
                if (renamed.Error == StoreError.None)
                {
                    _quota?.Renamed(plan);
                }
                return renamed;
            },
            plan => Feed.PublishRenamed(from, to, plan),
            cancellationToken)).WithoutValue();
    }

    public async ValueTask<StoreResult<Done>> SetSubscribedAsync(MailboxName mailboxName, bool subscribed, CancellationToken cancellationToken) =>
        (await LockedAsync<bool>(
            () =>
            {
                if (!mailboxName.IsInbox && TreeNames.Encode(mailboxName) is null)
                {
                    return StoreError.InvalidName;
                }
                bool isChanged = subscribed ? _folders.Subscribed.Add(mailboxName) : _folders.Subscribed.Remove(mailboxName);
                if (isChanged)
                {
                    _folders.SaveSubscriptions();
                }
                return isChanged;
            },
            isChanged => Feed.PublishSubscribed(mailboxName, isChanged),
            cancellationToken)).WithoutValue();

    public ValueTask<StoreResult<IReadOnlyList<MailboxName>>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        LockedAsync<IReadOnlyList<MailboxName>>(
            () => StoreResults.Of<IReadOnlyList<MailboxName>>([.. _folders.Subscribed.OrderBy(n => n.Value, StringComparer.Ordinal)]), cancellationToken);

    public ValueTask DisposeAsync() => default;

    public ValueTask<StoreResult<ReadOnlyMemory<byte>>> ReadAsync(MailboxName? mailbox, string fileName, CancellationToken cancellationToken) =>
        LockedAsync<ReadOnlyMemory<byte>>(() => _folders.ReadSideFile(mailbox, fileName), cancellationToken);

    public ValueTask<StoreResult<Done>> ReplaceAsync(
        MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        LockedAsync(() => _folders.ReplaceSideFile(mailbox, fileName, content), cancellationToken);

    /// <summary>Headers follow flags, logs are folded.</summary>
    public async Task HousekeepAsync()
    {
        foreach (MboxMailbox mailbox in OpenMailboxes)
        {
            await MboxUpkeep.RunAsync(store, mailbox, isLast: false);
        }
    }

    /// <summary>The mailboxes that were made, from the top.</summary>
    private ValueTask<StoreResult<List<MailboxName>>> MakeAsync(
        MailboxName mailboxName, SpecialUse specialUse, Action<List<MailboxName>> publish, CancellationToken cancellationToken) =>
        ChangeNamesAsync(
            () => MailboxTree.DecideCreate(_folders.Names(), mailboxName),
            // A mailbox above moves into a folder: its open model would write to where it was.
            created => [.. created.Take(1).Select(n => n.Parent).OfType<MailboxName>().Where(n => !n.IsInbox)],
            created => _folders.Create(created, mailboxName, specialUse),
            publish,
            cancellationToken);

    private static List<MailboxName> Above(MailboxName name)
    {
        List<MailboxName> above = [];
        for (MailboxName? parent = name.Parent; parent is not null; parent = parent.Parent)
        {
            above.Add(parent);
        }
        return above;
    }

    /// <summary>What was decided, once it is done.</summary>
    private async ValueTask<StoreResult<T>> ChangeNamesAsync<T>(
        Func<StoreResult<T>> decide, Func<T, List<MailboxName>> affected, Func<T, StoreResult<Done>> change, Action<T> publish, CancellationToken cancellationToken)
    {
        await _names.WaitAsync(cancellationToken);
        try
        {
            StoreResult<T> decision = await RunAsync(decide);
            if (!decision.TryGet(out T? plan))
            {
                return decision.Error;
            }
            foreach (MailboxName retiring in affected(plan))
            {
                MboxMailbox? mailbox;
                lock (_openGate)
                {
                    _open.Remove(retiring, out mailbox);
                }
                if (mailbox is not null)
                {
                    await CloseAsync(mailbox);
                }
            }
            StoreResult<Done> changed = await RunAsync(() => change(plan));
            if (changed.Error != StoreError.None)
            {
                return changed.Error;
            }
            publish(plan); // Before anybody else sees it.
            return decision;
        }
        finally
        {
            _names.Release();
        }
    }

    private List<ExistingMailbox> Existing() =>
        [.. _folders.All().Select(f => new ExistingMailbox(f.Key, _folders.Uses.GetValueOrDefault(f.Key), IsMarked(f.Key, f.Value)))];

    /// <summary>Of one that is not open: it changed after anybody read it, as shells and mail checkers tell new mail.</summary>
    private bool IsMarked(MailboxName mailboxName, string path)
    {
        lock (_openGate)
        {
            if (_open.TryGetValue(mailboxName, out MboxMailbox? open))
            {
                return open.IsMarked;
            }
        }
        MboxState? state = store.Files.TryStat(path, out FileFacts facts) && facts.Octets > 0
            ? MboxIndex.Load(store.Files, _folders.DataFolderOf(mailboxName)) : null;
        return state is null ? facts.Octets > 0
            : facts.Octets > state.FileOctets || (state.Index.Records.Count > 0 && state.Index.Records[^1].Uid >= state.Index.FirstUnclaimed);
    }

    /// <summary>On a worker, and under the lock of names.</summary>
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

    private ValueTask<StoreResult<T>> RunAsync<T>(Func<StoreResult<T>> work) =>
        store.Workers.RunAsync(work, fault => store.Log.FileFault(name, root, fault));
}
