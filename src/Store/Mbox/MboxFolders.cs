using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>
/// The files of one account's mailboxes, <c>.subscriptions</c> beside them (<see cref="SubscriptionList"/>), and the account's private file
/// <c>account</c>: lines <c>uidvalidity N</c> (the highest given out), <c>use USE NAME</c>, <c>renaming TAB FROM TAB TO</c>. On workers.
/// </summary>
internal sealed class MboxFolders(MboxStore store, string inbox, string root, string dataFolder)
{
    private static readonly TreeSubscriptions Spelling = new();

    private readonly string _accountFile = Path.Combine(dataFolder, "account");
    private readonly MboxTree _tree = new(store.Files, inbox, root, mends: true);
    private uint _lastUidValidity;
    private SubscriptionList _subscriptions = new();
    private List<(MailboxName From, MailboxName To)> _renaming = [];

    /// <summary>Purposes.</summary>
    public Dictionary<MailboxName, SpecialUse> Uses { get; } = [];

    public HashSet<MailboxName> Subscribed => _subscriptions.Names;

    /// <summary>Once: reads what there is, and ends renamings that an earlier process began.</summary>
    public void Prepare()
    {
        store.Files.CreateFolder(root);
        store.Files.CreateFolder(dataFolder);
        foreach (string line in Lines(_accountFile))
        {
            ReadLine(line);
        }
        _subscriptions = SubscriptionList.Parse(store.Files.ReadAll(Path.Combine(root, TreeSubscriptions.FileName)) ?? [], Spelling);
        if (_renaming.Count > 0)
        {
            FinishRenaming();
        }
    }

    public string DataFolderOf(MailboxName name) => DataFolderOf(dataFolder, name);

    /// <summary>Where an account's private files of one mailbox are.</summary>
    public static string DataFolderOf(string accountFolder, MailboxName name) => Path.Combine(accountFolder, "boxes", DataNames.Encode(name.Value));

    /// <inheritdoc cref="MboxTree.Find"/>
    public string? Find(MailboxName name) => _tree.Find(name);

    public HashSet<MailboxName> Names() => [.. All().Keys];

    /// <inheritdoc cref="MboxTree.All"/>
    public Dictionary<MailboxName, string> All() => _tree.All();

    public UidValidity NextUidValidity()
    {
        _lastUidValidity = Math.Max((uint)store.Clock.GetUtcNow().ToUnixTimeSeconds(), _lastUidValidity + 1);
        Save();
        return new UidValidity(_lastUidValidity);
    }

    /// <summary>A file brought its own.</summary>
    public void NoteUidValidity(uint adopted)
    {
        if (adopted > _lastUidValidity)
        {
            _lastUidValidity = adopted;
            Save();
        }
    }

    public StoreResult<Done> Create(IReadOnlyList<MailboxName> names, MailboxName wanted, SpecialUse specialUse)
    {
        if (names.Any(n => !n.IsInbox && TreeNames.Encode(n) is null))
        {
            return StoreError.InvalidName;
        }
        foreach (MailboxName created in names.Where(n => !n.IsInbox))
        {
            // Its UIDs first: a file without them would be taken for one that somebody put there.
            string data = DataFolderOf(created);
            store.Files.CreateFolder(data);
            store.Files.SyncFolder(Path.GetDirectoryName(data)!);
            MboxIndex.Write(store.Files, data, new IndexState(Guid.NewGuid(), NextUidValidity()), [], 0, 0);
            string path = MakeRoomFor(created);
            using (IFile file = store.Files.Open(path, OpenKind.CreateNew)!)
            {
            }
            store.Files.SyncFolder(Path.GetDirectoryName(path)!);
            if (created == wanted && specialUse != SpecialUse.None)
            {
                Uses[created] = specialUse;
                Save();
            }
        }
        return default(Done);
    }

    public StoreResult<Done> Remove(MailboxName name)
    {
        string path = Find(name)!;
        store.Files.Unlink(path);
        store.Files.SyncFolder(Path.GetDirectoryName(path)!);
        if (Uses.Remove(name))
        {
            Save();
        }
        store.Files.RemoveFolder(DataFolderOf(name));
        return default(Done);
    }

    /// <inheritdoc cref="ISideFiles.ReadAsync"/>
    public StoreResult<ReadOnlyMemory<byte>> ReadSideFile(MailboxName? mailbox, string fileName) =>
        SideFolder(mailbox) is { } folder
            ? StoreResults.Of<ReadOnlyMemory<byte>>(store.Files.ReadAll(Path.Combine(folder, fileName)) ?? [])
            : StoreError.NotFound;

    /// <inheritdoc cref="ISideFiles.ReplaceAsync"/>
    public StoreResult<Done> ReplaceSideFile(MailboxName? mailbox, string fileName, ReadOnlyMemory<byte> content)
    {
        if (SideFolder(mailbox) is not { } folder)
        {
            return StoreError.NotFound;
        }
        store.Files.CreateFolder(folder); // Of a mailbox that was never opened there is none.
        store.Files.SyncFolder(Path.GetDirectoryName(folder)!);
        string path = Path.Combine(folder, fileName);
        if (content.IsEmpty)
        {
            store.Files.Unlink(path);
        }
        else
        {
            store.Files.Replace(path, content);
        }
        store.Files.SyncFolder(folder);
        return default(Done);
    }

