using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>Writes a mailbox's index anew, and a list of UIDs for the case that it is lost; the log starts anew.</summary>
internal static class Folding
{
    /// <summary>The log is longer than the index is worth reading it for.</summary>
    public static bool IsDue(MaildirStore store, MaildirMailbox mailbox) =>
        mailbox.Owed.LogOctets > Math.Max(store.Limits.LogOctetsBeforeFold, mailbox.Published.Count * 64L);

    /// <summary>On a worker.</summary>
    public static void Run(MaildirStore store, MaildirMailbox mailbox)
    {
        lock (mailbox.Owed.Lock)
        {
            if (mailbox.Owed.LogOctets <= IndexFile.LogHeaderOctets && mailbox.Owed.FrameCount == 0)
            {
                return;
            }
            mailbox.Owed.Pay();
            MailboxRefresh.RememberTimes(store, mailbox);
            IndexContent content;
            int frames;
            lock (mailbox.Gate)
            {
                content = ContentOf(mailbox);
                frames = mailbox.Owed.FrameCount;
            }
            IndexFile.Write(store.Files, mailbox.Folder.Path, content);
            mailbox.Owed.Folded(frames);
            mailbox.VanishedFolded(content.Vanished.Count, content.Snapshot.HighestModSeq);
            KeywordsFile.Write(store.Files, mailbox.Folder.Path, content, mailbox.Letters);
            mailbox.UidList.Write(content, mailbox.Names);
        }
    }

    private static IndexContent ContentOf(MaildirMailbox mailbox) => new()
    {
        Guid = mailbox.Guid,
        Snapshot = mailbox.Published,
        Names = mailbox.Names.Memory,
        NamesBase = mailbox.Names.Base,
        FirstUnclaimed = mailbox.Unclaimed,
        CacheGeneration = mailbox.CacheGeneration,
        NewFolderTicks = mailbox.NewFolderTicks,
        CurFolderTicks = mailbox.CurFolderTicks,
        Vanished = mailbox.VanishedSinceIndex,
        IndexedModSeq = mailbox.IndexedModSeq,
    };
}
