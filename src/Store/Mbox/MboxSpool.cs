using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>
/// The file of one mailbox and the private files that describe it. On workers, and under <see cref="Lock"/>; what changes the mail also
/// under the <see cref="SpoolLock"/> that is given.
/// </summary>
internal sealed class MboxSpool : IDisposable
{
    /// <summary>So much of an append is remembered, to know a torn one again.</summary>
    private const int RegionStartOctets = 512;

    private readonly MboxStore _store;
    private OpenFiles.HeldFile? _log;
    private long _logEnd;
    private ulong _logSequence;

    public MboxSpool(MboxStore store, string path, string dataFolder, MboxState state)
    {
        _store = store;
        Path = path;
        DataFolder = dataFolder;
        Layout = state.Layout;
        FileOctets = state.FileOctets;
        FileTicks = state.FileTicks;
        _logEnd = state.LogOctets;
        _logSequence = state.Index.Sequence;
    }

    public string Path { get; }

    public string DataFolder { get; }

    /// <summary>Held for file work only.</summary>
    public Lock Lock { get; } = new();

    public MboxLayout Layout { get; }

    /// <summary>Size of the file when it was as the layout says.</summary>
    public long FileOctets { get; private set; }

    /// <summary>Its time then; 0: unknown, it must be read.</summary>
    public long FileTicks { get; private set; }

    /// <summary>What an earlier rewrite left is not finished: nothing works before the mailbox is loaded again.</summary>
    public bool IsBroken { get; private set; }

    public bool IsClosed { get; private set; }

    public long LogOctets => _logEnd;

    /// <summary>What is known of the file is in memory alone.</summary>
    public bool HasUnloggedFacts { get; private set; }

