using MailAccess.Store.Mbox;
using MailAccess.Store.Model;

namespace MailAccess.Store.Quota;

/// <summary>The quota of one account in mbox files: what is counted, and what is kept of it on disk.</summary>
internal sealed class MboxQuota
{
    private readonly MboxAccount _account;
    private readonly MboxCount _count;
    private readonly AccountQuota _quota;

    public MboxQuota(MboxStore store, MboxAccount account, MboxFolders folders, string dataFolder, IQuotaPolicy policy)
    {
        _account = account;
        _quota = new AccountQuota(account.Name, policy, store.Limits, store.Clock, store.Log) { Count = CountAsync };
        _count = new MboxCount(store, folders, dataFolder, _quota);
    }

    /// <summary>For a mailbox that is being opened.</summary>
    public MailboxUsage UsageOf(MailboxName name, SpecialUse use, MboxState state)
    {
        MailboxUsage usage = _quota.Of(name, use);
        _quota.Set(usage, QuotaAmount.Of(state.Index.Records));
        return usage;
    }

    /// <summary>Its last commit has settled, and its headers are written.</summary>
    public void Closed(MboxMailbox mailbox)
    {
        if (mailbox.Usage is { } usage && mailbox.Spool.FileTicks is not 0 and long ticks)
        {
            _quota.SetStamp(usage, new CountStamp(ticks, mailbox.Spool.FileOctets));
        }
    }

    public void Removed(MailboxName name) => _quota.Remove(name);

    public void Renamed(RenamePlan plan)
    {
        foreach ((MailboxName from, MailboxName to) in plan.Renamings)
        {
            _quota.Rename(from, to);
        }
    }

    public ValueTask<StoreResult<IReadOnlyList<QuotaRoot>>> GetAsync(MailboxName? mailbox, CancellationToken cancellationToken) =>
        _quota.GetAsync(mailbox, cancellationToken);

    /// <summary>On a worker and under the lock of names: what was counted outlives the process.</summary>
    public void Save() => _count.Save();

    /// <summary>Counts what is closed, and takes notice of what others did to what is open.</summary>
    private async ValueTask<StoreResult<Done>> CountAsync(CancellationToken cancellationToken)
    {
        StoreResult<Done> counted = await _account.LockedAsync<Done>(
            () =>
            {
                _count.Run(_account.IsOpen);
                return default(Done);
            },
            cancellationToken);
        if (counted.Error == StoreError.None)
        {
            foreach (MboxMailbox open in _account.OpenMailboxes)
            {
                await open.RefreshAsync(cancellationToken); // What fails is told to whoever has it open.
            }
        }
        return counted;
    }
}
