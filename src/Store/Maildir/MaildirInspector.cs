using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Inspection;

namespace MailAccess.Store.Maildir;

/// <summary>Of Maildirs.</summary>
public sealed class MaildirInspector : IIndexInspector
{
    private readonly PosixFiles _files = new();
    private readonly string _root;

    /// <summary>For the Maildir of an account's INBOX.</summary>
    public MaildirInspector(string root) => _root = root;

    /// <inheritdoc/>
    public IReadOnlyList<MailboxName> Mailboxes() => [.. Folders().Keys.OrderBy(n => !n.IsInbox).ThenBy(n => n.Value, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IndexReport? Check(MailboxName name)
    {
        if (FolderOf(name) is not { } folder)
        {
            return null;
        }
        Findings findings = new();
        IndexState? state = Load(folder.Path, findings);
        if (state is not null)
        {
            findings.CheckRecords(state);
            CheckNames(state, findings.Problems);
            CheckFiles(folder, state, findings);
            CheckUidList(folder.Path, state, findings);
            using SummaryCache? cache = SummaryCache.OpenToRead(_files, folder.Path, state.CacheGeneration);
            findings.CheckCache(cache, state, r => Encoding.UTF8.GetBytes(state.Names[Locator.Of(r).NamePlace]));
        }
        return findings.ToReport(name, state);
    }

    /// <inheritdoc/>
    public IndexDump? Dump(MailboxName name)
    {
        if (FolderOf(name) is not { } folder || !IndexFile.TryLoad(_files, folder.Path, out IndexState? state, out long logOctets))
        {
            return null;
        }
        using SummaryCache? cache = SummaryCache.OpenToRead(_files, folder.Path, state.CacheGeneration);
        List<IndexEntry> entries = new(state.Records.Count);
        foreach (MessageRecord record in state.Records)
        {
            Locator locator = Locator.Of(record);
            entries.Add(new IndexEntry(
                record, [.. state.Keywords.NamesOf(record.Keywords)], MaildirFolder.PathOf(state.Names[locator.NamePlace], locator), cache is not null && record.CacheLocator != 0));
        }
        return new IndexDump(name, folder.Path, state.Guid, state.ToSnapshot(), state.Sequence, logOctets, entries);
    }

    private Dictionary<MailboxName, string> Folders()
    {
        List<string> listed = _files.List(_root) ?? [];
        var file = new AccountFile(_files, _root);
        file.Load(listed);
        return AccountFolders.Map(_files, _root, listed, file.Spelling);
    }

    private MaildirFolder? FolderOf(MailboxName name) =>
        Folders().TryGetValue(name, out string? folder) && _files.TryStat(Path.Combine(_root, folder, "cur"), out _)
            ? new MaildirFolder(_files, Path.Combine(_root, folder)) : null;

    private IndexState? Load(string folder, Findings findings)
    {
        if (!_files.TryStat(Path.Combine(folder, IndexFile.IndexName), out _))
        {
            findings.Notes.Add("there is no index yet: it is made when the mailbox is first opened");
            return null;
        }
        if (!IndexFile.TryLoad(_files, folder, out IndexState? state, out long logOctets))
        {
            findings.Problems.Add($"{IndexFile.IndexName} is damaged: it is rebuilt when the mailbox is next opened");
            return null;
        }
        if (_files.TryStat(Path.Combine(folder, IndexFile.LogName), out FileFacts log) && log.Octets > Math.Max(logOctets, IndexFile.LogHeaderOctets))
        {
            findings.Notes.Add($"{IndexFile.LogName} ends with {log.Octets - logOctets} octets that are no whole commit (an interrupted write)");
        }
        return state;
    }

    private static void CheckNames(IndexState state, List<string> problems)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (MessageRecord record in state.Records)
        {
            string name = state.Names[Locator.Of(record).NamePlace];
            if (name.Length == 0 || !names.Add(name))
            {
                problems.Add($"UID {record.Uid} has {(name.Length == 0 ? "no file name" : "the same file as another: " + name)}");
            }
        }
    }

    private void CheckFiles(MaildirFolder folder, IndexState state, Findings findings)
    {
        Dictionary<string, FoundFile> found = folder.Scan();
        List<string> missing = [];
        int renamed = 0;
        foreach (MessageRecord record in state.Records)
        {
            Locator locator = Locator.Of(record);
            string name = state.Names[locator.NamePlace];
            if (!found.Remove(name, out FoundFile file))
            {
                missing.Add($"UID {record.Uid}: {name}");
                continue;
            }
            renamed += file.Name.Letters != locator.Letters || file.IsInNew != locator.IsInNew ? 1 : 0;
            if (!locator.HasBareLf && record.IsMeasured && _files.TryStat(folder.Full(file.RelativePath), out FileFacts facts) && facts.Octets != record.Octets)
            {
                findings.Problems.Add($"UID {record.Uid}: the file has {facts.Octets} octets, the index says {record.Octets}");
            }
        }
        findings.Tell(missing, "in the index without a file");
        findings.Tell([.. found.Keys], "on disk without a UID (the next look at the mailbox gives them one)");
        if (renamed > 0)
        {
            findings.Notes.Add($"{renamed} files have other flags in their names than the index saw last (the next look at the mailbox takes them over)");
        }
        int temporary = (_files.List(folder.Tmp)?.Count ?? 0) + (_files.List(folder.OwnTmp)?.Count ?? 0);
        if (temporary > 0)
        {
            findings.Notes.Add($"{temporary} files in tmp");
        }
    }

    private void CheckUidList(string folder, IndexState state, Findings findings)
    {
        if (_files.ReadAll(Path.Combine(folder, UidListFile.FileName)) is not { } listed)
        {
            return;
        }
        if (UidList.Parse(listed) is not { } list)
        {
            findings.Problems.Add($"{UidListFile.FileName} cannot be read");
            return;
        }
        if (list.UidValidity != state.UidValidity)
        {
            findings.Problems.Add($"{UidListFile.FileName} has UIDVALIDITY {list.UidValidity}, the index {state.UidValidity}");
        }
        if (list.UidNext > state.UidNext)
        {
            findings.Problems.Add($"{UidListFile.FileName} has UIDNEXT {list.UidNext}, the index {state.UidNext}");
        }
        Dictionary<uint, string> names = state.Records.ToDictionary(r => r.Uid.Value, r => state.Names[Locator.Of(r).NamePlace]);
        findings.Tell(
            [.. list.Entries.Where(e => names.TryGetValue(e.Uid.Value, out string? name) && name != e.BaseName).Select(e => $"UID {e.Uid}: {e.BaseName}")],
            $"named otherwise in {UidListFile.FileName}");
        int behind = names.Keys.Except(list.Entries.Select(e => e.Uid.Value)).Count();
        if (behind > 0)
        {
            findings.Notes.Add($"{UidListFile.FileName} lacks the latest {behind} (it is written with each new index)");
        }
    }
}
