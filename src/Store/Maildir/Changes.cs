using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>A message that another program delivered.</summary>
/// <param name="File">Where it lies.</param>
/// <param name="Measure">Null: it is looked up later.</param>
internal readonly record struct Newcomer(ScannedFile File, Measure? Measure)
{
    /// <summary>The UID that another program gave it: ours too, where it is not too low.</summary>
    public Uid? Listed { get; init; }
}

/// <summary>What other programs did to a mailbox's files, compared with its records. On a worker, under the lock of names.</summary>
internal sealed class Changes
{
    /// <summary>With more names than this in the news, listing the folders is quicker.</summary>
    private const int NamesMax = 256;

    /// <summary>Of so many that arrive together each is measured before it is shown; of more, later.</summary>
    private const int MeasuredAtOnceMax = 256;

    private readonly List<(Uid, ScannedFile)> _moved = [];
    private readonly List<Uid> _missing = [];
    private readonly List<Newcomer> _newcomers = [];
    private byte[]? _buffer;

    /// <summary>Messages whose files have, or may have, other names than their records say.</summary>
    public IReadOnlyList<(Uid Uid, ScannedFile File)> Moved => _moved;

    /// <summary>Messages whose files are gone.</summary>
    public IReadOnlyList<Uid> Missing => _missing;

    /// <summary>Files that no message has and none had that was just expunged.</summary>
    public IReadOnlyList<Newcomer> Newcomers => _newcomers;

    /// <summary>Files that somebody is still writing were left out: it is to be looked at again.</summary>
    public bool HasUnfinished { get; private set; }

    /// <summary>Files were seen nowhere, and events about them came meanwhile: the next look, which knows these, decides.</summary>
    public bool IsUndecided { get; private set; }

    public bool IsEmpty => _moved.Count == 0 && _missing.Count == 0 && _newcomers.Count == 0;

    /// <summary>By listing both folders.</summary>
    public static Changes FromLook(MaildirStore store, MaildirMailbox mailbox)
    {
        MailboxSnapshot settled = mailbox.Published;
        HashSet<string> unplaced = mailbox.Owed.UnplacedNames();
        ScannedFolder found = mailbox.Folder.Look();
        MailboxSnapshot head = HeadOf(mailbox);
        var changes = new Changes();
        List<MessageRecord> missing = MissingOf(mailbox, settled, unplaced, found);
        if (missing.Count > 0)
        {
            // A file that is renamed while the folder is read may be seen under neither name: only what two readings miss, and what has
            // not appeared anywhere meanwhile as far as the kernel tells, is gone.
            found.Add(mailbox.Folder.Look());
            missing = MissingOf(mailbox, settled, unplaced, found);
            store.Watcher.Drain();
            changes.IsUndecided = missing.RemoveAll(r => mailbox.News.Names(mailbox.Names[Locator.Of(r).NamePlace])) > 0;
        }
        changes._missing.AddRange(missing.Select(r => r.Uid));
        changes.Compare(mailbox, head, found);
        if (!ReferenceEquals(settled, head))
        {
            for (int i = 0; i < settled.Count; i++)
            {
                found.TryTake(mailbox.Names.Utf8At(Locator.Of(settled[i]).NamePlace), out _);
            }
        }
        List<ScannedFile> newcomers = found.Untaken();
        newcomers.RemoveAll(f => mailbox.Owed.IsRemoved(f.BaseText));
        foreach (ScannedFile newcomer in newcomers)
        {
            changes.Add(store, mailbox, newcomer, newcomers.Count <= MeasuredAtOnceMax);
        }
        return changes;
    }

    /// <summary>By what the kernel told of single files; null where that proves nothing, and only listing does.</summary>
    public static Changes? TryFromEvents(MaildirStore store, MaildirMailbox mailbox, IReadOnlyList<FolderEvent> events)
    {
        Dictionary<string, List<FolderEvent>> byBase = new(StringComparer.Ordinal);
        foreach (FolderEvent seen in events)
        {
            if (FileName.TryParse(seen.Name, out FileName name))
            {
                if (!byBase.TryGetValue(name.Base, out List<FolderEvent>? own))
                {
                    byBase.Add(name.Base, own = []);
                }
                own.Add(seen);
            }
        }
        var changes = new Changes();
        if (byBase.Count == 0)
        {
            return changes;
        }
        if (byBase.Count > NamesMax)
        {
            return null;
        }
        Dictionary<string, MessageRecord> records = Find(mailbox, HeadOf(mailbox), byBase.Keys);
        Dictionary<string, MessageRecord> leaving = Find(mailbox, mailbox.Published, byBase.Keys);
        foreach ((string baseName, List<FolderEvent> own) in byBase.OrderBy(b => b.Key, StringComparer.Ordinal))
        {
            bool isKnown = records.TryGetValue(baseName, out MessageRecord record);
            if (!isKnown && (leaving.ContainsKey(baseName) || mailbox.Owed.IsRemoved(baseName)))
            {
                continue; // Expunged, and the file follows, whatever its name is now.
            }
            if (mailbox.Owed.IsUnplaced(baseName) || !changes.TryApply(store, mailbox, isKnown ? record : null, baseName, own))
            {
                return null;
            }
        }
        return changes;
    }

