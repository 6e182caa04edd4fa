using System.Buffers.Binary;
using System.Globalization;
using MailAccess.Store.Files;
using MailAccess.Store.Model;
using Microsoft.Win32.SafeHandles;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Knows what other programs do to the folders of open mailboxes, by one inotify descriptor for all, and lets those that somebody listens
/// to take notice within a second. What cannot be watched (no watches left, network file systems) is looked at every second, and so is a mailbox to which
/// a file is being copied.
/// </summary>
internal sealed class FolderWatcher(MaildirStore store) : IAsyncDisposable
{
    private const int EventHeaderOctets = 16;
    private const uint Arrived = 0x80 | 0x100; // IN_MOVED_TO, IN_CREATE
    private const uint Departed = 0x40 | 0x200; // IN_MOVED_FROM, IN_DELETE
    private const uint FolderItself = 0x400 | 0x800; // IN_DELETE_SELF, IN_MOVE_SELF
    private const uint QueueOverflow = 0x4000;
    private const uint WatchEnded = 0x8000;
    private const uint OfFolder = 0x4000_0000;
    private const string WatchesMaxFile = "/proc/sys/fs/inotify/max_user_watches";

    /// <summary>At most this often is a mailbox looked at; also the pace of polling.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private const int PollEvery = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, (FolderNews News, bool IsNew)> _byWatch = [];
    private readonly HashSet<MaildirMailbox> _listened = [];
    private readonly WatchedRefreshes<MaildirMailbox> _refreshes = new(m => MailboxRefresh.RunAsync(store, m), store.Log);
    private readonly byte[] _events = new byte[64 * 1024];
    private readonly ManualResetEventSlim _stop = new();
    private readonly HashSet<MaildirMailbox> _changed = [];
    private SafeFileHandle? _descriptor;
    private Thread? _thread;
    private int _watchesMax;
    private bool _hasToldLimit;

    /// <summary>How many watches the kernel keeps for us.</summary>
    public int WatchCount
    {
        get
        {
            lock (_gate)
            {
                return _byWatch.Count;
            }
        }
    }

    /// <summary>Begins to note what happens in a mailbox's folders, if that can be.</summary>
    public FolderNews Watch(MaildirFolder folder)
    {
        var news = new FolderNews(this, folder, store.Files.IsLocal(folder.Cur));
        lock (_gate)
        {
            if (!_stop.IsSet)
            {
                Start();
                TryWatch(news);
            }
        }
        return news;
    }

    /// <summary>Watches folders that are not watched any more, if that can be: they were removed and made again, or there was no watch left for them.</summary>
    public void WatchAgain(FolderNews news)
    {
        lock (_gate)
        {
            if (!_stop.IsSet && !news.IsWatched)
            {
                TryWatch(news);
            }
        }
    }

    /// <summary>The mailbox's first or last listener came or went.</summary>
    public void Update(MaildirMailbox mailbox)
    {
        lock (_gate)
        {
            if (_stop.IsSet)
            {
                return;
            }
            if (!mailbox.HasSubscribers || mailbox.IsGone)
            {
                _listened.Remove(mailbox);
            }
            else if (_listened.Add(mailbox))
            {
                if (!mailbox.News.IsWatched)
                {
                    TryWatch(mailbox.News);
                }
                if (!mailbox.News.IsQuiet)
                {
                    _changed.Add(mailbox);
                }
            }
        }
    }

    /// <summary>The mailbox is closed.</summary>
    public void Remove(MaildirMailbox mailbox)
    {
        Forget(mailbox.News);
        lock (_gate)
        {
            _listened.Remove(mailbox);
            _changed.Remove(mailbox);
        }
    }

    /// <summary>Nobody wants to know any more.</summary>
    public void Forget(FolderNews news)
    {
        lock (_gate)
        {
            if (news.IsWatched)
            {
                foreach (int watch in new[] { news.Watches.New, news.Watches.Cur })
                {
                    _byWatch.Remove(watch);
                    _ = Posix.RemoveWatch(_descriptor!, watch);
                }
                news.End();
            }
        }
    }

