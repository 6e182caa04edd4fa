using System.Collections.Concurrent;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>Of a message whose commit is durable: where its file is to be, and where it waits for that. Both below the mailbox's folder.</summary>
internal readonly record struct Placement(string Target, string Waiting);

/// <summary>
/// What the commits of one mailbox still owe to its files: messages to move out of <c>tmp</c>, files to remove, frames to log.
/// </summary>
/// <remarks>File work is done under <see cref="Lock"/>, on workers only. What fails stays owed and is tried again by housekeeping.</remarks>
internal sealed class MailboxFiles(IFiles files, MaildirFolder folder, FolderNews news, long logOctets)
{
    /// <summary>Files that are placed or removed while the lock is held once.</summary>
    public const int PartMax = 256;

    private readonly Lock _owed = new();
    private readonly List<byte[]> _frames = [];
    private readonly ConcurrentDictionary<string, Placement> _unplaced = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _removed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _actual = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, string> _renaming = new(StringComparer.Ordinal);

    /// <summary>Held while names change or are listed, so that a listing of ours never misses a file of ours on its way.</summary>
    public object Lock { get; } = new();

    public long LogOctets { get; private set; } = logOctets;

    public bool OwesAnything
    {
        get
        {
            lock (_owed)
            {
                return _frames.Count > 0 || !_unplaced.IsEmpty || !_removed.IsEmpty;
            }
        }
    }

    /// <summary>A durable commit's debt. In the order of commits.</summary>
    public void Owe(byte[] frame, IEnumerable<(string BaseName, Placement Placement)> arrivals, IEnumerable<(string BaseName, string Path)> expunged)
    {
        lock (_owed)
        {
            _frames.Add(frame);
        }
        foreach ((string baseName, Placement placement) in arrivals)
        {
            _unplaced[baseName] = placement;
        }
        foreach ((string baseName, string path) in expunged)
        {
            _removed[baseName] = path;
        }
    }

    /// <summary>Files of expunged messages are still there.</summary>
    public bool OwesRemovals => !_removed.IsEmpty;

    public bool IsUnplaced(string baseName) => _unplaced.ContainsKey(baseName);

    /// <summary>Expunged, and perhaps still on disk: never a new message.</summary>
    public bool IsRemoved(string baseName) => _removed.ContainsKey(baseName);

    public HashSet<string> UnplacedNames() => [.. _unplaced.Keys];

    /// <summary>Where the file really is, when that is not what its record says.</summary>
    public void SetActual(string baseName, string relativePath) => _actual[baseName] = relativePath;

    /// <summary>The same, where it is we who rename it.</summary>
    public void SetRenaming(string baseName, string relativePath)
    {
        _renaming[baseName] = relativePath;
        _actual[baseName] = relativePath;
    }

    /// <summary>This name was given by us, and the record does not say so yet.</summary>
    public bool IsRenaming(string baseName, string relativePath) =>
        _renaming.TryGetValue(baseName, out string? renaming) && renaming == relativePath;

    public void ForgetActual(string baseName)
    {
        _renaming.TryRemove(baseName, out _);
        _actual.TryRemove(baseName, out _);
    }

    /// <summary>Where the record now says the truth, nothing else needs to.</summary>
    public void ForgetActualIf(NamesHeap names, MessageRecord record)
    {
        if (!_actual.IsEmpty || !_renaming.IsEmpty)
        {
            string baseName = names[Locator.Of(record).NamePlace];
            KeyValuePair<string, string> known = new(baseName, MaildirFolder.PathOf(baseName, Locator.Of(record)));
            _renaming.TryRemove(known);
            _actual.TryRemove(known);
        }
    }

    public bool TryGetActual(string baseName, out string? relativePath) => _actual.TryGetValue(baseName, out relativePath);

    /// <summary>Opens a message wherever it may be now; null where it is at none of these places.</summary>
    public IFile? Open(string baseName, Locator locator)
    {
        if (_actual.TryGetValue(baseName, out string? actual) && files.Open(folder.Full(actual), OpenKind.Read) is { } there)
        {
            return there;
        }
        if (_unplaced.TryGetValue(baseName, out Placement placement) && files.Open(folder.Full(placement.Waiting), OpenKind.Read) is { } waiting)
        {
            return waiting;
        }
        return files.Open(folder.Full(MaildirFolder.PathOf(baseName, locator)), OpenKind.Read);
    }

    /// <summary>Gives a file of this mailbox another name; false where there is none of the old name. Under the lock.</summary>
    public bool Rename(string from, string to)
    {
        news.Expect(from, arrives: false);
        news.Expect(to, arrives: true);
        bool done = false;
        try
        {
            done = files.Rename(folder.Full(from), folder.Full(to));
            return done;
        }
        finally
        {
            if (!done)
            {
                news.ExpectNot(from, arrives: false);
                news.ExpectNot(to, arrives: true);
            }
        }
    }

