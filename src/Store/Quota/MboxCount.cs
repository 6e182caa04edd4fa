using MailAccess.Store.Files;
using MailAccess.Store.Mbox;
using MailAccess.Store.Model;

namespace MailAccess.Store.Quota;

/// <summary>
/// Counts the mbox files of one account that nobody has open. A count holds as long as the file has the time and size that stand beside it.
/// </summary>
/// <remarks>
/// A file that changed is compared with its index as an opening would do it, growth alone where it only grew, and nothing is written: UIDs are given when
/// somebody opens it. Not under the file's lock: what another program is about to write has a new time afterwards. Only on workers, and
/// under the account's lock of names.
/// </remarks>
internal sealed class MboxCount(MboxStore store, MboxFolders folders, string dataFolder, AccountQuota quota)
{
    /// <summary>A file changed so recently may change again without its time telling.</summary>
    private static readonly TimeSpan TimeGrain = TimeSpan.FromSeconds(2);

    private readonly KeptCounts _file = new(store.Files, store.Log, dataFolder);

    /// <summary>Counts what is not known or has changed.</summary>
    public void Run(Func<MailboxName, bool> isOpen)
    {
        Dictionary<MailboxName, string> all = folders.All();
        bool isChanged = false;
        foreach ((MailboxName name, string path) in all)
        {
            if (!isOpen(name))
            {
                isChanged |= Look(quota.Of(name, folders.Uses.GetValueOrDefault(name)), name, path);
            }
        }
        quota.Keep(all.Keys.ToHashSet());
        if (isChanged)
        {
            Save();
        }
    }

    /// <inheritdoc cref="KeptCounts.Save"/>
    public void Save() => _file.Save(quota, name => name.Value);

    private bool Look(MailboxUsage usage, MailboxName name, string path)
    {
        CountStamp stamp = store.Files.TryStat(path, out FileFacts facts) ? new CountStamp(facts.ModifiedTicks, facts.Octets) : default;
        if (usage.IsKnown && usage.Stamp == stamp)
        {
            return false;
        }
        if (!usage.IsKnown && _file.Take(name.Value, stamp) is { } kept)
        {
            quota.Set(usage, kept, stamp);
            return false;
        }
        bool isOld = facts.ModifiedTicks < store.Clock.GetUtcNow().UtcTicks - TimeGrain.Ticks;
        quota.Set(usage, facts.Octets == 0 ? default : CountMessages(name, path), isOld ? stamp : default);
        return true;
    }

    private QuotaAmount CountMessages(MailboxName name, string path)
    {
        string data = folders.DataFolderOf(name);
        MboxState state = MboxIndex.Load(store.Files, data) ?? new MboxState(new Index.IndexState(Guid.Empty, new UidValidity(1)), new MboxLayout());
        MailboxSnapshot known = state.Index.ToSnapshot();
        using var spool = new MboxSpool(store, path, data, state);
        if (spool.IsUnchanged() && spool.FileTicks != 0 && !spool.HasUnassigned)
        {
            return new QuotaAmount(known.Octets, known.Count);
        }
        try
        {
            using IFile? file = store.Files.Open(path, OpenKind.Read);
            ScanNews news = SpoolScan.Run(store, spool, file, known);
            return Sum(spool.Layout, known, news);
        }
        catch (FileFault fault)
        {
            store.Log.FileFault("", path, fault); // One file that is no mailbox does not keep its owner from all others.
            return default;
        }
    }

    private static QuotaAmount Sum(MboxLayout layout, MailboxSnapshot known, ScanNews news)
    {
        long octets = 0;
        foreach (ref readonly MboxEntry entry in layout.Entries)
        {
            int at = entry.Uid == 0 ? -1 : known.IndexOf(new Uid(entry.Uid));
            octets += at >= 0 ? known[at].Octets : news.Newcomers.TryGetValue(entry.Token, out FoundMessage? found) ? found.Octets : entry.Length;
        }
        return new QuotaAmount(octets, layout.Count);
    }
}
