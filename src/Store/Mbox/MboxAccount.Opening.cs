using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

// Which of the account's mailboxes are open, and how they come and go.
internal sealed partial class MboxAccount
{
    /// <summary>A handle went.</summary>
    public void Release(MboxMailbox mailbox)
    {
        lock (_openGate)
        {
            mailbox.Handles--;
            mailbox.IdleSince = store.Clock.GetTimestamp();
        }
        store.Rounds.Wake(this);
    }

    /// <summary>No mailbox waits for being closed, and nothing is left to do in those that are open.</summary>
    public bool IsAtRest => OpenMailboxes.All(m => m.Handles > 0 && m.IsAtRest);

    /// <summary>Closes what nobody has used for a while; with no limit, everything.</summary>
    public async ValueTask CloseIdleAsync(TimeSpan? idle)
    {
        if (idle is not null && Idle(idle).Count == 0)
        {
            return;
        }
        await _names.WaitAsync(CancellationToken.None);
        try
        {
            foreach (MboxMailbox mailbox in Idle(idle))
            {
                lock (_openGate)
                {
                    // Whoever opens it now waits for the names' lock, and loads it anew.
                    if (idle is not null && mailbox.Handles > 0)
                    {
                        continue;
                    }
                    _open.Remove(mailbox.Name);
                }
                await CloseAsync(mailbox);
            }
            if (_quota is { } quota)
            {
                await RunAsync<Done>(() =>
                {
                    quota.Save();
                    return default(Done);
                });
            }
        }
        finally
        {
            _names.Release();
        }
    }

    /// <summary>Nothing more is written: for crash tests.</summary>
    public void Abandon()
    {
        lock (_openGate)
        {
            foreach (MboxMailbox mailbox in _open.Values)
            {
                mailbox.Close();
            }
        }
    }

    /// <inheritdoc cref="Inspection.IIndexedStore.RebuildIndexAsync"/>
    public async ValueTask<StoreResult<int>> RebuildAsync(MailboxName mailboxName, Action<int, int> progress)
    {
        await _names.WaitAsync(CancellationToken.None);
        try
        {
            if (IsOpen(mailboxName))
            {
                return StoreError.Busy;
            }
            StoreResult<MboxMailbox> loaded = await LoadAsync(mailboxName);
            if (!loaded.TryGet(out MboxMailbox? mailbox))
            {
                return loaded.Error;
            }
            mailbox.Spool.ReadAllAgain(progress);
            StoreResult<Done> read = await MboxRefresh.RunAsync(store, mailbox);
            int count = mailbox.Published.Count;
            lock (_openGate)
            {
                _open.Remove(mailboxName);
            }
            await CloseAsync(mailbox); // This writes the index.
            return read.Error == StoreError.None ? count : read.Error;
        }
        finally
        {
            _names.Release();
        }
    }

    private MboxMailbox? TryHold(MailboxName mailboxName)
    {
        lock (_openGate)
        {
            if (_open.TryGetValue(mailboxName, out MboxMailbox? mailbox) && !mailbox.IsGone)
            {
                mailbox.Handles++;
                return mailbox;
            }
            return null;
        }
    }

    /// <summary>Under the names' lock.</summary>
    private async Task<StoreResult<MboxMailbox>> LoadAsync(MailboxName mailboxName)
    {
        if (TryHold(mailboxName) is { } open)
        {
            return open;
        }
        MboxMailbox? dead;
        lock (_openGate)
        {
            _open.Remove(mailboxName, out dead);
        }
        if (dead is not null)
        {
            await CloseAsync(dead);
        }
        StoreResult<string> found = await RunAsync<string>(
            () => _folders.Find(mailboxName) is { } path ? path
                : _folders.Names().Any(n => n.IsBelow(mailboxName)) ? StoreError.NotPermitted : StoreError.NotFound);
        if (!found.TryGet(out string? file))
        {
            return found.Error;
        }
        SpoolLock? held;
        try
        {
            held = await store.LockAsync(file, create: false, store.Clock.GetTimestamp());
        }
        catch (FileFault fault)
        {
            store.Log.FileFault(name, file, fault);
            return StoreError.Unavailable;
        }
        return held is null ? StoreError.Busy : await RunAsync<MboxMailbox>(() =>
        {
            using (held)
            {
                (MboxSpool spool, MboxState state, SummaryCache cache) =
                    MboxLoader.Load(store, _folders, file, _folders.DataFolderOf(mailboxName), held);
                var mailbox = new MboxMailbox(store, this, mailboxName, spool, state, cache)
                {
                    Handles = 1,
                    Usage = _quota?.UsageOf(mailboxName, _folders.Uses.GetValueOrDefault(mailboxName), state),
                };
                lock (_openGate)
                {
                    _open[mailboxName] = mailbox;
                }
                store.Rounds.Wake(this);
                return mailbox;
            }
        });
    }

    private List<MboxMailbox> Idle(TimeSpan? idle)
    {
        lock (_openGate)
        {
            return [.. _open.Values.Where(m => idle is null || (m.Handles == 0 && store.Clock.GetElapsedTime(m.IdleSince) >= idle))];
        }
    }

    /// <summary>Commits that are under way settle, headers and index are brought up to date. Whoever holds a handle finds it gone.</summary>
    private async Task CloseAsync(MboxMailbox mailbox)
    {
        bool wasGone = mailbox.IsGone;
        await Committer.IdleAsync();
        mailbox.MarkGone();
        await Committer.IdleAsync();
        if (!wasGone)
        {
            await MboxUpkeep.RunAsync(store, mailbox, isLast: true);
            _quota?.Closed(mailbox);
        }
        store.Watcher.Remove(mailbox);
        await RunAsync<Done>(() =>
        {
            mailbox.Close();
            return default(Done);
        });
    }
}
