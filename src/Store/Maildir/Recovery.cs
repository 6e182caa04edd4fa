using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Brings the mailboxes to what the journal says, before anybody uses them. May itself be interrupted and run again.
/// </summary>
/// <remarks>
/// Under the same boot the page cache was never lost: a message that is neither at its place nor in <c>tmp</c> was moved or deleted
/// by somebody, and stays so. Under another boot, files may be missing, short, or under an older name.
/// A mailbox whose files cannot be written keeps its records (<see cref="CarriedRecords"/>), and nobody opens it until they are applied.
/// </remarks>
internal static class Recovery
{
    /// <summary>On a worker. The mailboxes that could not be recovered, by identity.</summary>
    public static Dictionary<Guid, JournalMailbox> Run(MaildirStore store, JournalContent journal)
    {
        foreach (string segment in journal.Damaged)
        {
            store.Log.JournalDamaged(segment);
        }
        var run = new RecoveryRun(store, journal.IsSameBoot);
        if (journal.RecordCount == 0)
        {
            return [];
        }
        foreach (JournalRecord record in journal.Segments.SelectMany(s => JournalReader.Records(store.Files, s)))
        {
            run.Replay(record);
        }
        run.Finish();
        store.Log.Recovered(journal.RecordCount, run.FilesWritten, run.FilesRemoved);
        return run.Failed;
    }

    /// <summary>Tries once more what could not be done at the start. On a worker; throws what is still wrong.</summary>
    public static void RunCarried(MaildirStore store, JournalSegment carried, Guid mailbox, bool isSameBoot)
    {
        var run = new RecoveryRun(store, isSameBoot) { Only = mailbox };
        foreach (JournalRecord record in JournalReader.Records(store.Files, carried))
        {
            run.Replay(record);
        }
        run.Finish();
        if (run.Failed.Count > 0)
        {
            throw new FileFault("recovery", carried.Path, Posix.InputOutput);
        }
        store.Log.Recovered(carried.Records, run.FilesWritten, run.FilesRemoved);
    }
}

/// <summary>One recovery.</summary>
internal sealed class RecoveryRun(MaildirStore store, bool isSameBoot)
{
    private readonly Dictionary<string, MaildirAccount?> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, RecoveringMailbox?> _mailboxes = [];
    private readonly Dictionary<string, ContentPlace> _contents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FrameArrival> _arrivals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, FoundFile>> _scans = new(StringComparer.Ordinal);

    /// <summary>Only frames of this mailbox.</summary>
    public Guid? Only { get; init; }

    public int FilesWritten { get; private set; }

    public int FilesRemoved { get; private set; }

    /// <summary>Mailboxes that are not as the journal says: their files fail, or they wait for one whose files do.</summary>
    public Dictionary<Guid, JournalMailbox> Failed { get; } = [];

    public void Replay(JournalRecord record)
    {
        foreach ((string baseName, ContentPlace content) in record.Contents)
        {
            _contents[baseName] = content;
        }
        foreach (JournalFrame frame in record.Frames)
        {
            if ((Only is not null && Only != frame.Mailbox.Guid) || Find(frame.Mailbox) is not { } mailbox)
            {
                continue;
            }
            mailbox.State.Apply(frame.Frame);
            mailbox.Changed.UnionWith(frame.Frame.Upserts.Select(r => r.Uid.Value));
            foreach (FrameArrival arrival in frame.Frame.Arrivals)
            {
                _arrivals[arrival.BaseName] = arrival;
                mailbox.Arrived.Add(arrival.BaseName);
                if (arrival.SourceBaseName.Length > 0)
                {
                    mailbox.Sources.Add(arrival.SourceMailbox);
                }
            }
            mailbox.Removed.UnionWith(frame.Frame.Expunged.Select(e => e.BaseName).Where(n => n.Length > 0));
        }
    }

    public void Finish()
    {
        // All places before any removal: what was moved may have its only octets where it came from.
        foreach (RecoveringMailbox mailbox in Remaining())
        {
            Guarded(mailbox, PlaceAll);
        }
        // After a power loss those octets may exist nowhere else: a source waits for its destination.
        foreach (RecoveringMailbox source in isSameBoot ? [] : Remaining().Where(IsAwaited))
        {
            Failed[source.Name.Guid] = source.Name;
        }
        foreach (RecoveringMailbox mailbox in Remaining())
        {
            Guarded(mailbox, Settle);
        }
        foreach (MaildirAccount account in _accounts.Values.OfType<MaildirAccount>())
        {
            // What was killed before it told other programs is counted anew.
            new Quota.MaildirSize(store, account.Root).Recalculate();
        }
        Dictionary<ulong, string> fileSystems = [];
        foreach (RecoveringMailbox mailbox in _mailboxes.Values.OfType<RecoveringMailbox>())
        {
            fileSystems.TryAdd(store.Files.FileSystemOf(mailbox.Folder.Path), mailbox.Folder.Path);
        }
        foreach ((ulong device, string path) in fileSystems)
        {
            try
            {
                store.Files.SyncFileSystem(path);
            }
            catch (FileFault fault)
            {
                foreach (RecoveringMailbox mailbox in Remaining().Where(m => store.Files.FileSystemOf(m.Folder.Path) == device))
                {
                    Fail(mailbox.Name, mailbox.Folder.Path, fault);
                }
            }
        }
    }

