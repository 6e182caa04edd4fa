using MailAccess.Store.Files;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Makes durable in the mailboxes what the journal holds, so that its segments go round. A mailbox that cannot be written holds up nobody:
/// its records are carried over (<see cref="CarriedRecords"/>), and it takes no commits until it is well.
/// </summary>
internal sealed class Checkpoints(MaildirStore store) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Lock _gate = new();
    private HashSet<MaildirMailbox> _touched = [];
    private long _last = store.Clock.GetTimestamp();
    private bool _hasCarried = true; // Until a checkpoint has looked.

    /// <summary>A commit of this mailbox was settled: its journal segment goes only after a checkpoint.</summary>
    public void Touched(MaildirMailbox mailbox)
    {
        lock (_gate)
        {
            _touched.Add(mailbox);
        }
    }

    public bool IsDue
    {
        get
        {
            lock (_gate)
            {
                return _touched.Count > 0 && store.Clock.GetElapsedTime(_last) >= store.Limits.CheckpointInterval;
            }
        }
    }

    /// <summary>Records of mailboxes that cannot be written lie beside the segments.</summary>
    public bool HasCarried
    {
        get
        {
            lock (_gate)
            {
                return _hasCarried;
            }
        }
    }

    /// <summary>False where it failed: the journal keeps all its segments.</summary>
    public async Task<bool> RunAsync()
    {
        await _one.WaitAsync();
        try
        {
            IReadOnlyList<string> segments = await store.Journal.RollAsync();
            HashSet<MaildirMailbox> touched;
            lock (_gate)
            {
                touched = _touched;
                _touched = [];
                _last = store.Clock.GetTimestamp();
            }
            HashSet<MaildirMailbox> unwell = touched; // However it fails: the next checkpoint must know them all.
            try
            {
                StoreResult<HashSet<MaildirMailbox>> written =
                    await store.Workers.RunAsync<HashSet<MaildirMailbox>>(() => WriteAll(touched, segments), store.Log.CheckpointFailed);
                if (!written.TryGet(out HashSet<MaildirMailbox>? found))
                {
                    return false;
                }
                unwell = found;
                return true;
            }
            finally
            {
                lock (_gate)
                {
                    _touched.UnionWith(unwell);
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>The mailboxes whose debts could not be paid.</summary>
    private HashSet<MaildirMailbox> WriteAll(HashSet<MaildirMailbox> touched, IReadOnlyList<string> segments)
    {
        HashSet<MaildirMailbox> unwell = [];
        Dictionary<ulong, List<MaildirMailbox>> fileSystems = [];
        foreach (MaildirMailbox mailbox in touched)
        {
            try
            {
                Pay(mailbox);
            }
            catch (FileFault fault)
            {
                mailbox.Health.Sicken(fault);
                store.Housekeeper.Wake(mailbox.Account);
                unwell.Add(mailbox);
            }
            ulong device = store.Files.FileSystemOf(mailbox.Account.Root);
            if (device != 0) // Else the account was removed with all its mail.
            {
                fileSystems.TryAdd(device, []);
                fileSystems[device].Add(mailbox);
            }
        }
        foreach (List<MaildirMailbox> mailboxes in fileSystems.Values)
        {
            Sync(mailboxes, unwell);
        }
        bool hasCarried;
        lock (_gate)
        {
            hasCarried = _hasCarried;
        }
        if (hasCarried || unwell.Count > 0)
        {
            HashSet<Guid> carried = [.. unwell.Select(m => m.Guid)];
            int records = CarriedRecords.Write(
                store.Files, store.Journal.Folder, segments, g => carried.Contains(g) || store.Carried.IsWaiting(g), store.Journal.BootId);
            lock (_gate)
            {
                _hasCarried = records > 0;
            }
        }
        store.Journal.Recycle(segments);
        foreach (MaildirMailbox mailbox in touched.Where(m => !unwell.Contains(m)))
        {
            mailbox.Health.Recover(wasSynced: true);
        }
        return unwell;
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

    private static void Pay(MaildirMailbox mailbox)
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
    }

    private void Sync(List<MaildirMailbox> mailboxes, HashSet<MaildirMailbox> unwell)
    {
        try
        {
            store.Files.SyncFileSystem(mailboxes[0].Account.Root);
        }
        catch (FileFault fault)
        {
            foreach (MaildirMailbox mailbox in mailboxes)
            {
                mailbox.Health.Sicken(fault, whileSyncing: true);
                store.Housekeeper.Wake(mailbox.Account);
                unwell.Add(mailbox);
            }
        }
    }
}