    private string? SideFolder(MailboxName? mailbox) =>
        mailbox is null ? dataFolder : Find(mailbox) is null ? null : DataFolderOf(mailbox);

    public StoreResult<Done> Rename(RenamePlan plan)
    {
        if (plan.Renamings.Any(r => TreeNames.Encode(r.To) is null))
        {
            return StoreError.InvalidName;
        }
        StoreResult<Done> created = Create(plan.Create, MailboxName.Inbox, SpecialUse.None);
        if (created.Error != StoreError.None)
        {
            return created;
        }
        _renaming = [.. plan.Renamings];
        try
        {
            Save();
        }
        catch (FileFault)
        {
            _renaming = [];
            throw;
        }
        FinishRenaming();
        return default(Done);
    }

    public void SaveSubscriptions()
    {
        store.Files.Replace(Path.Combine(root, TreeSubscriptions.FileName), _subscriptions.Format(Spelling));
        store.Files.SyncFolder(root);
    }

    /// <summary>May be interrupted at any point, and is done again then.</summary>
    private void FinishRenaming()
    {
        foreach ((MailboxName from, MailboxName to) in _renaming)
        {
            store.Files.CreateFolder(Path.Combine(dataFolder, "boxes"));
            store.Files.Rename(DataFolderOf(from), DataFolderOf(to));
            if (Find(from) is { } old && TreeNames.Encode(to) is not null && Find(to) is null)
            {
                string path = MakeRoomFor(to);
                store.Files.Rename(old, path);
                store.Files.SyncFolder(Path.GetDirectoryName(path)!);
                store.Files.SyncFolder(Path.GetDirectoryName(old)!);
            }
            if (Uses.Remove(from, out SpecialUse use))
            {
                Uses[to] = use;
            }
        }
        store.Files.SyncFolder(Path.Combine(dataFolder, "boxes"));
        _renaming = [];
        Save();
    }

    /// <summary>The path at which the mailbox's file shall be made; mailboxes above it become folders.</summary>
    private string MakeRoomFor(MailboxName name)
    {
        string path = root;
        string[] levels = TreeNames.Encode(name)!.Split('/');
        for (int i = 0; i + 1 < levels.Length; i++)
        {
            path = Path.Combine(path, levels[i]);
            if (store.Files.TryStat(path, out FileFacts facts) && !facts.IsFolder)
            {
                BecomeFolder(path);
            }
            else
            {
                store.Files.CreateFolder(path);
                store.Files.SyncFolder(Path.GetDirectoryName(path)!);
            }
        }
        path = Path.Combine(path, levels[^1]);
        return store.Files.TryStat(path, out _) ? Path.Combine(path, TreeNames.OwnMessages) : path;
    }

    /// <summary>The file moves into a folder of its own name. What a crash leaves between is found by <see cref="MboxTree"/>.</summary>
    private void BecomeFolder(string path)
    {
        string parent = Path.GetDirectoryName(path)!;
        string folder = Path.Combine(parent, MboxTree.ConvertingPrefix + Path.GetFileName(path));
        store.Files.CreateFolder(folder);
        store.Files.Rename(path, Path.Combine(folder, TreeNames.OwnMessages));
        store.Files.SyncFolder(folder);
        store.Files.SyncFolder(parent);
        store.Files.Rename(folder, path);
        store.Files.SyncFolder(parent);
    }

    private void ReadLine(string line)
    {
        string[] words = line.Split(' ', 3);
        if (words is ["uidvalidity", string number] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint last))
        {
            _lastUidValidity = last;
        }
        else if (words is ["use", string text, string box] && Enum.TryParse(text, out SpecialUse use) && MailboxName.TryParse(box, out MailboxName? name))
        {
            Uses[name] = use;
        }
        else if (line.Split('\t') is ["renaming", string from, string to]
            && MailboxName.TryParse(from, out MailboxName? old) && MailboxName.TryParse(to, out MailboxName? renamed))
        {
            _renaming.Add((old, renamed));
        }
    }

    private void Save()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"uidvalidity {_lastUidValidity}\n");
        foreach ((MailboxName name, SpecialUse use) in Uses.OrderBy(u => u.Key.Value, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"use {use} {name.Value}\n");
        }
        foreach ((MailboxName from, MailboxName to) in _renaming)
        {
            text.Append(CultureInfo.InvariantCulture, $"renaming\t{from.Value}\t{to.Value}\n");
        }
        store.Files.Replace(_accountFile, Encoding.UTF8.GetBytes(text.ToString()));
        store.Files.SyncFolder(dataFolder);
    }

    private string[] Lines(string path) =>
        Encoding.UTF8.GetString(store.Files.ReadAll(path) ?? []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
