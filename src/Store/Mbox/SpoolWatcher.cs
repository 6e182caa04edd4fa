using System.Buffers.Binary;
using MailAccess.Store.Files;
using MailAccess.Store.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Mbox;

/// <summary>
/// Notices within a second what other programs do to the files of mailboxes that somebody listens to: one inotify descriptor for their folders;
/// what cannot be watched is looked at every second.
/// </summary>
internal sealed class SpoolWatcher(MboxStore store) : IAsyncDisposable
{
    private const int EventHeaderOctets = 16;

    /// <summary>At most this often is a mailbox looked at; also the pace of polling.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private const int PollEvery = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, HashSet<MboxMailbox>> _byWatch = [];
    private readonly Dictionary<MboxMailbox, int> _watched = [];
    private readonly HashSet<MboxMailbox> _polled = [];
    private readonly WatchedRefreshes<MboxMailbox> _refreshes = new(m => m.RefreshAsync(CancellationToken.None), store.Log);
    private readonly ManualResetEventSlim _stop = new();
    private SafeFileHandle? _descriptor;
    private Thread? _thread;

    /// <summary>The mailbox's first or last listener came or went.</summary>
    public void Update(MboxMailbox mailbox)
    {
        lock (_gate)
        {
            bool isWatched = _watched.ContainsKey(mailbox) || _polled.Contains(mailbox);
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
    public void Remove(MboxMailbox mailbox)
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
        Task refreshes;
        lock (_gate)
        {
            refreshes = _refreshes.All;
        }
        await refreshes;
        _descriptor?.Dispose();
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
        _thread = new Thread(Run, store.Limits.WorkerStackOctets) { IsBackground = true, Name = "store-spool-watcher" };
        _thread.Start();
    }

    /// <summary>The file itself: in a spool folder, the others' mail is none of our business. One that is replaced or missing is polled.</summary>
    private void Watch(MboxMailbox mailbox)
    {
        _polled.Add(mailbox);
        int watch = _descriptor is null ? -1 : Posix.AddWatch(_descriptor, mailbox.Spool.Path, PosixSpool.WatchMask);
        if (watch < 0)
        {
            return;
        }
        _watched[mailbox] = watch;
        if (!_byWatch.TryGetValue(watch, out HashSet<MboxMailbox>? mailboxes))
        {
            _byWatch.Add(watch, mailboxes = []);
        }
        mailboxes.Add(mailbox);
    }

    private void Forget(MboxMailbox mailbox)
    {
        _polled.Remove(mailbox);
        _refreshes.Forget(mailbox);
        if (_watched.Remove(mailbox, out int watch) && _byWatch.TryGetValue(watch, out HashSet<MboxMailbox>? mailboxes)
            && mailboxes.Remove(mailbox) && mailboxes.Count == 0)
        {
            _byWatch.Remove(watch);
            _ = Posix.RemoveWatch(_descriptor!, watch);
        }
    }

    private void Run()
    {
        byte[] events = new byte[64 * 1024];
        HashSet<MboxMailbox> changed = [];
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
                    changed.UnionWith(_polled); // A look costs a stat.
                }
                // One that is being looked at keeps its mark: what came in the middle is looked at next time.
                changed.RemoveWhere(_refreshes.Begin);
            }
        }
    }

    private void Collect(ReadOnlySpan<byte> events, HashSet<MboxMailbox> changed)
    {
        lock (_gate)
        {
            while (events.Length >= EventHeaderOctets)
            {
                int watch = BinaryPrimitives.ReadInt32LittleEndian(events);
                int name = BinaryPrimitives.ReadInt32LittleEndian(events[12..]);
                events = events[(EventHeaderOctets + name)..];
                if (_byWatch.TryGetValue(watch, out HashSet<MboxMailbox>? mailboxes))
                {
                    changed.UnionWith(mailboxes);
                }
            }
        }
    }
}
