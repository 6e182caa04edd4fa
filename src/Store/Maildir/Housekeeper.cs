using System.Collections.Concurrent;
using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// What is done some time after commits: file names follow flags, files of expunged messages go, logs become indexes, idle mailboxes are
/// closed, and checkpoints let the journal go round.
/// </summary>
internal sealed class Housekeeper(MaildirStore store) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Checkpoints _checkpoints = new(store);
    private readonly Rounds<MaildirAccount> _rounds = new(store.Clock);
    private readonly ConcurrentQueue<string> _litter = new();
    private Task _round = Task.CompletedTask;

    /// <inheritdoc cref="Checkpoints.Touched"/>
    public void Touched(MaildirMailbox mailbox)
    {
        _checkpoints.Touched(mailbox);
        Wake(mailbox.Account);
    }

    /// <summary>Something was left to do in this account.</summary>
    public void Wake(MaildirAccount account) => _rounds.Wake(account);

    /// <inheritdoc cref="Checkpoints.HasCarried"/>
    public bool HasCarried => _checkpoints.HasCarried;

    /// <summary>A staged message's file that could not be removed.</summary>
    public void RemoveLater(string path) => _litter.Enqueue(path);

    /// <summary>The timer's tick: begins a round if none is under way.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            if (_round.IsCompleted)
            {
                // Elsewhere: a round takes mailboxes' gates, under which commits take this lock.
                _round = Task.Run(RoundAsync);
            }
        }
    }

    /// <summary>The round that is under way, if any.</summary>
    public Task CurrentRound
    {
        get
        {
            lock (_gate)
            {
                return _round;
            }
        }
    }

    /// <inheritdoc cref="Checkpoints.RunAsync"/>
    public Task<bool> CheckpointAsync() => _checkpoints.RunAsync();

    /// <summary>
    /// The mailbox ends: commits under way settle, then all is written that is owed. Where that cannot be written it stays, gone for its sessions
    /// but in the account's table, until a later round has written it: else it would be loaded again without its last commits.
    /// </summary>
    public async ValueTask<StoreError> RetireAsync(MaildirMailbox mailbox)
    {
        StoreResult<Done> paid = await RunAsync(mailbox, () => Settle(mailbox));
        if (paid.Error != StoreError.None)
        {
            return paid.Error;
        }
        await LastCommitAsync(mailbox); // What the flush of names has learned is a commit too.
        mailbox.MarkGone();
        await LastCommitAsync(mailbox);
        store.Watcher.Remove(mailbox);
        mailbox.IsUnpaid = true;
        return (await RunAsync(mailbox, () => PayAndClose(mailbox))).Error;
    }

    public void Dispose() => _checkpoints.Dispose();

    private async Task RoundAsync()
    {
        try
        {
            if (!_litter.IsEmpty)
            {
                await store.Workers.RunAsync(Sweep, store.OnStagingFault);
            }
            foreach (MaildirAccount account in _rounds.Begin(store.Accounts))
            {
                foreach (MaildirMailbox mailbox in account.OpenMailboxes)
                {
                    await KeepAsync(mailbox);
                }
                await account.CloseIdleAsync(store.Limits.MailboxIdleTimeout);
                if (account.Quota is { } quota)
                {
                    await quota.WriteSizeAsync();
                }
                if (!account.IsAtRest)
                {
                    Wake(account);
                }
            }
            if (_checkpoints.IsDue || store.Journal.OctetsSinceCheckpoint >= store.Limits.JournalCheckpointOctets)
            {
                await CheckpointAsync();
            }
        }
#pragma warning disable CA1031 // The boundary of background work: a bug of ours in one round must be seen, and must not end the rounds.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            store.Log.HousekeepingFailed(fault);
        }
    }

    private StoreResult<Done> Sweep()
    {
        for (int count = _litter.Count; count > 0 && _litter.TryPeek(out string? path); count--)
        {
            store.Files.Unlink(path);
            _litter.TryDequeue(out _);
        }
        return default(Done);
    }

    private async ValueTask KeepAsync(MaildirMailbox mailbox)
    {
        if (mailbox.IsUnpaid)
        {
            await RunAsync(mailbox, () => PayAndClose(mailbox));
            return;
        }
        if (mailbox.Health.IsSick || mailbox.Owed.OwesRemovals)
        {
            await RunAsync(mailbox, () => Pay(mailbox));
        }
        if (mailbox.HasStaleNames)
        {
            await RunAsync(mailbox, () => NameFlush.Run(store, mailbox));
            await LastCommitAsync(mailbox); // What it learned: compaction wants a mailbox in which nothing is under way.
        }
        if (mailbox.WantsSearchFilter)
        {
            await RunAsync(mailbox, () => mailbox.SearchFilter!.Keep(mailbox));
        }
        await Compaction.RunAsync(store, mailbox);
        if (Folding.IsDue(store, mailbox))
        {
            await RunAsync(mailbox, () => Folding.Run(store, mailbox));
        }
    }

    private static async ValueTask LastCommitAsync(MaildirMailbox mailbox)
    {
        Task? pending;
        lock (mailbox.Gate)
        {
            pending = mailbox.LastTicket?.Settled;
        }
        if (pending is not null)
        {
            await pending;
        }
    }

    private static void Pay(MaildirMailbox mailbox)
    {
        try
        {
            lock (mailbox.Owed.Lock)
            {
                if (mailbox.Folder.Exists())
                {
                    mailbox.Owed.Pay();
                }
            }
            mailbox.Health.Recover(wasSynced: false);
        }
        catch (FileFault fault)
        {
            mailbox.Health.Sicken(fault);
        }
    }

    private void Settle(MaildirMailbox mailbox)
    {
        if (!mailbox.Folder.Exists())
        {
            return;
        }
        NameFlush.Run(store, mailbox);
        lock (mailbox.Owed.Lock)
        {
            mailbox.Owed.Pay();
        }
    }

    private void PayAndClose(MaildirMailbox mailbox)
    {
        if (mailbox.Folder.Exists())
        {
            lock (mailbox.Owed.Lock)
            {
                mailbox.Owed.Pay();
            }
            Folding.Run(store, mailbox);
        }
        mailbox.Close();
    }

    private static ValueTask<StoreResult<Done>> RunAsync(MaildirStore owner, MaildirMailbox mailbox, Action work) =>
        owner.Workers.RunAsync<Done>(
            () =>
            {
                work();
                return default(Done);
            },
            mailbox.OnFault);

    private ValueTask<StoreResult<Done>> RunAsync(MaildirMailbox mailbox, Action work) => RunAsync(store, mailbox, work);
}