    /// <summary>Where a committed message waits for its place, below the mailbox's folder.</summary>
    public bool TryGetWaiting(string baseName, out string? relativePath)
    {
        relativePath = _unplaced.TryGetValue(baseName, out Placement placement) ? placement.Waiting : null;
        return relativePath is not null;
    }

    /// <summary>Moves a message to its place. Under the lock.</summary>
    public void Place(string baseName)
    {
        if (_unplaced.TryGetValue(baseName, out Placement placement))
        {
            if (!_removed.ContainsKey(baseName))
            {
                Rename(placement.Waiting, placement.Target);
                _unplaced.TryRemove(baseName, out _);
            }
            else
            {
                RemoveWaiting(baseName);
            }
        }
    }

    /// <summary>Pays a part of what is owed in files; true where there is more. Under the lock.</summary>
    public bool PayPart()
    {
        foreach (string baseName in _unplaced.Keys.Take(PartMax))
        {
            Place(baseName);
        }
        int before = _removed.Count;
        RemoveFiles(PartMax);
        return !_unplaced.IsEmpty || (!_removed.IsEmpty && _removed.Count < before);
    }

    /// <summary>Pays what is owed but the flags in names. Under the lock. The frames come last: what is in the log is done on disk.</summary>
    public void Pay()
    {
        byte[][] frames;
        lock (_owed)
        {
            frames = [.. _frames];
        }
        foreach (string baseName in _unplaced.Keys)
        {
            Place(baseName);
        }
        RemoveFiles(int.MaxValue);
        WriteLog(frames);
    }

    public int FrameCount
    {
        get
        {
            lock (_owed)
            {
                return _frames.Count;
            }
        }
    }

    /// <summary>The index was written anew up to this many owed frames. Under the lock.</summary>
    public void Folded(int frames)
    {
        lock (_owed)
        {
            _frames.RemoveRange(0, frames);
        }
        LogOctets = IndexFile.LogHeaderOctets;
    }

    private bool Unlink(string path)
    {
        news.Expect(path, arrives: false);
        bool done = false;
        try
        {
            done = files.Unlink(folder.Full(path));
            return done;
        }
        finally
        {
            if (!done)
            {
                news.ExpectNot(path, arrives: false);
            }
        }
    }

    /// <summary>An expunged message goes without ever having had a place; false where it has one.</summary>
    private bool RemoveWaiting(string baseName)
    {
        if (!_unplaced.TryGetValue(baseName, out Placement placement))
        {
            return false;
        }
        files.Unlink(folder.Full(placement.Waiting));
        _unplaced.TryRemove(baseName, out _);
        return true;
    }

    private void RemoveFiles(int max)
    {
        List<string> settled = [];
        List<string> elsewhere = [];
        foreach ((string baseName, string path) in _removed.Take(max))
        {
            bool isActual = _actual.TryGetValue(baseName, out string? actual);
            // Expunged before it had its place, and perhaps since the others were placed: who misses it now would place it later, for good.
            bool isDone = RemoveWaiting(baseName) || Unlink(isActual ? actual! : path) || Unlink(path);
            (isDone ? settled : elsewhere).Add(baseName);
        }
        // Another program has renamed them meanwhile, or removed them: then we look. Who cannot be caught stays owed.
        HashSet<string> uncaught = elsewhere.Count == 0 ? [] : folder.Reach(elsewhere, Unlink);
        foreach (string baseName in settled.Concat(elsewhere).Where(n => !uncaught.Contains(n)))
        {
            _removed.TryRemove(baseName, out _);
            ForgetActual(baseName);
        }
    }

    private void WriteLog(byte[][] frames)
    {
        if (frames.Length == 0)
        {
            return;
        }
        using IFile log = files.Open(System.IO.Path.Combine(folder.Path, IndexFile.LogName), OpenKind.Write)!;
        long at = LogOctets;
        if (at < IndexFile.LogHeaderOctets)
        {
            log.Truncate(0);
            log.Write(0, IndexFile.LogHeader());
            at = IndexFile.LogHeaderOctets;
        }
        byte[] joined = frames.Length == 1 ? frames[0] : [.. frames.SelectMany(f => f)];
        log.Write(at, joined); // Over a torn tail, if there was one: what follows our frames fails its checksum.
        LogOctets = at + joined.Length;
        lock (_owed)
        {
            _frames.RemoveRange(0, frames.Length);
        }
    }
}