    private List<RecoveringMailbox> Remaining() => [.. _mailboxes.Values.OfType<RecoveringMailbox>().Where(m => !Failed.ContainsKey(m.Name.Guid))];

    private bool IsAwaited(RecoveringMailbox source) =>
        _mailboxes.Values.OfType<RecoveringMailbox>().Any(m => Failed.ContainsKey(m.Name.Guid) && m.Sources.Contains(source.Name.Guid));

    private void Guarded(RecoveringMailbox mailbox, Action<RecoveringMailbox> work)
    {
        try
        {
            work(mailbox);
        }
        catch (FileFault fault)
        {
            Fail(mailbox.Name, mailbox.Folder.Path, fault);
        }
    }

    private void Fail(JournalMailbox name, string path, FileFault fault)
    {
        if (Failed.TryAdd(name.Guid, name))
        {
            store.Log.MailboxNotRecovered(name.AccountName, path, fault);
        }
    }

    private void Settle(RecoveringMailbox mailbox)
    {
        RemoveAll(mailbox);
        TakeNames(mailbox);
        IndexFile.Write(store.Files, mailbox.Folder.Path, mailbox.State);
        store.Files.SyncFolder(mailbox.Folder.New);
        store.Files.SyncFolder(mailbox.Folder.Cur);
    }

    private RecoveringMailbox? Find(JournalMailbox name)
    {
        if (_mailboxes.TryGetValue(name.Guid, out RecoveringMailbox? known))
        {
            return known;
        }
        RecoveringMailbox? mailbox = null;
        try
        {
            if (!_accounts.TryGetValue(name.AccountName, out MaildirAccount? account))
            {
                account = store.PrepareAccount(name.AccountName).TryGet(out MaildirAccount? prepared) ? prepared : null;
                _accounts.Add(name.AccountName, account);
            }
            mailbox = account is null ? null : Open(account, name);
            if (mailbox is null)
            {
                store.Log.MailboxOfCommitGone(name.AccountName, name.FolderName);
            }
        }
        catch (FileFault fault)
        {
            Fail(name, name.FolderName, fault);
        }
        _mailboxes.Add(name.Guid, mailbox);
        return mailbox;
    }

    private RecoveringMailbox? Open(MaildirAccount account, JournalMailbox name)
    {
        var folder = new MaildirFolder(store.Files, Path.Combine(account.Root, name.FolderName == "." ? "" : name.FolderName));
        if (store.Files.TryStat(folder.Cur, out _))
        {
            IndexState state = MailboxLoader.LoadState(store, folder, account.NextUidValidity, out _);
            if (state.Guid == name.Guid)
            {
                return new RecoveringMailbox(name, folder, state);
            }
        }
        // Renamed after the commit, or deleted.
        if (account.FolderOf(name.Guid) is not { } elsewhere)
        {
            return null;
        }
        folder = new MaildirFolder(store.Files, Path.Combine(account.Root, elsewhere));
        return new RecoveringMailbox(name, folder, MailboxLoader.LoadState(store, folder, account.NextUidValidity, out _));
    }

    private void PlaceAll(RecoveringMailbox mailbox)
    {
        Dictionary<string, FoundFile> found = Scan(mailbox.Folder);
        foreach (MessageRecord record in mailbox.State.Records)
        {
            string baseName = mailbox.State.Names[Locator.Of(record).NamePlace];
            if (mailbox.Arrived.Contains(baseName))
            {
                Place(mailbox, record, baseName, found.TryGetValue(baseName, out FoundFile file) ? file.RelativePath : null);
            }
        }
        _scans.Remove(mailbox.Folder.Path); // It is another now.
    }

