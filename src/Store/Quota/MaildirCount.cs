using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Quota;

/// <summary>
/// Counts the mailboxes of one account that nobody has open, and keeps what was counted in <c>mailaccess.quota</c>, disposable: a line
/// <c>octets messages new-ticks cur-ticks folder</c> for each mailbox, then the CRC-32C of the lines.
/// </summary>
/// <remarks>
/// A count holds as long as the mailbox's folders have the times that stand beside it: whatever comes or goes changes them, also what
/// recovery puts in order after a crash. So the file may be as old as it likes. Only on workers, and under the account's lock of names.
/// </remarks>
internal sealed class MaildirCount(MaildirStore store, AccountFolders folders, string root, AccountQuota quota)
{
    private const string FileName = "mailaccess.quota";
    private const string Heading = "mailaccess-quota 1";

    /// <summary>A folder changed so recently may change again without its time telling.</summary>
    private static readonly TimeSpan TimeGrain = TimeSpan.FromSeconds(2);

    private Dictionary<string, (QuotaAmount Amount, (long New, long Cur) Stamp)>? _kept;

    private string Path => System.IO.Path.Combine(root, FileName);

    /// <summary>Counts what is not known or has changed. True where there was any such mailbox.</summary>
    public bool Run(Func<MailboxName, bool> isOpen)
    {
        _kept ??= Load();
        bool isChanged = false;
        HashSet<MailboxName> names = [];
        foreach ((MailboxName name, string folder) in folders.Map())
        {
            if (names.Add(name) && !isOpen(name))
            {
                isChanged |= Look(quota.Of(name, folders.File.Uses.GetValueOrDefault(folder)), folder);
            }
        }
        quota.Keep(names);
        if (isChanged)
        {
            Save();
        }
        return isChanged;
    }

    /// <summary>What is known now, for the next start. A crash may lose it, and a fault: it is only a count.</summary>
    public void Save()
    {
        var text = new StringBuilder(Heading).Append('\n');
        Dictionary<MailboxName, string> places = folders.Map();
        foreach ((MailboxName name, bool isKnown, QuotaAmount settled, (long New, long Cur) stamp) in quota.Entries())
        {
            if (isKnown && stamp != default && places.TryGetValue(name, out string? folder))
            {
                text.Append(CultureInfo.InvariantCulture, $"{settled.Octets} {settled.Messages} {stamp.New} {stamp.Cur} {folder}\n");
            }
        }
        byte[] lines = Encoding.UTF8.GetBytes(text.ToString());
        byte[] end = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"crc {Crc.Of(lines)}\n"));
        try
        {
            string temporary = Path + ".tmp";
            store.Files.Unlink(temporary);
            using (IFile file = store.Files.Open(temporary, OpenKind.CreateNew)!)
            {
                file.Write(0, lines);
                file.Write(lines.Length, end); // Not synced: half of it is none, and costs a count.
            }
            store.Files.Rename(temporary, Path);
        }
        catch (FileFault fault)
        {
            store.Log.FileFault("", root, fault);
        }
    }

    private bool Look(MailboxUsage usage, string folderName)
    {
        var folder = new MaildirFolder(store.Files, System.IO.Path.Combine(root, folderName));
        (long New, long Cur) times = folder.Times();
        if (usage.IsKnown && usage.Stamp == times)
        {
            return false;
        }
        if (!usage.IsKnown && _kept!.Remove(folderName, out (QuotaAmount Amount, (long New, long Cur) Stamp) kept) && kept.Stamp == times)
        {
            quota.Set(usage, kept.Amount, times);
            return false;
        }
        long racy = store.Clock.GetUtcNow().UtcTicks - TimeGrain.Ticks;
        quota.Set(usage, CountFiles(folder), times.New < racy && times.Cur < racy ? times : default);
        return true;
    }

    /// <summary>By the index, where it knows a file; else as the file's name says, else as long as the file is.</summary>
    private QuotaAmount CountFiles(MaildirFolder folder)
    {
        Dictionary<string, long> known = new(StringComparer.Ordinal);
        if (IndexFile.TryLoad(store.Files, folder.Path, out IndexState? state, out _))
        {
            foreach (MessageRecord record in state.Records)
            {
                known[state.Names[Locator.Of(record).NamePlace]] = record.Octets;
            }
        }
        long octets = 0;
        long messages = 0;
        foreach ((string baseName, FoundFile file) in folder.Scan())
        {
            if ((known.TryGetValue(baseName, out long size) ? size : SizeOf(folder, baseName, file)) is >= 0 and long counted)
            {
                octets += counted;
                messages++;
            }
        }
        return new QuotaAmount(octets, messages);
    }

    private long SizeOf(MaildirFolder folder, string baseName, FoundFile file)
    {
        long octets = Maildir.FileName.SizeIn(baseName, 'W');
        octets = octets < 0 ? Maildir.FileName.SizeIn(baseName, 'S') : octets;
        return octets >= 0 ? octets : store.Files.TryStat(folder.Full(file.RelativePath), out FileFacts facts) && !facts.IsFolder ? facts.Octets : -1;
    }

    private Dictionary<string, (QuotaAmount Amount, (long New, long Cur) Stamp)> Load()
    {
        Dictionary<string, (QuotaAmount Amount, (long New, long Cur) Stamp)> kept = new(StringComparer.Ordinal);
        byte[] content = store.Files.ReadAll(Path) ?? [];
        int end = content.AsSpan().LastIndexOf("crc "u8);
        string tail = end < 0 ? "" : Encoding.ASCII.GetString(content.AsSpan(end + 4)).TrimEnd('\n');
        if (!uint.TryParse(tail, NumberStyles.None, CultureInfo.InvariantCulture, out uint crc) || crc != Crc.Of(content.AsSpan(0, end)))
        {
            return kept;
        }
        foreach (string line in Encoding.UTF8.GetString(content.AsSpan(0, end)).Split('\n'))
        {
            string[] words = line.Split(' ', 5);
            if (words.Length == 5 && TryNumber(words[0], out long octets) && TryNumber(words[1], out long messages)
                && TryNumber(words[2], out long inNew) && TryNumber(words[3], out long inCur))
            {
                kept[words[4]] = (new QuotaAmount(octets, messages), (inNew, inCur));
            }
        }
        return kept;
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