    private static MailboxSnapshot HeadOf(MaildirMailbox mailbox)
    {
        lock (mailbox.Gate)
        {
            return mailbox.Head;
        }
    }

    private static List<MessageRecord> MissingOf(MaildirMailbox mailbox, MailboxSnapshot settled, HashSet<string> unplaced, ScannedFolder found)
    {
        List<MessageRecord> missing = [];
        for (int i = 0; i < settled.Count; i++)
        {
            long place = Locator.Of(settled[i]).NamePlace;
            if (!found.TryGet(mailbox.Names.Utf8At(place), out _) && (unplaced.Count == 0 || !unplaced.Contains(mailbox.Names[place])))
            {
                missing.Add(settled[i]);
            }
        }
        return missing;
    }

    private void Compare(MaildirMailbox mailbox, MailboxSnapshot head, ScannedFolder found)
    {
        for (int i = 0; i < head.Count; i++)
        {
            Locator known = Locator.Of(head[i]);
            if (found.TryTake(mailbox.Names.Utf8At(known.NamePlace), out ScannedFile file)
                && !(file.IsPlain && file.Letters == known.Letters && file.IsInNew == known.IsInNew))
            {
                _moved.Add((head[i].Uid, file));
            }
        }
    }

    private static Dictionary<string, MessageRecord> Find(MaildirMailbox mailbox, MailboxSnapshot snapshot, Dictionary<string, List<FolderEvent>>.KeyCollection baseNames)
    {
        Dictionary<ulong, string> hashes = [];
        foreach (string baseName in baseNames)
        {
            hashes.TryAdd(NameHash.Of(Encoding.UTF8.GetBytes(baseName)), baseName);
        }
        Dictionary<string, MessageRecord> found = new(StringComparer.Ordinal);
        for (int i = 0; i < snapshot.Count; i++)
        {
            long place = Locator.Of(snapshot[i]).NamePlace;
            if (hashes.ContainsKey(NameHash.Of(mailbox.Names.Utf8At(place))) && mailbox.Names[place] is var name && baseNames.Contains(name))
            {
                found[name] = snapshot[i];
            }
        }
        return found;
    }

    /// <summary>Plays the events of one message over where its file was. False where the end of it is not what the disk shows.</summary>
    private bool TryApply(MaildirStore store, MaildirMailbox mailbox, MessageRecord? record, string baseName, List<FolderEvent> events)
    {
        string? start = null;
        if (record is { } known)
        {
            start = mailbox.Owed.TryGetActual(baseName, out string? actual) ? actual! : MaildirFolder.PathOf(baseName, Locator.Of(known));
        }
        HashSet<(bool IsInNew, string Name)> present = start is null ? [] : [(start.StartsWith("new/", StringComparison.Ordinal), start[4..])];
        foreach (FolderEvent seen in events)
        {
            if (seen.HasArrived)
            {
                present.Add((seen.IsInNew, seen.Name));
            }
            else
            {
                present.Remove((seen.IsInNew, seen.Name));
            }
        }
        if (present.Count > 1)
        {
            return false; // One message under two names: which counts, only a listing decides.
        }
        if (present.Count == 0)
        {
            return record is null; // It has gone, or its new name is still on its way to us: only a listing tells these apart.
        }
        (bool isInNew, string name) = present.Single();
        if (!ScannedFile.TryParse(name, isInNew, out ScannedFile file))
        {
            return false;
        }
        if (record is null)
        {
            Add(store, mailbox, file, isMeasured: true);
            return true;
        }
        if (file.RelativePath != start)
        {
            _moved.Add((record.Value.Uid, file));
        }
        return store.Files.TryStat(mailbox.Folder.Full(file.RelativePath), out _);
    }

    private void Add(MaildirStore store, MaildirMailbox mailbox, in ScannedFile file, bool isMeasured)
    {
        if (!isMeasured)
        {
            _newcomers.Add(new Newcomer(file, null));
            return;
        }
        try
        {
            using IFile? opened = store.Files.Open(mailbox.Folder.Full(file.RelativePath), OpenKind.Read);
            if (opened is { IsBeingWritten: true })
            {
                HasUnfinished = true; // Copied straight to its place: its size would be wrong for ever.
            }
            else if (opened is not null) // Else it has gone again.
            {
                _newcomers.Add(new Newcomer(file, Maildir.Measure.Of(opened, file.Base, _buffer ??= new byte[Maildir.Measure.BufferOctets])));
            }
        }
        catch (FileFault fault)
        {
            mailbox.OnFault(fault); // It is there, and who asks for it hears that it cannot be read.
            _newcomers.Add(new Newcomer(file, null));
        }
    }
}
