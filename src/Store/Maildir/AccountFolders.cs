using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>The folders of one account's mailboxes. On workers, and under the account's lock of names once the account is open.</summary>
internal sealed class AccountFolders(MaildirStore store, string root)
{
    /// <summary>As Courier marks a folder of a Maildir++.</summary>
    private const string FolderMark = "maildirfolder";

    /// <summary>No mailbox name is encoded to this: an empty level.</summary>
    private const string DoomedPrefix = "..deleted-";

    /// <summary>What the account knows beside its folders.</summary>
    public AccountFile File { get; } = new(store.Files, root);

    /// <summary>On a worker, once: what an account needs before anything else.</summary>
    public void Prepare()
    {
        new MaildirFolder(store.Files, root).Create();
        List<string> entries = store.Files.List(root) ?? [];
        File.Load(entries.Where(IsMailbox));
        if (File.MustSaveSubscriptions)
        {
            File.SaveSubscriptions();
        }
        foreach (string folder in entries.Where(f => f.StartsWith(DoomedPrefix, StringComparison.Ordinal)))
        {
            store.Files.RemoveFolder(Path.Combine(root, folder));
        }
    }

    /// <summary>On a worker: the folder that holds the mailbox of this identity, or null.</summary>
    public string? Of(Guid guid) => All().FirstOrDefault(
        f => IndexFile.TryLoad(store.Files, Path.Combine(root, f), out IndexState? state, out _) && state.Guid == guid);

    /// <summary>On a worker, before anything is open.</summary>
    public UidValidity NextUidValidity() => File.NextUidValidity(store.Clock.GetUtcNow());

    /// <summary>The mailboxes' folders below the root by their names; INBOX's is the root itself, "".</summary>
    public Dictionary<MailboxName, string> Map() => Map(store.Files, root, store.Files.List(root) ?? [], File.Spelling);

    /// <inheritdoc cref="Map()"/>
    public static Dictionary<MailboxName, string> Map(IFiles files, string root, List<string> listed, FolderSpelling spelling)
    {
        Dictionary<MailboxName, string> mailboxes = FolderNames.Map(listed.Where(f => IsMailbox(files, root, f)), spelling);
        mailboxes[MailboxName.Inbox] = "";
        return mailboxes;
    }

    /// <summary>The mailboxes' folders; INBOX's is "".</summary>
    public List<string> All() => [.. Map().Values];

    public HashSet<MailboxName> Names() => [.. Map().Keys];

    /// <summary>The folder of the mailbox, or null. Other programs may encode a name in another way than we do.</summary>
    public string? Find(MailboxName mailboxName)
    {
        string canonical = FolderNames.Encode(mailboxName, File.Spelling);
        return canonical.Length == 0 || IsMailbox(canonical) ? canonical : Map().GetValueOrDefault(mailboxName);
    }

    private bool IsMailbox(string folder) => IsMailbox(store.Files, root, folder);

    private static bool IsMailbox(IFiles files, string root, string folder) =>
        folder.StartsWith('.') && files.TryStat(Path.Combine(root, folder, "cur"), out _);

    public StoreResult<Done> Create(List<MailboxName> names, MailboxName wanted, SpecialUse specialUse)
    {
        if (!names.TrueForAll(n => FolderNames.Fits(n, File.Spelling)))
        {
            return StoreError.InvalidName;
        }
        foreach (MailboxName created in names)
        {
            string folderName = FolderNames.Encode(created, File.Spelling);
            string path = Path.Combine(root, folderName);
            // The mark of a mailbox is its "cur": it comes last, so that half a mailbox is none.
            store.Files.CreateFolder(Path.Combine(path, "tmp"));
            store.Files.CreateFolder(Path.Combine(path, "new"));
            store.Files.Replace(Path.Combine(path, FolderMark));
            IndexFile.Write(store.Files, path, new IndexState(Guid.NewGuid(), NextUidValidity()));
            store.Files.CreateFolder(Path.Combine(path, "cur"));
            store.Files.SyncFolder(path);
            if (created == wanted && specialUse != SpecialUse.None)
            {
                File.Uses[folderName] = specialUse;
                File.Save();
            }
        }
        store.Files.SyncFolder(root);
        return default(Done);
    }

    /// <inheritdoc cref="ISideFiles.ReadAsync"/>
    public StoreResult<ReadOnlyMemory<byte>> ReadSideFile(MailboxName? mailbox, string fileName) =>
        (mailbox is null ? "" : Find(mailbox)) is { } folder
            ? StoreResults.Of<ReadOnlyMemory<byte>>(store.Files.ReadAll(Path.Combine(root, folder, fileName)) ?? [])
            : StoreError.NotFound;

    /// <inheritdoc cref="ISideFiles.ReplaceAsync"/>
    public StoreResult<Done> ReplaceSideFile(MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content)
    {
        if ((mailbox is null ? "" : Find(mailbox)) is not { } folder)
        {
            return StoreError.NotFound;
        }
        string path = Path.Combine(root, folder, fileName);
        if (content.IsEmpty)
        {
            store.Files.Unlink(path);
        }
        else
        {
            store.Files.Replace(path, content);
        }
        store.Files.SyncFolder(Path.Combine(root, folder));
        return default(Done);
    }

    /// <summary>Out of sight at once, then removed.</summary>
    public StoreResult<Done> Remove(string folderName)
    {
        string doomed = Path.Combine(root, DoomedPrefix + Guid.NewGuid().ToString("N"));
        store.Files.Rename(Path.Combine(root, folderName), doomed);
        store.Files.SyncFolder(root);
        if (File.Uses.Remove(folderName))
        {
            File.Save();
        }
        try
        {
            store.Files.RemoveFolder(doomed);
        }
        catch (FileFault fault)
        {
            store.OnStagingFault(fault); // The mailbox is gone; what is left of it is swept when the account is next prepared.
        }
        return default(Done);
    }

    public StoreResult<Done> Rename(RenamePlan plan)
    {
        StoreResult<Done> created = Create([.. plan.Create], MailboxName.Inbox, SpecialUse.None);
        if (created.Error != StoreError.None)
        {
            return created;
        }
        bool usesChanged = false;
        foreach ((MailboxName from, MailboxName to) in plan.Renamings)
        {
            string old = Find(from)!;
            string renamed = FolderNames.Encode(to, File.Spelling);
            store.Files.Rename(Path.Combine(root, old), Path.Combine(root, renamed));
            if (File.Uses.Remove(old, out SpecialUse use))
            {
                File.Uses[renamed] = use;
                usesChanged = true;
            }
        }
        store.Files.SyncFolder(root);
        if (usesChanged)
        {
            File.Save();
        }
        return default(Done);
    }
}
