using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>Puts messages into a mailbox's <c>tmp</c> folder, where nobody looks, before the commit that makes them messages. On workers.</summary>
internal static class FilePreparation
{
    public static StoreResult<PreparedMessages> Append(MaildirStore store, MaildirMailbox mailbox, IReadOnlyList<MessageToAppend> messages)
    {
        long total = messages.Sum(m => m.Message.Octets);
        List<PreparedFile> prepared = new(messages.Count);
        try
        {
            string[] names = [.. messages.Select(m => store.UniqueNames.Next(m.Message.Octets))];
            long[] summaries = mailbox.AddToCache([.. messages.Select((m, i) => new SummaryToCache(names[i], ((MaildirStagedMessage)m.Message).Summary))]);
            for (int i = 0; i < messages.Count; i++)
            {
                bool intoJournal = total <= store.Limits.JournalCommitOctetsMax && messages[i].Message.Octets <= store.Limits.JournalContentOctetsMax;
                prepared.Add(Describe(messages[i], names[i], summaries[i], intoJournal));
                Write(store, mailbox, messages[i], prepared[i], isSynced: prepared[i].JournalContent.IsEmpty);
            }
            if (prepared.Exists(p => p.JournalContent.IsEmpty))
            {
                store.Files.SyncFolder(mailbox.Folder.Tmp);
            }
            return new PreparedFiles(mailbox, prepared);
        }
        catch (FileFault fault)
        {
            return Undo(store, mailbox, prepared, fault);
        }
    }

    private static PreparedFile Describe(MessageToAppend message, string baseName, long cacheLocator, bool intoJournal)
    {
        var staged = (MaildirStagedMessage)message.Message;
        FlagLetters letters = FlagLetters.From(message.Flags);
        return new PreparedFile
        {
            BaseName = baseName,
            Waiting = MaildirFolder.TemporaryPathOf(baseName),
            Octets = staged.Octets,
            GoesToNew = letters.Bits == 0 && message.Keywords.Count == 0,
            Letters = letters,
            CacheLocator = cacheLocator,
            JournalContent = intoJournal && staged.FilePath is null ? staged.Memory : default,
        };
    }

    private static void Write(MaildirStore store, MaildirMailbox mailbox, MessageToAppend message, PreparedFile prepared, bool isSynced)
    {
        var staged = (MaildirStagedMessage)message.Message;
        string path = mailbox.Folder.Full(prepared.Waiting);
        if (staged.FilePath is { } staging)
        {
            staged.SyncFile();
            if (message.InternalDate is null && store.Files.Link(staging, path) == LinkOutcome.Linked)
            {
                return;
            }
            store.Files.Copy(staging, path, message.InternalDate?.ToUnixTimeSeconds());
            return;
        }
        using IFile file = store.Files.Open(path, OpenKind.CreateNew)!;
        file.Write(0, staged.Memory.Span);
        if (message.InternalDate is { } date)
        {
            file.SetModified(date.ToUnixTimeSeconds()); // Other programs take it for the message's date.
        }
        if (isSynced)
        {
            file.Sync();
        }
    }

    /// <summary>What was made for no commit goes.</summary>
    public static StoreError Undo(MaildirStore store, MaildirMailbox mailbox, IEnumerable<PreparedFile> prepared, FileFault fault)
    {
        mailbox.OnFault(fault);
        try
        {
            Discard(store, mailbox, prepared);
        }
        catch (FileFault)
        {
            // Swept when the mailbox is next loaded.
        }
        return StoreError.Unavailable;
    }

    /// <summary>Removes the files of messages that no commit took. On a worker.</summary>
    public static void Discard(MaildirStore store, MaildirMailbox mailbox, IEnumerable<PreparedFile> prepared)
    {
        foreach (PreparedFile file in prepared)
        {
            store.Files.Unlink(mailbox.Folder.Full(file.Waiting));
        }
    }
}
