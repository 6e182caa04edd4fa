using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Maildir;

namespace MailAccess.Store.Quota;

/// <summary>
/// Counts the Maildirs of one account that nobody has open. A count holds as long as the mailbox's folders have the times that stand beside it:
/// whatever comes or goes changes them, also what recovery puts in order after a crash.
/// </summary>
/// <remarks>Only on workers, and under the account's lock of names.</remarks>
internal sealed class MaildirCount(MaildirStore store, AccountFolders folders, string root, AccountQuota quota)
{
    /// <summary>A folder changed so recently may change again without its time telling.</summary>
    private static readonly TimeSpan TimeGrain = TimeSpan.FromSeconds(2);

    private readonly KeptCounts _file = new(store.Files, store.Log, root);

    /// <summary>Counts what is not known or has changed. True where there was any such mailbox.</summary>
    public bool Run(Func<MailboxName, bool> isOpen)
    {
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

    /// <inheritdoc cref="KeptCounts.Save"/>
    public void Save()
    {
        Dictionary<MailboxName, string> places = folders.Map();
        _file.Save(quota, name => places.GetValueOrDefault(name));
    }

    private bool Look(MailboxUsage usage, string folderName)
    {
        var folder = new MaildirFolder(store.Files, System.IO.Path.Combine(root, folderName));
        (long inNew, long inCur) = folder.Times();
        var times = new CountStamp(inNew, inCur);
        if (usage.IsKnown && usage.Stamp == times)
        {
            return false;
        }
        if (!usage.IsKnown && _file.Take(folderName, times) is { } kept)
        {
            quota.Set(usage, kept, times);
            return false;
        }
        long racy = store.Clock.GetUtcNow().UtcTicks - TimeGrain.Ticks;
        quota.Set(usage, CountFiles(folder), inNew < racy && inCur < racy ? times : default);
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
}
