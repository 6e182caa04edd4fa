using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>
/// What is done some time after commits: file names follow flags, logs become indexes, idle mailboxes are closed, and checkpoints
/// let the journal go round.
/// </summary>
internal sealed class Housekeeper(MaildirStore store) : IDisposable
{
    private readonly SemaphoreSlim _checkpoints = new(1, 1);
    private readonly Lock _gate = new();
    private HashSet<MaildirMailbox> _touched = [];
    private Dictionary<ulong, string> _fileSystems = [];
    private long _lastCheckpoint = store.Clock.GetTimestamp();
    private Task _round = Task.CompletedTask;
    private volatile bool _mustKeepJournal;

    /// <summary>A commit of this mailbox was settled: its journal segment goes only after a checkpoint.</summary>
    public void Touched(MaildirMailbox mailbox)
    {
        lock (_gate)
        {
            _touched.Add(mailbox);
        }
    }

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

    /// <summary>The mailbox ends: commits under way settle, then all is written that is owed. Not where that cannot be written.</summary>
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
        paid = await RunAsync(mailbox, () => PayAndClose(mailbox));
        _mustKeepJournal |= paid.Error != StoreError.None;
        return StoreError.None;
    }

    /// <summary>
    /// Makes durable in the mailboxes what the journal holds, then lets its segments be written again. False where that failed:
    /// the journal keeps them.
    /// </summary>
    public async Task<bool> CheckpointAsync()
    {
        await _checkpoints.WaitAsync();
        try
        {
            IReadOnlyList<string> segments = await store.Journal.RollAsync();
            HashSet<MaildirMailbox> touched;
            lock (_gate)
            {
                touched = _touched;
                _touched = [];
                _lastCheckpoint = store.Clock.GetTimestamp();
            }
            bool isWritten = false;
            try
            {
                StoreResult<Done> written = await store.Workers.RunAsync<Done>(() => WriteAll(touched, segments), store.Log.CheckpointFailed);
                isWritten = written.Error == StoreError.None;
            }
            finally
            {
                if (!isWritten) // However it failed: the next checkpoint must not let segments go whose mailboxes it does not know.
                {
                    lock (_gate)
                    {
                        _touched.UnionWith(touched);
                    }
                }
            }
            return isWritten;
        }
        finally
        {
            _checkpoints.Release();
        }
    }

    public void Dispose() => _checkpoints.Dispose();

    private async Task RoundAsync()
    {
        try
        {
            foreach (MaildirAccount account in store.Accounts)
            {
                foreach (MaildirMailbox mailbox in account.OpenMailboxes)
                {
                    await KeepAsync(mailbox);
                }
                await account.CloseIdleAsync(store.Limits.MailboxIdleTimeout);
            }
            bool isDue;
            lock (_gate)
            {
                isDue = _touched.Count > 0 && store.Clock.GetElapsedTime(_lastCheckpoint) >= store.Limits.CheckpointInterval;
            }
            if (isDue || store.Journal.OctetsSinceCheckpoint >= store.Limits.JournalCheckpointOctets)
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

    private async ValueTask KeepAsync(MaildirMailbox mailbox)
    {
        if (mailbox.HasStaleNames)
        {
            await RunAsync(mailbox, () => NameFlush.Run(store, mailbox));
        }
        long foldAt = Math.Max(store.Limits.LogOctetsBeforeFold, mailbox.Published.Count * 64L);
        if (mailbox.Owed.LogOctets > foldAt)
        {
            await RunAsync(mailbox, () => Fold(mailbox));
        }
    }

    private StoreResult<Done> WriteAll(HashSet<MaildirMailbox> touched, IReadOnlyList<string> segments)
    {
        if (_mustKeepJournal)
        {
            throw new FileFault("checkpoint", "journal", Posix.NoSpace);
        }
        foreach (MaildirMailbox mailbox in touched)
        {
            PayInParts(mailbox);
            lock (mailbox.Owed.Lock)
            {
                // Also one that is gone but not yet closed: its last commits may be in these segments only.
                if (!mailbox.IsClosed && mailbox.Folder.Exists())
                {
                    mailbox.Owed.Pay();
                }
            }
            if (!store.Files.TryStat(mailbox.Account.Root, out _))
            {
                continue; // The account was removed with all its mail.
            }
            ulong device = store.Files.FileSystemOf(mailbox.Account.Root);
            lock (_gate)
            {
                _fileSystems.TryAdd(device, mailbox.Account.Root);
            }
        }
        Dictionary<ulong, string> fileSystems;
        lock (_gate)
        {
            fileSystems = _fileSystems;
            _fileSystems = [];
        }
        foreach (string root in fileSystems.Values)
        {
            store.Files.SyncFileSystem(root);
        }
        if (_mustKeepJournal)
        {
            throw new FileFault("checkpoint", "journal", Posix.NoSpace); // A mailbox was closed meanwhile that could not be written.
        }
        store.Journal.Recycle(segments);
        return default(Done);
    }

    /// <summary>Thousands of files are not placed or removed in one go: sessions wait for the same lock.</summary>
    private static void PayInParts(MaildirMailbox mailbox)
    {
        bool isMore;
        do
        {
            lock (mailbox.Owed.Lock)
            {
                isMore = !mailbox.IsClosed && mailbox.Folder.Exists() && mailbox.Owed.PayPart();
            }
        }
        while (isMore);
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
        try
        {
            if (mailbox.Folder.Exists())
            {
                lock (mailbox.Owed.Lock)
                {
                    mailbox.Owed.Pay();
                }
                Fold(mailbox);
            }
        }
        catch (FileFault)
        {
            _mustKeepJournal = true; // Before it counts as closed: what is owed only the journal knows, until the next start recovers it.
            throw;
        }
        finally
        {
            mailbox.Close();
        }
    }

    /// <summary>A new index and a list of UIDs for the case that it is lost; the log starts anew.</summary>
    private void Fold(MaildirMailbox mailbox)
    {
        lock (mailbox.Owed.Lock)
        {
            if (mailbox.Owed.LogOctets <= IndexFile.LogHeaderOctets && mailbox.Owed.FrameCount == 0)
            {
                return;
            }
            mailbox.Owed.Pay();
            MailboxRefresh.RememberTimes(store, mailbox);
            IndexState state;
            int frames;
            lock (mailbox.Gate)
            {
                state = StateOf(mailbox);
                frames = mailbox.Owed.FrameCount;
            }
            IndexFile.Write(store.Files, mailbox.Folder.Path, state);
            mailbox.Owed.Folded(frames);
            var list = new UidList
            {
                UidValidity = state.UidValidity,
                UidNext = state.UidNext,
                Guid = state.Guid,
                Entries = [.. state.Records.Select(r => (r.Uid, state.Names[Locator.Of(r).NamePlace]))],
            };
            store.Files.Replace(Path.Combine(mailbox.Folder.Path, MailboxLoader.UidListName), list.Format());
        }
    }

    private static IndexState StateOf(MaildirMailbox mailbox)
    {
        MailboxSnapshot now = mailbox.Published;
        return new IndexState(mailbox.Guid, now.UidValidity, Enumerable.Range(0, now.Count).Select(i => now[i]), new NamesHeap(mailbox.Names.Content))
        {
            UidNext = now.UidNext,
            FirstUnclaimed = mailbox.Unclaimed,
            HighestModSeq = now.HighestModSeq,
            Sequence = now.Sequence,
            Keywords = now.Keywords,
            CacheGeneration = mailbox.CacheGeneration,
            NewFolderTicks = mailbox.NewFolderTicks,
            CurFolderTicks = mailbox.CurFolderTicks,
        };
    }

    private ValueTask<StoreResult<Done>> RunAsync(MaildirMailbox mailbox, Action work) =>
        store.Workers.RunAsync<Done>(
            () =>
            {
                work();
                return default(Done);
            },
            mailbox.OnFault);
}
