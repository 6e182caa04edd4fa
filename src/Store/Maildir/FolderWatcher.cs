using System.Buffers.Binary;
using MailAccess.Store.Files;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Notices within a second what other programs do to the folders of mailboxes that somebody listens to: one inotify descriptor
/// for all; what cannot be watched (no watches left, network file systems) is looked at every second.
/// </summary>
internal sealed class FolderWatcher(MaildirStore store) : IAsyncDisposable
{
    private const int EventHeaderOctets = 16;
    private const uint QueueOverflow = 0x4000;

    /// <summary>At most this often is a mailbox looked at; also the pace of polling.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private const int PollEvery = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, MaildirMailbox> _byWatch = [];
    private readonly Dictionary<MaildirMailbox, int[]> _watches = [];
    private readonly HashSet<MaildirMailbox> _polled = [];
    private readonly Dictionary<MaildirMailbox, Task> _refreshes = [];
    private readonly ManualResetEventSlim _stop = new();
    private SafeFileHandle? _descriptor;
    private Thread? _thread;

    /// <summary>The mailbox's first or last listener came or went.</summary>
    public void Update(MaildirMailbox mailbox)
    {
        lock (_gate)
        {
            bool isWatched = _watches.ContainsKey(mailbox) || _polled.Contains(mailbox);
            if (mailbox.HasSubscribers == isWatched || _stop.IsSet)
            {
                return;
            }
            if (isWatched)
            {
                Forget(mailbox);
                return;
            }
            Start();
            Watch(mailbox);
        }
    }

    /// <summary>The mailbox is closed.</summary>
    public void Remove(MaildirMailbox mailbox)
    {
        lock (_gate)
        {
            Forget(mailbox);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Set();
        _thread?.Join();
        Task[] refreshes;
        lock (_gate)
        {
            refreshes = [.. _refreshes.Values];
        }
        await Task.WhenAll(refreshes);
        _descriptor?.Dispose();
        _stop.Dispose();
    }

    private void Start()
    {
        if (_thread is not null)
        {
            return;
        }
        _descriptor = Posix.OpenWatcher();
        if (_descriptor is null)
        {
            store.Log.WatchingFailed("no inotify instance");
        }
        _thread = new Thread(Run, store.Limits.WorkerStackOctets) { IsBackground = true, Name = "store-watcher" };
        _thread.Start();
    }

    private void Watch(MaildirMailbox mailbox)
    {
        if (_descriptor is not null)
        {
            int inNew = Posix.AddWatch(_descriptor, mailbox.Folder.New, Posix.WatchMask);
            int inCur = inNew < 0 ? -1 : Posix.AddWatch(_descriptor, mailbox.Folder.Cur, Posix.WatchMask);
            if (inCur >= 0)
            {
                _watches[mailbox] = [inNew, inCur];
                _byWatch[inNew] = mailbox;
                _byWatch[inCur] = mailbox;
                return;
            }
            if (inNew >= 0)
            {
                _ = Posix.RemoveWatch(_descriptor, inNew);
            }
            store.Log.WatchingFailed($"errno {Posix.LastError}");
        }
        _polled.Add(mailbox);
    }

    private void Forget(MaildirMailbox mailbox)
    {
        _polled.Remove(mailbox);
        if (_watches.Remove(mailbox, out int[]? watches))
        {
            foreach (int watch in watches)
            {
                _byWatch.Remove(watch);
                _ = Posix.RemoveWatch(_descriptor!, watch);
            }
        }
    }

    private void Run()
    {
        byte[] events = new byte[64 * 1024];
        HashSet<MaildirMailbox> changed = [];
        for (int turn = 1; !_stop.Wait(Pace); turn++)
        {
            int count;
            while (_descriptor is not null && (count = Posix.ReadEvents(_descriptor, events)) > 0)
            {
                Collect(events.AsSpan(0, count), changed);
            }
            lock (_gate)
            {
                if (turn % PollEvery == 0)
                {
                    changed.UnionWith(_polled);
                }
                // One that is being looked at keeps its mark: what came in the middle is looked at next time.
                changed.RemoveWhere(Refresh);
            }
        }
    }

    private void Collect(ReadOnlySpan<byte> events, HashSet<MaildirMailbox> changed)
    {
        lock (_gate)
        {
            while (events.Length >= EventHeaderOctets)
            {
                int watch = BinaryPrimitives.ReadInt32LittleEndian(events);
                uint mask = BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
                int name = BinaryPrimitives.ReadInt32LittleEndian(events[12..]);
                events = events[(EventHeaderOctets + name)..];
                if ((mask & QueueOverflow) != 0)
                {
                    changed.UnionWith(_watches.Keys);
                }
                else if (_byWatch.TryGetValue(watch, out MaildirMailbox? mailbox))
                {
                    changed.Add(mailbox);
                }
            }
        }
    }

    /// <summary>Begins a refresh; false where one is under way.</summary>
    private bool Refresh(MaildirMailbox mailbox)
    {
        if (_refreshes.TryGetValue(mailbox, out Task? running) && !running.IsCompleted)
        {
            return false;
        }
        _refreshes.Remove(mailbox);
        if (!mailbox.IsGone && mailbox.HasSubscribers)
        {
            _refreshes[mailbox] = RefreshAsync(mailbox);
        }
        return true;
    }

    private async Task RefreshAsync(MaildirMailbox mailbox)
    {
        try
        {
            await MailboxRefresh.RunAsync(store, mailbox);
        }
        catch (IOException fault)
        {
            store.Log.HousekeepingFailed(fault);
        }
    }
}
