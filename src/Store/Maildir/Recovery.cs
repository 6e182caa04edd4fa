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
/// </remarks>
internal static class Recovery
{
    /// <summary>On a worker.</summary>
    public static void Run(MaildirStore store, JournalContent journal)
    {
        if (journal.Records.Count == 0)
        {
            return;
        }
        var run = new RecoveryRun(store, journal.IsSameBoot);
        foreach (JournalRecord record in journal.Records)
        {
            run.Replay(record);
        }
        run.Finish();
        store.Log.Recovered(journal.Records.Count, run.FilesWritten, run.FilesRemoved);
    }
}

/// <summary>One recovery.</summary>
internal sealed class RecoveryRun(MaildirStore store, bool isSameBoot)
{
    private readonly Dictionary<string, MaildirAccount?> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, RecoveringMailbox?> _mailboxes = [];
    private readonly Dictionary<string, byte[]> _contents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FrameArrival> _arrivals = new(StringComparer.Ordinal);

    public int FilesWritten { get; private set; }

    public int FilesRemoved { get; private set; }

    public void Replay(JournalRecord record)
    {
        foreach ((string baseName, byte[] content) in record.Contents)
        {
            _contents[baseName] = content;
        }
        foreach (JournalFrame frame in record.Frames)
        {
            RecoveringMailbox? mailbox = Find(frame.Mailbox);
            if (mailbox is null)
            {
                continue;
            }
            mailbox.State.Apply(frame.Frame);
            mailbox.Changed.UnionWith(frame.Frame.Upserts.Select(r => r.Uid.Value));
            foreach (FrameArrival arrival in frame.Frame.Arrivals)
            {
                _arrivals[arrival.BaseName] = arrival;
                mailbox.Arrived.Add(arrival.BaseName);
            }
            mailbox.Removed.UnionWith(frame.Frame.Expunged.Select(e => e.BaseName).Where(n => n.Length > 0));
        }
    }

    public void Finish()
    {
        List<RecoveringMailbox> mailboxes = [.. _mailboxes.Values.OfType<RecoveringMailbox>()];
        // All places before any removal: what was moved may have its only octets where it came from.
        foreach (RecoveringMailbox mailbox in mailboxes)
        {
            PlaceAll(mailbox);
        }
        foreach (RecoveringMailbox mailbox in mailboxes)
        {
            RemoveAll(mailbox);
            TakeNames(mailbox);
            IndexFile.Write(store.Files, mailbox.Folder.Path, mailbox.State);
            store.Files.SyncFolder(mailbox.Folder.New);
            store.Files.SyncFolder(mailbox.Folder.Cur);
        }
        foreach (MaildirAccount account in _accounts.Values.OfType<MaildirAccount>())
        {
            // What was killed before it told other programs is counted anew.
            new Quota.MaildirSize(store, account.Root).Recalculate();
        }
        Dictionary<ulong, string> fileSystems = [];
        foreach (RecoveringMailbox mailbox in mailboxes)
        {
            fileSystems.TryAdd(store.Files.FileSystemOf(mailbox.Folder.Path), mailbox.Folder.Path);
        }
        foreach (string path in fileSystems.Values)
        {
            store.Files.SyncFileSystem(path);
        }
    }

    private RecoveringMailbox? Find(JournalMailbox name)
    {
        if (_mailboxes.TryGetValue(name.Guid, out RecoveringMailbox? known))
        {
            return known;
        }
        if (!_accounts.TryGetValue(name.AccountName, out MaildirAccount? account))
        {
            account = store.PrepareAccount(name.AccountName).TryGet(out MaildirAccount? prepared) ? prepared : null;
            _accounts.Add(name.AccountName, account);
        }
        RecoveringMailbox? mailbox = account is null ? null : Open(account, name);
        if (mailbox is null)
        {
            store.Log.MailboxOfCommitGone(name.AccountName, name.FolderName);
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
                return new RecoveringMailbox(folder, state);
            }
        }
        // Renamed after the commit, or deleted.
        if (account.FolderOf(name.Guid) is not { } elsewhere)
        {
            return null;
        }
        folder = new MaildirFolder(store.Files, Path.Combine(account.Root, elsewhere));
        return new RecoveringMailbox(folder, MailboxLoader.LoadState(store, folder, account.NextUidValidity, out _));
    }

    private void PlaceAll(RecoveringMailbox mailbox)
    {
        Dictionary<string, FoundFile> found = mailbox.Folder.Scan();
        foreach (MessageRecord record in mailbox.State.Records)
        {
            string baseName = mailbox.State.Names[Locator.Of(record).NamePlace];
            if (mailbox.Arrived.Contains(baseName))
            {
                Place(mailbox, record, baseName, found.TryGetValue(baseName, out FoundFile file) ? file.RelativePath : null);
            }
        }
    }

    private void Place(RecoveringMailbox mailbox, MessageRecord record, string baseName, string? foundAt)
    {
        string temporary = mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(baseName));
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
        if (!Locator.Of(record).HasBareLf && facts.Octets != record.Octets)
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
        return _contents.GetValueOrDefault(name);
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
            if (mailbox.Folder.Scan().TryGetValue(arrival.SourceBaseName, out FoundFile file))
            {
                return mailbox.Folder.Full(file.RelativePath);
            }
        }
        return FolderOfSource(arrival) is { } folder && folder.Scan().TryGetValue(arrival.SourceBaseName, out FoundFile elsewhere)
            ? folder.Full(elsewhere.RelativePath)
            : null;
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
        Dictionary<string, FoundFile> found = mailbox.Folder.Scan();
        foreach (string baseName in mailbox.Removed.Where(n => !alive.Contains(n)))
        {
            store.Files.Unlink(mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(baseName)));
            if (found.TryGetValue(baseName, out FoundFile file) && store.Files.Unlink(mailbox.Folder.Full(file.RelativePath)))
            {
                FilesRemoved++;
            }
        }
    }
}

/// <summary>A mailbox during recovery.</summary>
internal sealed record RecoveringMailbox(MaildirFolder Folder, IndexState State)
{
    public HashSet<string> Arrived { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Removed { get; } = new(StringComparer.Ordinal);

    /// <summary>UIDs whose records the journal changes.</summary>
    public HashSet<uint> Changed { get; } = [];
}
