using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Maildir.Adoption;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Small text files in an account's root. <c>mailaccess.account</c>, ours: lines <c>uidvalidity N</c> (the highest given out),
/// <c>spelling SPELLING</c> (of folders' names) and <c>use USE FOLDER</c>. <c>subscriptions</c> as Dovecot has it (<see cref="SubscriptionList"/>).
/// </summary>
internal sealed class AccountFile(IFiles files, string root)
{
    public const string OwnName = "mailaccess.account";

    private uint _lastUidValidity;
    private SubscriptionList _subscriptions = new();

    /// <summary>How the names of folders are spelled.</summary>
    public FolderSpelling Spelling { get; private set; }

    /// <summary>Purposes by folder name.</summary>
    public Dictionary<string, SpecialUse> Uses { get; } = new(StringComparer.Ordinal);

    public HashSet<MailboxName> Subscribed => _subscriptions.Names;

    /// <summary>Reads what is there; what another program kept is taken over the first time.</summary>
    public void Load(IEnumerable<string> folders)
    {
        FolderSpelling? spelling = null;
        bool isNew = true;
        foreach (string line in Lines(OwnName))
        {
            isNew = false;
            string[] words = line.Split(' ', 3);
            if (words is ["uidvalidity", string number] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint last))
            {
                _lastUidValidity = last;
            }
            else if (words is ["spelling", string spelled] && Enum.TryParse(spelled, out FolderSpelling known))
            {
                spelling = known;
            }
            else if (words is ["use", string first, string rest])
            {
                ReadUse(first, rest);
            }
        }
        Spelling = spelling ?? FolderNames.SpellingOf(folders);
        _lastUidValidity = Math.Max(_lastUidValidity, DovecotUidValidity.Read(files, root));
        byte[]? subscriptions = files.ReadAll(Path.Combine(root, FolderSubscriptions.FileName));
        _subscriptions = SubscriptionList.Parse(subscriptions ?? [], new FolderSubscriptions(Spelling));
        if (isNew && subscriptions is null && CourierFolder.ReadSubscriptions(files, root) is { Count: > 0 } courier)
        {
            Subscribed.UnionWith(courier);
            MustSaveSubscriptions = true;
        }
    }

    /// <summary>They were taken over and are nowhere but here.</summary>
    public bool MustSaveSubscriptions { get; private set; }

    /// <summary>Higher than any before, also after a restart and with a clock set back. Durable.</summary>
    public UidValidity NextUidValidity(DateTimeOffset now)
    {
        _lastUidValidity = Math.Max((uint)now.ToUnixTimeSeconds(), _lastUidValidity + 1);
        Save();
        return new UidValidity(_lastUidValidity);
    }

    public void Save()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"uidvalidity {_lastUidValidity}\nspelling {Spelling}\n");
        foreach ((string folder, SpecialUse use) in Uses.OrderBy(u => u.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"use {use} {folder}\n");
        }
        Replace(OwnName, OctetText.Encode(text.ToString()));
    }

    public void SaveSubscriptions() => Replace(FolderSubscriptions.FileName, _subscriptions.Format(new FolderSubscriptions(Spelling)));

    /// <summary>The folder stands last, since it may hold spaces; the first version had it the other way round.</summary>
    private void ReadUse(string first, string rest)
    {
        if (Enum.TryParse(first, out SpecialUse use) && rest.StartsWith('.'))
        {
            Uses[rest] = use;
        }
        else if (Enum.TryParse(rest, out use))
        {
            Uses[first] = use;
        }
    }

    private string[] Lines(string name) =>
        OctetText.Decode(files.ReadAll(Path.Combine(root, name)) ?? []).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Replace(string name, byte[] content)
    {
        files.Replace(Path.Combine(root, name), content);
        files.SyncFolder(root);
    }
}
