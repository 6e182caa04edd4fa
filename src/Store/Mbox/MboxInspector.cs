using System.Globalization;
using System.Text;
using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Inspection;

namespace MailAccess.Store.Mbox;

/// <summary>Of mbox files. A file that a server or another program changes meanwhile is no contradiction, and is told as a note.</summary>
public sealed class MboxInspector : IIndexInspector
{
    private readonly PosixFiles _files = new();
    private readonly MboxTree _tree;
    private readonly string _accountFolder;

    /// <summary>For an account's spool, the folder of its other mailboxes, and what the store has for itself.</summary>
    /// <param name="inbox">The spool file.</param>
    /// <param name="root">The folder of the others.</param>
    /// <param name="dataFolder">The store's own folder, not the account's.</param>
    /// <param name="accountName">Whose mail.</param>
    public MboxInspector(string inbox, string root, string dataFolder, string accountName)
    {
        _tree = new MboxTree(_files, inbox, root, mends: false);
        _accountFolder = MboxStore.AccountFolderOf(dataFolder, accountName);
    }

    /// <inheritdoc/>
    public IReadOnlyList<MailboxName> Mailboxes() => [.. _tree.All().Keys.OrderBy(n => !n.IsInbox).ThenBy(n => n.Value, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IndexReport? Check(MailboxName name)
    {
        if (_tree.Find(name) is not { } path)
        {
            return null;
        }
        string folder = MboxFolders.DataFolderOf(_accountFolder, name);
        Findings findings = new();
        MboxState? state = Load(folder, findings);
        if (state is not null)
        {
            findings.CheckRecords(state.Index);
            CheckLayout(state, findings);
            CheckFile(path, folder, state, findings);
            using SummaryCache? cache = SummaryCache.OpenToRead(_files, folder, state.Index.CacheGeneration);
            findings.CheckCache(cache, state.Index, r => Encoding.UTF8.GetBytes(MboxMailbox.SummaryKeyOf(r.Locator)));
        }
        return findings.ToReport(name, state?.Index);
    }

    /// <inheritdoc/>
    public IndexDump? Dump(MailboxName name)
    {
        string folder = MboxFolders.DataFolderOf(_accountFolder, name);
        if (_tree.Find(name) is not { } path || MboxIndex.Load(_files, folder) is not { } state)
        {
            return null;
        }
        using SummaryCache? cache = SummaryCache.OpenToRead(_files, folder, state.Index.CacheGeneration);
        List<IndexEntry> entries = new(state.Index.Records.Count);
        foreach (MessageRecord record in state.Index.Records)
        {
            int at = state.Layout.IndexOf(record.Uid);
            string place = at < 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{state.Layout[at].Offset}+{state.Layout[at].Length}");
            entries.Add(new IndexEntry(record, [.. state.Index.Keywords.NamesOf(record.Keywords)], place, cache is not null && record.CacheLocator != 0));
        }
        return new IndexDump(name, path, state.Index.Guid, state.Index.ToSnapshot(), state.Index.Sequence, state.LogOctets, entries);
    }

    private MboxState? Load(string folder, Findings findings)
    {
        if (!_files.TryStat(Path.Combine(folder, MboxIndex.IndexName), out _))
        {
            findings.Notes.Add("there is no index yet: it is made when the mailbox is first opened");
            return null;
        }
        if (MboxIndex.Load(_files, folder) is not { } state)
        {
            findings.Problems.Add($"{MboxIndex.IndexName} is damaged: it is rebuilt when the mailbox is next opened");
            return null;
        }
        if (_files.TryStat(Path.Combine(folder, MboxIndex.LogName), out FileFacts log) && log.Octets > Math.Max(state.LogOctets, MboxIndex.LogHeaderOctets))
        {
            findings.Notes.Add($"{MboxIndex.LogName} ends with {log.Octets - state.LogOctets} octets that are no whole step, or of an earlier index (an interrupted write)");
        }
        return state;
    }

    /// <summary>Every record has one entry, every entry of a message a record, and no two lie over each other.</summary>
    private static void CheckLayout(MboxState state, Findings findings)
    {
        Dictionary<uint, long> tokens = state.Index.Records.ToDictionary(r => r.Uid.Value, r => r.Locator);
        List<string> strangers = [];
        long end = 0;
        foreach (MboxEntry entry in state.Layout.Entries)
        {
            if (entry.Uid != 0 && !(tokens.Remove(entry.Uid, out long token) && token == entry.Token))
            {
                strangers.Add($"UID {entry.Uid}");
            }
            if (entry.Offset < end || entry.Length <= 0)
            {
                findings.Problems.Add($"the message at octet {entry.Offset} (UID {entry.Uid}) lies over the one before it");
            }
            end = entry.End;
        }
        findings.Tell(strangers, "in the layout that are none of the index");
        findings.Tell([.. tokens.Keys.Order().Select(u => $"UID {u}")], "in the index without a place in the file");
    }

    private void CheckFile(string path, string folder, MboxState state, Findings findings)
    {
        if (SpoolRewrite.HasBegun(_files, folder))
        {
            findings.Notes.Add("a rewrite of the file was interrupted, or is under way: the next opening of the mailbox finishes it");
            return;
        }
        using IFile? file = _files.Open(path, OpenKind.Read);
        FileFacts before = file?.Facts ?? default;
        var differences = new MboxDifferences(state);
        if (file is not null)
        {
            MboxScanner.Scan(file, 0, before.Octets, TimeZoneInfo.Local, differences.Compare);
        }
        List<string> found = differences.Finish();
        FileFacts after = file?.Facts ?? default;
        if (before.Octets == state.FileOctets && before.ModifiedTicks == state.FileTicks && after == before)
        {
            findings.Tell(found, "that the file shows otherwise");
        }
        else
        {
            findings.Notes.Add($"the file is not as the index saw it last; {found.Count} messages differ (the next look at the mailbox takes them over)");
        }
    }
}

/// <summary>Holds the messages of a file against the index, in the order in which they lie.</summary>
internal sealed class MboxDifferences(MboxState state)
{
    private readonly List<string> _found = [];
    private readonly Dictionary<uint, long> _octets = state.Index.Records.ToDictionary(r => r.Uid.Value, r => r.Octets);
    private int _next;
    private bool _hasBegun;

    /// <summary>The next message of the file.</summary>
    public void Compare(FoundMessage message)
    {
        bool isPseudo = !_hasBegun && message.Meta.IsPseudo;
        if (!_hasBegun && message.Meta.UidValidity != 0 && message.Meta.UidValidity != state.Index.UidValidity.Value)
        {
            _found.Add($"UIDVALIDITY is {message.Meta.UidValidity} in the file, {state.Index.UidValidity} in the index");
        }
        _hasBegun = true;
        if (isPseudo)
        {
            return;
        }
        if (_next >= state.Layout.Count)
        {
            _found.Add($"octet {message.Entry.Offset} has one more");
            return;
        }
        if (Difference(state.Layout[_next++], message) is { } difference)
        {
            _found.Add(difference);
        }
    }

    /// <summary>What differs, when the file has ended.</summary>
    public List<string> Finish()
    {
        for (; _next < state.Layout.Count; _next++)
        {
            _found.Add($"UID {state.Layout[_next].Uid} is not there");
        }
        return _found;
    }

    private string? Difference(MboxEntry entry, FoundMessage message)
    {
        if (entry.Offset != message.Entry.Offset || entry.Length != message.Entry.Length)
        {
            return $"UID {entry.Uid} at {entry.Offset}+{entry.Length}, in the file at {message.Entry.Offset}+{message.Entry.Length}";
        }
        if (entry.Hash != message.Entry.Hash)
        {
            return $"UID {entry.Uid} has another header";
        }
        if (entry.Uid != 0 && _octets.TryGetValue(entry.Uid, out long octets) && octets != message.Octets)
        {
            return $"UID {entry.Uid} has {message.Octets} octets, the index says {octets}";
        }
        if ((entry.Form & MessageForm.HasUid) != 0 && message.Meta.Uid != entry.Uid)
        {
            return $"UID {entry.Uid} has X-UID {message.Meta.Uid}";
        }
        return entry.Flags != message.Entry.Flags ? $"UID {entry.Uid} has other flags in its header" : null;
    }
}
