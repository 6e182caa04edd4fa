using MailAccess.Store.Files;

namespace MailAccess.Store.Mbox;

/// <summary>Which files are an account's mailboxes: its inbox spool, and those below its folder. Blocks.</summary>
/// <param name="files">The system's.</param>
/// <param name="inbox">The spool; need not be there.</param>
/// <param name="root">The folder of all others.</param>
/// <param name="mends">A mailbox that a crash left half way to being a folder gets there; else it is left alone, and not seen.</param>
internal sealed class MboxTree(IFiles files, string inbox, string root, bool mends)
{
    /// <summary>Begins the name of a folder that a mailbox's file is being moved into.</summary>
    public const string ConvertingPrefix = ".becoming-folder-";

    /// <summary>The mailbox's file; null where it has none. INBOX always has one, if only in principle.</summary>
    public string? Find(MailboxName name)
    {
        if (name.IsInbox)
        {
            return inbox;
        }
        return TreeNames.Encode(name) is { } relative && FileAt(Path.Combine(root, relative)) is { } path ? path
            : All().TryGetValue(name, out string? other) ? other : null; // Other programs may spell a name otherwise.
    }

    /// <summary>All mailboxes and their files.</summary>
    public Dictionary<MailboxName, string> All()
    {
        Dictionary<MailboxName, string> found = new() { [MailboxName.Inbox] = inbox };
        Collect("", found);
        return found;
    }

    private string? FileAt(string path)
    {
        if (!files.TryStat(path, out FileFacts facts))
        {
            return null;
        }
        if (!facts.IsFolder)
        {
            return path;
        }
        string own = Path.Combine(path, TreeNames.OwnMessages);
        return files.TryStat(own, out facts) && !facts.IsFolder ? own : null;
    }

    private void Collect(string relative, Dictionary<MailboxName, string> found)
    {
        string folder = Path.Combine(root, relative);
        foreach (string entry in files.List(folder) ?? [])
        {
            string name = entry.StartsWith(ConvertingPrefix, StringComparison.Ordinal) && mends ? Mend(folder, entry) : entry;
            string path = Path.Combine(folder, name);
            string inside = relative.Length == 0 ? name : relative + "/" + name;
            if (name[0] == '.' || !files.TryStat(path, out FileFacts facts))
            {
                continue;
            }
            if (TreeNames.TryDecode(inside, out MailboxName? mailbox) && FileAt(path) is { } file)
            {
                found.TryAdd(mailbox, file);
            }
            if (facts.IsFolder && inside.Count(c => c == '/') < MailboxName.LevelsMax)
            {
                Collect(inside, found);
            }
        }
    }

    /// <summary>The name of the folder that it was to be, where nothing else took it meanwhile.</summary>
    private string Mend(string folder, string entry)
    {
        string name = entry[ConvertingPrefix.Length..];
        if (name.Length == 0 || files.TryStat(Path.Combine(folder, name), out _) || !files.TryStat(Path.Combine(folder, entry, TreeNames.OwnMessages), out _))
        {
            return entry;
        }
        files.Rename(Path.Combine(folder, entry), Path.Combine(folder, name));
        files.SyncFolder(folder);
        return name;
    }
}