    /// <summary>Messages were found that no commit knows yet.</summary>
    public bool HasUnassigned
    {
        get
        {
            foreach (ref readonly MboxEntry entry in Layout.Entries)
            {
                if (entry.Uid == 0)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Where the pseudo message of Pine or UW ends; 0: there is none.</summary>
    public long PseudoOctets => Layout.Count > 0 && Layout[0].Offset > 0 ? Layout[0].Offset : 0;

    /// <summary>The file is as we know it. A missing one is as an empty one.</summary>
    public bool IsUnchanged()
    {
        bool exists = _store.Files.TryStat(Path, out FileFacts facts);
        return exists ? facts.Octets == FileOctets && facts.ModifiedTicks == FileTicks : FileOctets == 0 && Layout.Count == 0;
    }

    /// <summary>The file is now as the layout says, after we changed or read it.</summary>
    public void NoteFacts(long octets)
    {
        FileTicks = _store.Files.TryStat(Path, out FileFacts facts) && facts.Octets == octets ? facts.ModifiedTicks : 0;
        FileOctets = octets;
        HasUnloggedFacts = true;
    }

    /// <summary>The layout must be compared with the file again.</summary>
    public void ForgetFacts() => FileTicks = 0;

    /// <summary>The next look reads the whole file, and tells how many KiB of how many it has read.</summary>
    public void ReadAllAgain(Action<int, int> progress)
    {
        lock (Lock)
        {
            ForgetFacts();
            Progress = progress;
        }
    }

    /// <summary>Whom a look tells how far it has come; null: nobody.</summary>
    public Action<int, int>? Progress { get; private set; }

    /// <summary>Writes the commits, and what changed of the layout, as one durable step. Throws with nothing written.</summary>
    public void LogStep(IReadOnlyList<byte[]> frames, AppendRegion? region)
    {
        long before = _logEnd;
        try
        {
            WriteLog(NextStep(frames, region));
            _log!.Sync();
        }
        catch (FileFault)
        {
            CutLog(before);
            throw;
        }
        Layout.MarkLogged();
    }

    /// <summary>What is known of the file, not synced: without it a restart after a kill reads the whole file.</summary>
    public void LogFacts()
    {
        if (HasUnloggedFacts && FileTicks != 0)
        {
            WriteLog(NextStep([], null));
            Layout.MarkLogged();
            HasUnloggedFacts = false;
        }
    }

    /// <summary>The step with all that the log does not have yet.</summary>
    public byte[] NextStep(IReadOnlyList<byte[]> frames, AppendRegion? region)
    {
        bool changed = Layout.DirtyFrom < Layout.Count || region is not null || frames.Count > 0;
        return MboxIndex.Encode(new MboxLogRecord
        {
            Frames = frames,
            KeptEntries = changed ? Layout.DirtyFrom : -1,
            Entries = changed ? Layout.Entries[Layout.DirtyFrom..].ToArray() : [],
            Region = region,
            FileOctets = FileOctets,
            FileTicks = region is null ? FileTicks : 0,
        });
    }

    /// <summary>Writes the messages behind all others and makes them durable; or throws, with nothing changed. The layout has them then.</summary>
    public AppendRegion Append(SpoolLock spoolLock, IReadOnlyList<NewMessage> messages, IReadOnlyList<byte[]> frames, SpoolBase spoolBase)
    {
        IFile file = spoolLock.File!;
        long at = file.Octets;
        int layoutBefore = Layout.Count;
        byte[] padding = PaddingAt(file, at);
        var plan = new AppendPlan(_store, messages, padding, at, Layout.Count == 0 && at == 0 ? spoolBase : null);
        AppendRegion region = plan.Measure(RegionStartOctets);
        long logBefore = _logEnd;
        foreach (MboxEntry entry in plan.Entries)
        {
            Layout.Append(entry);
        }
        try
        {
            FileOctets = at + region.Length;
            LogStep(frames, region);
            plan.Write(file);
            SpoolBaseField.Update(file, spoolBase);
            file.Sync();
        }
        catch (FileFault)
        {
            TakeBack(file, layoutBefore, region, logBefore);
            throw;
        }
        NoteFacts(at + region.Length);
        return region;
    }

    /// <summary>The append did not happen after all. Throws nothing: what cannot be taken back is found when the mailbox is loaded again.</summary>
    public void TakeBack(IFile file, int layoutCount, AppendRegion region, long logOctets)
    {
        Layout.Replace(layoutCount, []);
        ForgetFacts();
        try
        {
            if (file.Octets > region.Offset)
            {
                file.Truncate(region.Offset);
                file.Sync();
            }
            NoteFacts(region.Offset);
        }
        catch (FileFault)
        {
            IsBroken = true;
        }
        if (_logEnd != logOctets)
        {
            CutLog(logOctets);
        }
    }

    /// <summary>
    /// Applies the edits and moves what lies behind them, durably; the layout is then as given. A fault before anything was changed is thrown;
    /// one in the middle also breaks the mailbox, until it is loaded again and the work finished.
    /// </summary>
    public void Rewrite(SpoolLock spoolLock, IReadOnlyList<SpoolEdit> edits, int from, List<MboxEntry> entries, IReadOnlyList<byte[]> frames)
    {
        IFile file = spoolLock.File!;
        List<MboxEntry> before = [.. Layout.Entries[from..]];
        Layout.Replace(from, entries);
        FileOctets = file.Octets + edits.Sum(e => e.Replacement.Length - (e.To - e.From));
        FileTicks = 0;
        var rewrite = new SpoolRewrite(_store.Files, DataFolder);
        bool isLogged = false;
        try
        {
            rewrite.Run(file, edits, NextStep(frames, null), spoolLock.Touch);
            NoteFacts(FileOctets);
            LogStep(frames, null);
            isLogged = true;
            rewrite.Forget();
        }
        catch (FileFault)
        {
            Layout.Replace(from, before);
            ForgetFacts();
            IsBroken = isLogged || SpoolRewrite.HasBegun(_store.Files, DataFolder);
            throw;
        }
    }

    /// <summary>Writes the index anew and empties the log.</summary>
    public void Fold(IndexState state)
    {
        _log?.Dispose();
        _log = null;
        MboxIndex.Write(_store.Files, DataFolder, state, Layout.Entries, FileOctets, FileTicks);
        Layout.MarkLogged();
        HasUnloggedFacts = false;
        _logEnd = MboxIndex.LogHeaderOctets;
        _logSequence = state.Sequence;
    }

    public void Dispose()
    {
        IsClosed = true;
        _log?.Dispose();
        _log = null;
    }

    private void WriteLog(byte[] step)
    {
        if (_log is null)
        {
            string path = System.IO.Path.Combine(DataFolder, MboxIndex.LogName);
            _log = _store.OpenFiles.Hold(_store.Files.Open(path, OpenKind.Write)!, path, f => f.Octets >= _logEnd);
            if (_logEnd == 0)
            {
                _log.Truncate(0);
                _log.Write(0, MboxIndex.LogHeader(_logSequence));
                _store.Files.SyncFolder(DataFolder);
                _logEnd = MboxIndex.LogHeaderOctets;
            }
            else if (_log.Octets > _logEnd)
            {
                _log.Truncate(_logEnd); // A torn step.
            }
        }
        _log.Write(_logEnd, step);
        _logEnd += step.Length;
    }

    private void CutLog(long octets)
    {
        _logEnd = octets;
        try
        {
            _log?.Truncate(octets);
            _log?.Sync();
        }
        catch (FileFault)
        {
            IsBroken = true; // The step may be read at the next start: then it happened.
        }
    }

    /// <summary>What is missing for a From_ line to be seen: the last line's end, and a blank line.</summary>
    public static byte[] PaddingAt(IFile file, long end)
    {
        Span<byte> last = stackalloc byte[3];
        last = last[..(int)Math.Min(3, end)];
        int count = end == 0 ? 0 : file.Read(end - last.Length, last);
        last = last[..count];
        return end == 0 || last.EndsWith("\n\n"u8) || last.EndsWith("\n\r\n"u8) ? [] : last[^1] == (byte)'\n' ? [(byte)'\n'] : [(byte)'\n', (byte)'\n'];
    }
}
