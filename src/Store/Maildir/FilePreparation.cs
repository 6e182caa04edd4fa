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

    public static StoreResult<PreparedMessages> Copy(
        MaildirStore store, MaildirMailbox source, IReadOnlyList<MessageRecord> records, MaildirMailbox destination)
    {
        List<PreparedFile> prepared = new(records.Count);
        try
        {
            string[] names = [.. records.Select(r => store.UniqueNames.Next(r.Octets))];
            long[] summaries = destination.AddToCache([.. records.Select((r, i) => new SummaryToCache(names[i], source.ReadSummary(r)))]);
            for (int i = 0; i < records.Count; i++)
            {
                Locator locator = Locator.Of(records[i]);
                FlagLetters letters = FlagLetters.From(records[i].Flags);
                prepared.Add(new PreparedFile
                {
                    BaseName = names[i],
                    Octets = records[i].Octets,
                    GoesToNew = letters.Bits == 0 && records[i].Keywords == 0,
                    Letters = letters,
                    HasBareLf = locator.HasBareLf,
                    CacheLocator = summaries[i],
                    SourceMailbox = source.Guid,
                    SourceBaseName = source.Names[locator.NamePlace],
                });
                StoreError error = LinkOrCopy(store, source, records[i], destination, prepared[i]);
                if (error != StoreError.None)
                {
                    Undo(store, destination, prepared, null);
                    return error;
                }
            }
            return new PreparedFiles(destination, prepared);
        }
        catch (FileFault fault)
        {
            return Undo(store, destination, prepared, fault);
        }
    }

    private static PreparedFile Describe(MessageToAppend message, string baseName, long cacheLocator, bool intoJournal)
    {
        var staged = (MaildirStagedMessage)message.Message;
        FlagLetters letters = FlagLetters.From(message.Flags);
        return new PreparedFile
        {
            BaseName = baseName,
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
        string path = mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(prepared.BaseName));
        if (staged.FilePath is { } staging)
        {
            staged.SyncFile();
            if (message.InternalDate is null && store.Files.Link(staging, path) == LinkOutcome.Linked)
            {
                return;
            }
            CopyFile(store, staging, path, message.InternalDate);
            return;
        }
        using IFile file = store.Files.Open(path, OpenKind.CreateNew)!;
        file.Write(0, staged.Memory.Span);
        SetDate(file, message.InternalDate);
        if (isSynced)
        {
            file.Sync();
        }
    }

    /// <summary>Other programs take the file's time for the message's date.</summary>
    private static void SetDate(IFile file, DateTimeOffset? date)
    {
        if (date is { } known)
        {
            file.SetModified(known.ToUnixTimeSeconds());
        }
    }

    private static StoreError LinkOrCopy(
        MaildirStore store, MaildirMailbox source, MessageRecord record, MaildirMailbox destination, PreparedFile prepared)
    {
        string target = destination.Folder.Full(MaildirFolder.TemporaryPathOf(prepared.BaseName));
        string baseName = prepared.SourceBaseName;
        lock (source.Owed.Lock)
        {
            Locator locator = source.CurrentLocator(record);
            bool isDone = (source.Owed.TryGetActual(baseName, out string? actual) && TryLinkOrCopy(store, source.Folder.Full(actual!), target))
                || (source.Owed.IsUnplaced(baseName) && TryLinkOrCopy(store, source.Folder.Full(MaildirFolder.TemporaryPathOf(baseName)), target))
                || TryLinkOrCopy(store, source.Folder.Full(MaildirFolder.PathOf(baseName, locator)), target)
                || (source.Folder.Look().TryGet(System.Text.Encoding.UTF8.GetBytes(baseName), out ScannedFile found)
                    && TryLinkOrCopy(store, source.Folder.Full(found.RelativePath), target));
            return isDone ? StoreError.None : StoreError.Expunged;
        }
    }

    /// <summary>False where there is no such file.</summary>
    private static bool TryLinkOrCopy(MaildirStore store, string from, string to)
    {
        LinkOutcome outcome = store.Files.Link(from, to);
        if (outcome == LinkOutcome.Impossible)
        {
            CopyFile(store, from, to, null);
        }
        return outcome != LinkOutcome.Missing;
    }

    /// <summary>Between file systems. The copy is durable: the journal does not hold it.</summary>
    private static void CopyFile(MaildirStore store, string from, string to, DateTimeOffset? date)
    {
        using IFile source = store.Files.Open(from, OpenKind.Read) ?? throw new FileFault("open", from, Posix.NoEntry);
        using IFile target = store.Files.Open(to, OpenKind.CreateNew)!;
        byte[] buffer = new byte[256 * 1024];
        long at = 0;
        int count;
        while ((count = source.Read(at, buffer)) > 0)
        {
            target.Write(at, buffer.AsSpan(0, count));
            at += count;
        }
        SetDate(target, date);
        target.Sync();
    }

    private static StoreError Undo(MaildirStore store, MaildirMailbox mailbox, List<PreparedFile> prepared, FileFault? fault)
    {
        if (fault is not null)
        {
            mailbox.OnFault(fault);
        }
        foreach (PreparedFile file in prepared)
        {
            try
            {
                store.Files.Unlink(mailbox.Folder.Full(MaildirFolder.TemporaryPathOf(file.BaseName)));
            }
            catch (FileFault)
            {
                break; // Swept when the mailbox is next loaded.
            }
        }
        return StoreError.Unavailable;
    }
}