    private void Place(RecoveringMailbox mailbox, MessageRecord record, string baseName, string? foundAt)
    {
        string own = mailbox.Folder.Full(MaildirFolder.OwnTemporaryPathOf(baseName));
        string temporary = store.Files.TryStat(own, out _) ? own : mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(baseName));
        string target = mailbox.Folder.Full(foundAt ?? MaildirFolder.PathOf(baseName, Locator.Of(record)));
        if (foundAt is not null && (isSameBoot || IsWhole(target, record, baseName)))
        {
            return;
        }
        if (foundAt is null && (isSameBoot || IsWhole(temporary, record, baseName)))
        {
            store.Files.Rename(temporary, target);
            return;
        }
        if (ContentOf(baseName) is { } content)
        {
            store.Files.Unlink(temporary);
            using (IFile file = store.Files.Open(temporary, OpenKind.CreateNew)!)
            {
                file.Write(0, content);
                file.SetModified(record.InternalDateSeconds);
                file.Sync();
            }
            store.Files.Rename(temporary, target);
            FilesWritten++;
        }
        else if (SourceOf(baseName) is { } source)
        {
            store.Files.Unlink(temporary);
            if (store.Files.Link(source, temporary) == LinkOutcome.Linked)
            {
                store.Files.Rename(temporary, target);
                FilesWritten++;
            }
        }
    }

    private bool IsWhole(string path, MessageRecord record, string baseName)
    {
        if (!store.Files.TryStat(path, out FileFacts facts))
        {
            return false;
        }
        if (record.IsMeasured && !Locator.Of(record).HasBareLf && facts.Octets != record.Octets)
        {
            return false;
        }
        return ContentOf(baseName) is not { } content || content.AsSpan().SequenceEqual(store.Files.ReadAll(path));
    }

    /// <summary>From the journal, also where the message was copied from one that is in it.</summary>
    private byte[]? ContentOf(string baseName)
    {
        string name = baseName;
        while (!_contents.ContainsKey(name) && _arrivals.TryGetValue(name, out FrameArrival arrival) && arrival.SourceBaseName.Length > 0)
        {
            name = arrival.SourceBaseName;
        }
        return _contents.TryGetValue(name, out ContentPlace place) ? JournalReader.ReadContent(store.Files, place) : null;
    }

    /// <summary>The file that the message was copied from.</summary>
    private string? SourceOf(string baseName)
    {
        if (!_arrivals.TryGetValue(baseName, out FrameArrival arrival) || arrival.SourceBaseName.Length == 0)
        {
            return null;
        }
        foreach (RecoveringMailbox mailbox in _mailboxes.Values.OfType<RecoveringMailbox>())
        {
            if (Scan(mailbox.Folder).TryGetValue(arrival.SourceBaseName, out FoundFile file))
            {
                return mailbox.Folder.Full(file.RelativePath);
            }
        }
        return FolderOfSource(arrival) is { } folder && Scan(folder).TryGetValue(arrival.SourceBaseName, out FoundFile elsewhere)
            ? folder.Full(elsewhere.RelativePath)
            : null;
    }

    private Dictionary<string, FoundFile> Scan(MaildirFolder folder)
    {
        if (!_scans.TryGetValue(folder.Path, out Dictionary<string, FoundFile>? found))
        {
            found = folder.Scan();
            _scans.Add(folder.Path, found);
        }
        return found;
    }

    private MaildirFolder? FolderOfSource(FrameArrival arrival)
    {
        foreach (MaildirAccount account in _accounts.Values.OfType<MaildirAccount>())
        {
            if (account.FolderOf(arrival.SourceMailbox) is { } folder)
            {
                return new MaildirFolder(store.Files, Path.Combine(account.Root, folder));
            }
        }
        return null;
    }

    /// <summary>
    /// After a power loss a file may have an older name than its record knows, since our renaming was not synced. That is no change
    /// of flags by another program: the record learns the name, and the name will follow the flags again.
    /// </summary>
    private void TakeNames(RecoveringMailbox mailbox)
    {
        if (isSameBoot)
        {
            return;
        }
        Dictionary<string, FoundFile> found = mailbox.Folder.Scan();
        for (int i = 0; i < mailbox.State.Records.Count; i++)
        {
            MessageRecord record = mailbox.State.Records[i];
            Locator known = Locator.Of(record);
            if (mailbox.Changed.Contains(record.Uid.Value) && found.TryGetValue(mailbox.State.Names[known.NamePlace], out FoundFile file))
            {
                Locator actual = Locator.Create(known.NamePlace, file.IsInNew, known.HasBareLf, file.Name.Letters);
                mailbox.State.Records[i] = record with { Locator = actual.Value };
            }
        }
    }

    private void RemoveAll(RecoveringMailbox mailbox)
    {
        HashSet<string> alive = [.. mailbox.State.Records.Select(r => mailbox.State.Names[Locator.Of(r).NamePlace])];
        List<string> removed = [.. mailbox.Removed.Where(n => !alive.Contains(n))];
        foreach (string baseName in removed)
        {
            store.Files.Unlink(mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(baseName)));
            store.Files.Unlink(mailbox.Folder.Full(MaildirFolder.OwnTemporaryPathOf(baseName)));
        }
        mailbox.Folder.Remove(removed, path =>
        {
            bool isRemoved = store.Files.Unlink(mailbox.Folder.Full(path));
            FilesRemoved += isRemoved ? 1 : 0;
            return isRemoved;
        });
    }
}

/// <summary>A mailbox during recovery.</summary>
internal sealed record RecoveringMailbox(JournalMailbox Name, MaildirFolder Folder, IndexState State)
{
    public HashSet<string> Arrived { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Removed { get; } = new(StringComparer.Ordinal);

    /// <summary>UIDs whose records the journal changes.</summary>
    public HashSet<uint> Changed { get; } = [];

    /// <summary>Mailboxes that messages were copied or moved from.</summary>
    public HashSet<Guid> Sources { get; } = [];
}
