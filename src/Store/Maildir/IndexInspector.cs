using System.Text;
using MailAccess.Message;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>What <see cref="IndexInspector.Check"/> found in one mailbox.</summary>
public sealed record IndexReport
{
    /// <summary>The mailbox.</summary>
    public required MailboxName Name { get; init; }

    /// <summary>Messages in the index.</summary>
    public int Messages { get; init; }

    /// <summary>Where index, log, cache, list of UIDs and files contradict each other; empty: they agree.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>What is no contradiction and yet worth knowing.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>One message as <see cref="IndexInspector.Dump"/> shows it.</summary>
public sealed record IndexEntry(MessageRecord Record, IReadOnlyList<string> Keywords, string FileName, bool HasSummary);

/// <summary>One mailbox's index with its log applied.</summary>
public sealed record IndexDump(MailboxName Name, string Folder, Guid MailboxId, MailboxSnapshot Snapshot, ulong Commits, long LogOctets, IReadOnlyList<IndexEntry> Entries);

/// <summary>
/// Looks at the index files of an account without changing any of them, also while a server uses them: what that has in memory and in its
/// journal is then not seen. Blocks. Throws <see cref="IOException"/> where files cannot be read.
/// </summary>
public sealed class IndexInspector
{
    private const int ExamplesMax = 5;

    private readonly PosixFiles _files = new();
    private readonly string _root;

    /// <summary>For the Maildir of an account's INBOX.</summary>
    public IndexInspector(string root) => _root = root;

    /// <summary>A process has the store of this data folder open.</summary>
    public static bool IsInUse(string dataFolder)
    {
        using IFile? file = new PosixFiles().Open(Path.Combine(dataFolder, "store.lock"), OpenKind.Read);
        return file is not null && !file.TryLock();
    }

    /// <summary>The journal of this data folder holds commits that its next start applies.</summary>
    public static bool HasJournal(string dataFolder)
    {
        string journal = Path.Combine(dataFolder, "journal");
        return JournalReader.Read(new PosixFiles(), journal, Guid.Empty).RecordCount > 0;
    }

    /// <summary>The mailboxes, INBOX first.</summary>
    public IReadOnlyList<MailboxName> Mailboxes() => [.. Folders().Keys.OrderBy(n => !n.IsInbox).ThenBy(n => n.Value, StringComparer.Ordinal)];

    /// <summary>Null where there is no such mailbox.</summary>
    public IndexReport? Check(MailboxName name)
    {
        if (FolderOf(name) is not { } folder)
        {
            return null;
        }
        List<string> problems = [];
        List<string> notes = [];
        IndexState? state = Load(folder.Path, problems, notes);
        if (state is not null)
        {
            CheckRecords(state, problems);
            CheckFiles(folder, state, problems, notes);
            CheckUidList(folder.Path, state, problems, notes);
            CheckCache(folder.Path, state, notes);
        }
        return new IndexReport { Name = name, Messages = state?.Records.Count ?? 0, Problems = problems, Notes = notes };
    }

