using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>One recovery.</summary>
internal sealed class RecoveryRun(MaildirStore store, bool isSameBoot)
{
    private readonly Dictionary<string, MaildirAccount?> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, RecoveringMailbox?> _mailboxes = [];
    private readonly Dictionary<string, ContentPlace> _contents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FrameArrival> _arrivals = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, List<string>> _arrivedIn = [];
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, FoundFile>> _scans = new(StringComparer.Ordinal);

    /// <summary>Only frames of these mailboxes.</summary>
    public IReadOnlySet<Guid>? Only { get; init; }

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
        HashSet<string> left = [.. record.Frames.SelectMany(f => f.Frame.Expunged.Select(e => e.BaseName))];
        foreach (JournalFrame frame in record.Frames)
        {
            Know(frame, left);
            if ((Only is not null && !Only.Contains(frame.Mailbox.Guid)) || Find(frame.Mailbox) is not { } mailbox)
            {
                continue;
            }
            mailbox.State.Apply(frame.Frame);
            mailbox.Changed.UnionWith(frame.Frame.Upserts.Select(r => r.Uid.Value));
            mailbox.Arrived.UnionWith(frame.Frame.Arrivals.Select(a => a.BaseName));
            mailbox.Removed.UnionWith(frame.Frame.Expunged.Select(e => e.BaseName).Where(n => n.Length > 0));
        }
    }

    /// <summary>Where the octets of what arrived may lie.</summary>
    private void Know(JournalFrame frame, HashSet<string> left)
    {
        foreach (FrameArrival arrival in frame.Frame.Arrivals)
        {
            _arrivals[arrival.BaseName] = arrival;
            if (!_arrivedIn.TryGetValue(frame.Mailbox.Guid, out List<string>? names))
            {
                _arrivedIn.Add(frame.Mailbox.Guid, names = []);
            }
            names.Add(arrival.BaseName);
            if (arrival.SourceBaseName.Length > 0 && left.Contains(arrival.SourceBaseName))
            {
                _moved.Add(arrival.BaseName);
            }
        }
    }

    public void Finish()
    {
        // All places before any removal: what was moved may have its only octets where it came from.
        foreach (RecoveringMailbox mailbox in Remaining())
        {
            Guarded(mailbox, PlaceAll);
        }
        // Those octets may exist nowhere else: a source waits for its destination.
        HashSet<Guid> awaited = Awaited();
        foreach (RecoveringMailbox source in Remaining().Where(m => awaited.Contains(m.Name.Guid)))
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

    /// <summary>The mailboxes that messages of failed ones came from.</summary>
    private HashSet<Guid> Awaited()
    {
        HashSet<Guid> sources = [];
        foreach (string arrived in Failed.Keys.SelectMany(f => _arrivedIn.GetValueOrDefault(f) ?? []))
        {
            string baseName = arrived;
            while (_arrivals.TryGetValue(baseName, out FrameArrival arrival) && arrival.SourceBaseName.Length > 0)
            {
                sources.Add(arrival.SourceMailbox);
                baseName = arrival.SourceBaseName;
            }
        }
        return sources;
    }

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
            if (!store.Files.Rename(temporary, target) && _moved.Contains(baseName) && SourceOf(baseName) is { } unmoved)
            {
                store.Files.Rename(unmoved.Path, target);
                _scans[unmoved.Folder].Remove(unmoved.BaseName);
                FilesWritten++;
            }
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
            if (store.Files.LinkOrCopy(source.Path, temporary, null))
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

    /// <summary>The file that the message was copied from, or that one from, and so on: what was moved twice may still lie where it was first.</summary>
    private (string Path, string Folder, string BaseName)? SourceOf(string baseName)
    {
        while (_arrivals.TryGetValue(baseName, out FrameArrival arrival) && arrival.SourceBaseName.Length > 0)
        {
            baseName = arrival.SourceBaseName;
            IEnumerable<MaildirFolder> folders = _mailboxes.Values.OfType<RecoveringMailbox>().Select(m => m.Folder);
            foreach (MaildirFolder folder in FolderOfSource(arrival) is { } own ? folders.Append(own) : folders)
            {
                if (Scan(folder).TryGetValue(baseName, out FoundFile file))
                {
                    return (folder.Full(file.RelativePath), folder.Path, baseName);
                }
            }
        }
        return null;
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
        mailbox.Folder.Reach(removed, path =>
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
}
