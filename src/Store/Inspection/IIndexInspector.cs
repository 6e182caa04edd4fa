using MailAccess.Store.Files;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Inspection;

/// <summary>What <see cref="IIndexInspector.Check"/> found in one mailbox.</summary>
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

/// <summary>One message as <see cref="IIndexInspector.Dump"/> shows it.</summary>
/// <param name="Record">The index's.</param>
/// <param name="Keywords">By name.</param>
/// <param name="Place">Where its octets are: a file below the mailbox's folder, or offset and length in its file.</param>
/// <param name="HasSummary">Its summary is in the cache.</param>
public sealed record IndexEntry(MessageRecord Record, IReadOnlyList<string> Keywords, string Place, bool HasSummary);

/// <summary>One mailbox's index with its log applied.</summary>
/// <param name="Name">The mailbox.</param>
/// <param name="Path">Its folder, or its file.</param>
/// <param name="MailboxId">Its identity.</param>
/// <param name="Snapshot">What sessions would see.</param>
/// <param name="Commits">How many there were.</param>
/// <param name="LogOctets">Size of the log behind the index.</param>
/// <param name="Entries">Every message, in order of UIDs.</param>
public sealed record IndexDump(MailboxName Name, string Path, Guid MailboxId, MailboxSnapshot Snapshot, ulong Commits, long LogOctets, IReadOnlyList<IndexEntry> Entries);

/// <summary>
/// Looks at the index files of an account without changing any of them, also while a server uses them: what that has in memory and in its
/// journal is then not seen. Blocks. Throws <see cref="IOException"/> where files cannot be read.
/// </summary>
public interface IIndexInspector
{
    /// <summary>The mailboxes, INBOX first.</summary>
    IReadOnlyList<MailboxName> Mailboxes();

    /// <summary>Null where there is no such mailbox.</summary>
    IndexReport? Check(MailboxName name);

    /// <summary>Null where there is no such mailbox, or no index that can be read.</summary>
    IndexDump? Dump(MailboxName name);
}

/// <summary>A store that keeps an index of each mailbox, which can be made anew.</summary>
public interface IIndexedStore : IMailStore
{
    /// <summary>
    /// Makes a mailbox's index anew from its mail; UIDVALIDITY, UIDs, flags, keywords and dates stay. For a store that serves nobody yet: an open
    /// mailbox is refused as <see cref="StoreError.Busy"/>. The answer is the number of messages.
    /// </summary>
    /// <param name="accountName">Whose mailbox.</param>
    /// <param name="mailboxName">Which.</param>
    /// <param name="progress">Called with how much is done of how much in all, on another thread.</param>
    ValueTask<StoreResult<int>> RebuildIndexAsync(string accountName, MailboxName mailboxName, Action<int, int> progress);
}

/// <summary>Who else works with a store's data folder.</summary>
public static class DataFolderState
{
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
}