    /// <summary>Reads all events that there are. Does not wait for any, so it may be called on any thread.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            int count;
            while (_descriptor is not null && (count = Posix.ReadEvents(_descriptor, _events)) > 0)
            {
                Collect(_events.AsSpan(0, count));
            }
        }
    }

    /// <summary>Nobody is told any more; what is asked for is still answered until <see cref="Close"/>.</summary>
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
    }

    /// <summary>After all mailboxes were closed: the kernel forgets us.</summary>
    public void Close()
    {
        lock (_gate)
        {
            foreach ((FolderNews news, _) in _byWatch.Values)
            {
                news.End();
            }
            _byWatch.Clear();
            _descriptor?.Dispose();
            _descriptor = null;
        }
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
        // Others of this user need watches too.
        _watchesMax = Math.Min(store.Limits.FolderWatchesMax, WatchesOfUserMax() / 2);
        _thread = new Thread(Run, store.Limits.WorkerStackOctets) { IsBackground = true, Name = "store-watcher" };
        _thread.Start();
    }

    private static int WatchesOfUserMax() =>
        File.Exists(WatchesMaxFile)
        && int.TryParse(File.ReadAllText(WatchesMaxFile), NumberStyles.Integer, CultureInfo.InvariantCulture, out int max) ? max : 0;

    private void TryWatch(FolderNews news)
    {
        if (_descriptor is null || !news.IsLocal)
        {
            return;
        }
        if (_byWatch.Count + 2 > _watchesMax)
        {
            TellLimit($"{_byWatch.Count} watches are in use");
            return;
        }
        int inNew = Posix.AddWatch(_descriptor, news.Folder.New, Posix.WatchMask);
        int inCur = inNew < 0 ? -1 : Posix.AddWatch(_descriptor, news.Folder.Cur, Posix.WatchMask);
        string reason = $"errno {Posix.LastError}";
        if (inCur >= 0 && !_byWatch.ContainsKey(inNew) && !_byWatch.ContainsKey(inCur) && inNew != inCur)
        {
            news.Watches = (inNew, inCur);
            _byWatch[inNew] = (news, true);
            _byWatch[inCur] = (news, false);
            news.Begin();
            return;
        }
        if (inCur >= 0)
        {
            return; // The same folder by another name: its watch is another mailbox's.
        }
        if (inNew >= 0 && !_byWatch.ContainsKey(inNew))
        {
            _ = Posix.RemoveWatch(_descriptor, inNew);
        }
        TellLimit(reason);
    }

    private void TellLimit(string reason)
    {
        if (!_hasToldLimit)
        {
            _hasToldLimit = true;
            store.Log.WatchingFailed(reason);
        }
    }

    private void Run()
    {
        for (int turn = 1; !_stop.Wait(Pace); turn++)
        {
            Drain();
            lock (_gate)
            {
                if (turn % PollEvery == 0)
                {
                    _changed.UnionWith(_listened.Where(m => !m.News.IsQuiet)); // Not watched, or with a file that is still being written.
                }
                // One that is being looked at keeps its mark: what came in the middle is looked at next time.
                _changed.RemoveWhere(_refreshes.Begin);
            }
        }
    }

    private void Collect(ReadOnlySpan<byte> events)
    {
        while (events.Length >= EventHeaderOctets)
        {
            int watch = BinaryPrimitives.ReadInt32LittleEndian(events);
            uint mask = BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
            int length = BinaryPrimitives.ReadInt32LittleEndian(events[12..]);
            ReadOnlySpan<byte> name = events.Slice(EventHeaderOctets, length);
            events = events[(EventHeaderOctets + length)..];
            if ((mask & QueueOverflow) != 0)
            {
                foreach ((FolderNews news, _) in _byWatch.Values)
                {
                    news.Lose();
                }
                _changed.UnionWith(_listened);
            }
            else if (_byWatch.TryGetValue(watch, out (FolderNews News, bool IsNew) watched))
            {
                Tell(watched.News, watched.IsNew, mask, name[..Math.Max(0, name.IndexOf((byte)0))]);
            }
        }
    }

    private void Tell(FolderNews news, bool isNew, uint mask, ReadOnlySpan<byte> name)
    {
        bool isForeign = false;
        if ((mask & WatchEnded) != 0)
        {
            Forget(news); // The folder is gone.
            isForeign = true;
        }
        else if ((mask & FolderItself) != 0)
        {
            news.Lose();
            isForeign = true;
        }
        else if ((mask & OfFolder) == 0 && (mask & (Arrived | Departed)) != 0)
        {
            isForeign = news.Add(isNew, (mask & Arrived) != 0, name);
        }
        if (isForeign && news.Mailbox is { } mailbox && _listened.Contains(mailbox))
        {
            _changed.Add(mailbox);
        }
    }
}
