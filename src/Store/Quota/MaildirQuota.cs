using MailAccess.Store.Maildir;
using MailAccess.Store.Model;

namespace MailAccess.Store.Quota;

/// <summary>The quota of one account in Maildirs: what is counted, what is kept of it on disk, and what other programs are told.</summary>
internal sealed class MaildirQuota
{
    /// <summary>How often a configured limit is compared with the one in the file.</summary>
    private static readonly TimeSpan LimitInterval = TimeSpan.FromMinutes(1);

    private readonly MaildirStore _store;
    private readonly MaildirAccount _account;
    private readonly MaildirCount _count;
    private readonly AccountQuota _quota;
    private long? _askedLimitAt;

    /// <summary>On a worker, when the account is opened.</summary>
    public MaildirQuota(MaildirStore store, MaildirAccount account, AccountFolders folders, IQuotaPolicy policy)
    {
        _store = store;
        _account = account;
        Size = new MaildirSize(store, account.Root);
        Size.Load();
        _quota = new AccountQuota(account.Name, policy, store.Limits, store.Clock, store.Log) { Count = CountAsync, Inherited = () => Size.Limit };
        _count = new MaildirCount(store, folders, account.Root, _quota);
    }

    public MaildirSize Size { get; }

    /// <summary>For a mailbox that is being opened.</summary>
    public MailboxUsage UsageOf(MailboxName name, SpecialUse use, LoadedMailbox loaded)
    {
        MailboxUsage usage = _quota.Of(name, use);
        _quota.Set(usage, QuotaAmount.Of(loaded.State.Records));
        return usage;
    }

    /// <summary>Its last commit has settled.</summary>
    public void Closed(MaildirMailbox mailbox)
    {
        if (mailbox.Usage is { } usage)
        {
            _quota.SetStamp(usage, new CountStamp(mailbox.NewFolderTicks, mailbox.CurFolderTicks));
        }
    }

    public void Removed(MailboxName name)
    {
        _quota.Remove(name);
        Doubt();
    }

    public void Renamed(RenamePlan plan)
    {
        foreach ((MailboxName from, MailboxName to) in plan.Renamings)
        {
            _quota.Rename(from, to);
        }
        Doubt(); // Into or out of Trash it matters.
    }

    public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
        _quota.GetAsync(mailbox, cancellationToken);

    /// <summary>Under the lock of names: what was counted outlives the process.</summary>
    public async ValueTask SaveAsync() => await _account.RunAsync<Done>(() =>
    {
        _count.Save();
        return default(Done);
    });

    /// <summary>Other programs learn what commits have brought and taken.</summary>
    public async ValueTask WriteSizeAsync()
    {
        // Of thousands of accounts few have changed. A limit that was configured anew has time.
        if (!Size.IsDue(default) && _askedLimitAt is { } at && _store.Clock.GetElapsedTime(at) < LimitInterval)
        {
            return;
        }
        _askedLimitAt = _store.Clock.GetTimestamp();
        QuotaLimit limit = await _quota.ConfiguredLimitAsync(CancellationToken.None);
        if (Size.IsDue(limit))
        {
            await _account.RunAsync<Done>(() =>
            {
                Size.Write(limit, PayAll);
                return default(Done);
            });
        }
    }

    private void Doubt()
    {
        Size.Doubt();
        _store.Housekeeper.Wake(_account);
    }

    /// <summary>Counts what is closed, and takes notice of what others did to what is open.</summary>
    private async ValueTask<StoreResult<Done>> CountAsync(CancellationToken cancellationToken)
    {
        StoreResult<bool> counted = await _account.LockedAsync<bool>(() => _count.Run(_account.IsOpen), cancellationToken);
        if (!counted.TryGet(out bool isChanged))
        {
            return counted.Error;
        }
        if (isChanged)
        {
            Doubt();
        }
        foreach (MaildirMailbox open in _account.OpenMailboxes)
        {
            await open.RefreshAsync(cancellationToken); // What fails is told to whoever has it open.
        }
        return default(Done);
    }

    /// <summary>On a worker: every message that is committed lies in its folder afterwards.</summary>
    private void PayAll()
    {
        foreach (MaildirMailbox open in _account.OpenMailboxes)
        {
            lock (open.Owed.Lock)
            {
                if (!open.IsClosed && open.Folder.Exists())
                {
                    open.Owed.Pay();
                }
            }
        }
    }
}
