using MailAccess.Store.Files;
using MailAccess.Store.Journal;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Brings the mailboxes to what the journal says, before anybody uses them. May itself be interrupted and run again.
/// </summary>
/// <remarks>
/// Under the same boot the page cache was never lost: a message that is neither at its place nor in <c>tmp</c> was moved or deleted
/// by somebody, and stays so. Under another boot, files may be missing, short, or under an older name.
/// A mailbox whose files cannot be written keeps its records (<see cref="CarriedRecords"/>), and nobody opens it until they are applied.
/// </remarks>
internal static class Recovery
{
    /// <summary>On a worker. The mailboxes that could not be recovered, by identity.</summary>
    public static Dictionary<Guid, JournalMailbox> Run(MaildirStore store, JournalContent journal)
    {
        foreach (string segment in journal.Damaged)
        {
            store.Log.JournalDamaged(segment);
        }
        var run = new RecoveryRun(store, journal.IsSameBoot);
        if (journal.RecordCount == 0)
        {
            return [];
        }
        foreach (JournalRecord record in journal.Segments.SelectMany(s => JournalReader.Records(store.Files, s)))
        {
            run.Replay(record);
        }
        run.Finish();
        store.Log.Recovered(journal.RecordCount, run.FilesWritten, run.FilesRemoved);
        return run.Failed;
    }

    /// <summary>Tries once more what could not be done at the start, for all who wait: one may have the other's octets. On a worker; gives those who still wait.</summary>
    public static HashSet<Guid> RunCarried(MaildirStore store, JournalSegment carried, IReadOnlySet<Guid> waiting, bool isSameBoot)
    {
        var run = new RecoveryRun(store, isSameBoot) { Only = waiting };
        foreach (JournalRecord record in JournalReader.Records(store.Files, carried))
        {
            run.Replay(record);
        }
        run.Finish();
        store.Log.Recovered(carried.Records, run.FilesWritten, run.FilesRemoved);
        return [.. run.Failed.Keys];
    }
}
