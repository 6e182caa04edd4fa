using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Lets the names of files follow the flags of their messages, some time after the flags became durable in the journal.
/// </summary>
/// <remarks>
/// The rule where another program changes flags too: a record keeps the letters that the name is known to have. A name found
/// with other letters was changed by somebody else, and exactly the letters he changed are changed in the record
/// (<see cref="MailboxRefresh"/>); what we had changed and not yet written stays, and is written with the next flush.
/// </remarks>
internal static class NameFlush
{
    public const string LettersName = "dovecot-keywords";

    private const int BatchMessages = 512;

    /// <summary>On a worker.</summary>
    public static void Run(MaildirStore store, MaildirMailbox mailbox)
    {
        List<uint> stale = mailbox.TakeStaleNames();
        for (int next = 0; next < stale.Count; next += BatchMessages)
        {
            if (!Run(store, mailbox, stale.GetRange(next, Math.Min(BatchMessages, stale.Count - next))))
            {
                stale.Skip(next + BatchMessages).ToList().ForEach(mailbox.PutBackStaleName);
                return;
            }
        }
    }

    /// <summary>A part of the work, so that whoever waits for the lock gets it soon, and after a kill few names are newer than what is known of them.</summary>
    private static bool Run(MaildirStore store, MaildirMailbox mailbox, List<uint> stale)
    {
        List<(uint Uid, Locator Locator)> done = [];
        int next = 0;
        lock (mailbox.Owed.Lock)
        {
            try
            {
                WriteLetters(store, mailbox);
                MailboxSnapshot now = mailbox.Published;
                for (; next < stale.Count; next++)
                {
                    if (Rename(mailbox, now, stale[next]) is { } locator)
                    {
                        done.Add((stale[next], locator));
                    }
                }
            }
            catch (FileFault fault)
            {
                mailbox.OnFault(fault);
                stale.Skip(next).ToList().ForEach(mailbox.PutBackStaleName);
            }
            Remember(mailbox, done); // Under the lock: a refresh that follows must know which letters are ours.
        }
        return next == stale.Count;
    }

    private static void WriteLetters(MaildirStore store, MaildirMailbox mailbox)
    {
        byte[]? content = null;
        lock (mailbox.Gate)
        {
            if (mailbox.LettersChanged)
            {
                content = mailbox.Letters.Format();
                mailbox.LettersChanged = false;
            }
        }
        if (content is not null)
        {
            try
            {
                store.Files.Replace(Path.Combine(mailbox.Folder.Path, LettersName), content);
            }
            catch (FileFault)
            {
                lock (mailbox.Gate)
                {
                    mailbox.LettersChanged = true; // Or later names would get letters that no file explains.
                }
                throw;
            }
        }
    }

    private static Locator? Rename(MaildirMailbox mailbox, MailboxSnapshot now, uint uid)
    {
        int index = now.IndexOf(new Uid(uid));
        if (index < 0)
        {
            return null;
        }
        Locator known = Locator.Of(now[index]);
        string baseName = mailbox.Names[known.NamePlace];
        Locator wanted;
        lock (mailbox.Gate)
        {
            wanted = mailbox.WantedLocator(now[index], now.Keywords);
        }
        if (wanted == known)
        {
            return null;
        }
        mailbox.Owed.Place(baseName);
        string from = mailbox.Owed.TryGetActual(baseName, out string? actual) ? actual! : MaildirFolder.PathOf(baseName, known);
        string to = MaildirFolder.PathOf(baseName, wanted);
        mailbox.Owed.SetRenaming(baseName, to); // Before: whoever misses the old name finds the new one.
        if (!mailbox.Owed.Rename(from, to))
        {
            // Another program renamed or removed it: the next refresh tells which, and what is then stale is found stale again.
            mailbox.Owed.ForgetActual(baseName);
            mailbox.NewFolderTicks = 0;
            mailbox.News.Lose();
            return null;
        }
        return wanted;
    }

    private static void Remember(MaildirMailbox mailbox, List<(uint Uid, Locator Locator)> done)
    {
        lock (mailbox.Gate)
        {
            MailboxSnapshot before = mailbox.Head;
            var builder = new SnapshotBuilder(before);
            List<MessageRecord> upserts = [];
            foreach ((uint uid, Locator locator) in done)
            {
                int index = before.IndexOf(new Uid(uid));
                if (index >= 0)
                {
                    // Only the name: meanwhile the file may have been measured.
                    MessageRecord changed = before[index] with { Locator = Locator.Of(before[index]).RenamedAs(locator).Value };
                    builder.Update(index, changed);
                    upserts.Add(changed);
                }
            }
            SilentCommit.Submit(mailbox, before, builder, upserts);
        }
    }
}
