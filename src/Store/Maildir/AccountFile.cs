using System.Globalization;
using System.Text;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Two small text files in an account's root. <c>mailaccess.account</c>, ours: lines <c>uidvalidity N</c> (the highest given out) and
/// <c>use FOLDER USE</c>. <c>subscriptions</c>, as Dovecot has it: one folder a line, without its first dot.
/// </summary>
internal sealed class AccountFile(IFiles files, string root)
{
    private const string OwnName = "mailaccess.account";
    private const string SubscriptionsName = "subscriptions";
    private const string InboxLine = "INBOX";

    private uint _lastUidValidity;

    /// <summary>Purposes by folder name.</summary>
    public Dictionary<string, SpecialUse> Uses { get; } = new(StringComparer.Ordinal);

    public HashSet<MailboxName> Subscribed { get; } = [];

    public void Load()
    {
        foreach (string line in Lines(OwnName))
        {
            string[] words = line.Split(' ');
            if (words is ["uidvalidity", string number] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint last))
            {
                _lastUidValidity = last;
            }
            else if (words is ["use", string folder, string text] && Enum.TryParse(text, out SpecialUse use))
            {
                Uses[folder] = use;
            }
        }
        foreach (string line in Lines(SubscriptionsName))
        {
            // Dovecot's second version separates levels by tabs.
            if (line == InboxLine)
            {
                Subscribed.Add(MailboxName.Inbox);
            }
            else if (FolderNames.TryDecode("." + line.Replace('\t', '.'), out MailboxName? name))
            {
                Subscribed.Add(name);
            }
        }
    }

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
        text.Append(CultureInfo.InvariantCulture, $"uidvalidity {_lastUidValidity}\n");
        foreach ((string folder, SpecialUse use) in Uses.OrderBy(u => u.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"use {folder} {use}\n");
        }
        Replace(OwnName, text);
    }

    public void SaveSubscriptions()
    {
        var text = new StringBuilder();
        foreach (MailboxName name in Subscribed.OrderBy(n => n.Value, StringComparer.Ordinal))
        {
            text.Append(name.IsInbox ? InboxLine : FolderNames.Encode(name)[1..]).Append('\n');
        }
        Replace(SubscriptionsName, text);
    }

    private string[] Lines(string name) =>
        Encoding.UTF8.GetString(files.ReadAll(Path.Combine(root, name)) ?? []).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Replace(string name, StringBuilder text)
    {
        files.Replace(Path.Combine(root, name), Encoding.UTF8.GetBytes(text.ToString()));
        files.SyncFolder(root);
    }
}