    /// <summary>Null where there is no such mailbox, or no index that can be read.</summary>
    public IndexDump? Dump(MailboxName name)
    {
        if (FolderOf(name) is not { } folder || !IndexFile.TryLoad(_files, folder.Path, out IndexState? state, out long logOctets))
        {
            return null;
        }
        using IFile? cache = _files.Open(Path.Combine(folder.Path, SummaryCache.FileName), OpenKind.Read);
        bool hasCache = cache is not null && SummaryCache.GenerationOf(cache) == state.CacheGeneration;
        List<IndexEntry> entries = new(state.Records.Count);
        foreach (MessageRecord record in state.Records)
        {
            Locator locator = Locator.Of(record);
            entries.Add(new IndexEntry(
                record, [.. state.Keywords.NamesOf(record.Keywords)], MaildirFolder.PathOf(state.Names[locator.NamePlace], locator), hasCache && record.CacheLocator != 0));
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

    private IndexState? Load(string folder, List<string> problems, List<string> notes)
    {
        if (!_files.TryStat(Path.Combine(folder, IndexFile.IndexName), out _))
        {
            notes.Add("there is no index yet: it is made when the mailbox is first opened");
            return null;
        }
        if (!IndexFile.TryLoad(_files, folder, out IndexState? state, out long logOctets))
        {
            problems.Add($"{IndexFile.IndexName} is damaged: it is rebuilt when the mailbox is next opened");
            return null;
        }
        if (_files.TryStat(Path.Combine(folder, IndexFile.LogName), out FileFacts log) && log.Octets > Math.Max(logOctets, IndexFile.LogHeaderOctets))
        {
            notes.Add($"{IndexFile.LogName} ends with {log.Octets - logOctets} octets that are no whole commit (an interrupted write)");
        }
        return state;
    }

    private static void CheckRecords(IndexState state, List<string> problems)
    {
        uint last = 0;
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (MessageRecord record in state.Records)
        {
            string name = state.Names[Locator.Of(record).NamePlace];
            if (record.Uid.Value <= last || record.Uid >= state.UidNext)
            {
                problems.Add($"UID {record.Uid} is out of order, or not below UIDNEXT {state.UidNext}");
            }
            if (record.ModSeq > state.HighestModSeq)
            {
                problems.Add($"UID {record.Uid} has a mod-sequence above the mailbox's");
            }
            if (name.Length == 0 || !names.Add(name))
            {
                problems.Add($"UID {record.Uid} has {(name.Length == 0 ? "no file name" : "the same file as another: " + name)}");
            }
            last = record.Uid.Value;
        }
    }

    private void CheckFiles(MaildirFolder folder, IndexState state, List<string> problems, List<string> notes)
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
                problems.Add($"UID {record.Uid}: the file has {facts.Octets} octets, the index says {record.Octets}");
            }
        }
        Tell(problems, missing, "in the index without a file");
        Tell(problems, [.. found.Keys], "on disk without a UID (the next look at the mailbox gives them one)");
        if (renamed > 0)
        {
            notes.Add($"{renamed} files have other flags in their names than the index saw last (the next look at the mailbox takes them over)");
        }
        int temporary = (_files.List(folder.Tmp)?.Count ?? 0) + (_files.List(folder.OwnTmp)?.Count ?? 0);
        if (temporary > 0)
        {
            notes.Add($"{temporary} files in tmp");
        }
    }

    private void CheckUidList(string folder, IndexState state, List<string> problems, List<string> notes)
    {
        if (_files.ReadAll(Path.Combine(folder, UidListFile.FileName)) is not { } listed)
        {
            return;
        }
        if (UidList.Parse(listed) is not { } list)
        {
            problems.Add($"{UidListFile.FileName} cannot be read");
            return;
        }
        if (list.UidValidity != state.UidValidity)
        {
            problems.Add($"{UidListFile.FileName} has UIDVALIDITY {list.UidValidity}, the index {state.UidValidity}");
        }
        if (list.UidNext > state.UidNext)
        {
            problems.Add($"{UidListFile.FileName} has UIDNEXT {list.UidNext}, the index {state.UidNext}");
        }
        Dictionary<uint, string> names = state.Records.ToDictionary(r => r.Uid.Value, r => state.Names[Locator.Of(r).NamePlace]);
        Tell(
            problems,
            [.. list.Entries.Where(e => names.TryGetValue(e.Uid.Value, out string? name) && name != e.BaseName).Select(e => $"UID {e.Uid}: {e.BaseName}")],
            $"named otherwise in {UidListFile.FileName}");
        int behind = names.Keys.Except(list.Entries.Select(e => e.Uid.Value)).Count();
        if (behind > 0)
        {
            notes.Add($"{UidListFile.FileName} lacks the latest {behind} (it is written with each new index)");
        }
    }

    private void CheckCache(string folder, IndexState state, List<string> notes)
    {
        using IFile? file = _files.Open(Path.Combine(folder, SummaryCache.FileName), OpenKind.Read);
        if (file is null || SummaryCache.GenerationOf(file) != state.CacheGeneration)
        {
            notes.Add($"{SummaryCache.FileName} is missing or of another index: summaries are made anew");
            return;
        }
        using SummaryCache cache = SummaryCache.OpenToRead(_files, folder)!;
        int damaged = 0;
        int missing = 0;
        foreach (MessageRecord record in state.Records)
        {
            bool isThere = cache.TryRead(record.CacheLocator, Encoding.UTF8.GetBytes(state.Names[Locator.Of(record).NamePlace]), out ReadOnlyMemory<byte> summary);
            missing += record.CacheLocator == 0 ? 1 : 0;
            damaged += record.CacheLocator != 0 && !(isThere && new MessageSummary(summary).IsValid) ? 1 : 0;
        }
        if (missing + damaged > 0)
        {
            notes.Add($"{SummaryCache.FileName}: {missing} messages have no summary yet, {damaged} one that is damaged or of an earlier version (they are made anew when asked for)");
        }
    }

    private static void Tell(List<string> problems, List<string> examples, string what)
    {
        if (examples.Count > 0)
        {
            string more = examples.Count > ExamplesMax ? ", ..." : "";
            problems.Add($"{examples.Count} messages {what}: {string.Join(", ", examples.Take(ExamplesMax))}{more}");
        }
    }
}
