using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>Takes over what other programs did to the files of a mailbox, as one commit.</summary>
internal static class MailboxRefresh
{
    /// <summary>A folder changed so recently may change again without its time telling.</summary>
    private static readonly TimeSpan TimeGrain = TimeSpan.FromSeconds(2);

    public static async ValueTask<StoreResult<Done>> RunAsync(MaildirStore store, MaildirMailbox mailbox)
    {
        StoreResult<CommitTicket?> compared = await store.Workers.RunAsync(() => Compare(store, mailbox), mailbox.OnFault);
        if (!compared.TryGet(out CommitTicket? ticket))
        {
            return compared.Error;
        }
        StoreError error = ticket is null ? StoreError.None : await ticket.Settled;
        return error == StoreError.None ? default(Done) : error;
    }

    /// <summary>On a worker: the commit that brings the news, or null.</summary>
    private static StoreResult<CommitTicket?> Compare(MaildirStore store, MaildirMailbox mailbox)
    {
        lock (mailbox.Owed.Lock)
        {
            if (!mailbox.Folder.Exists())
            {
                // Not a mailbox whose messages were all expunged: one that somebody removed, or whose disk is not there.
                mailbox.MarkGone();
                return StoreError.NotFound;
            }
            (long New, long Cur) times = mailbox.Folder.Times();
            if (times == (mailbox.NewFolderTicks, mailbox.CurFolderTicks))
            {
                return default(CommitTicket);
            }
            MailboxSnapshot settled = mailbox.Published;
            HashSet<string> unplaced = mailbox.Owed.UnplacedNames();
            Dictionary<string, FoundFile> found = mailbox.Folder.Scan();
            MailboxSnapshot head;
            lock (mailbox.Gate)
            {
                head = mailbox.Head;
            }
            HashSet<uint> missing = Missing(mailbox, settled, unplaced, found);
            if (missing.Count > 0)
            {
                // A file that is renamed while the folder is read may be seen under neither name: only what two readings miss is gone.
                foreach ((string name, FoundFile file) in mailbox.Folder.Scan())
                {
                    found.TryAdd(name, file);
                }
                missing = Missing(mailbox, settled, unplaced, found);
            }
            List<Newcomer> newcomers = Newcomers(store, mailbox, settled, head, found);
            UidList? news = newcomers.Count > 0 ? mailbox.UidList.ReadNews() : null;
            CommitTicket? ticket = Commit(mailbox, found, missing, news is null ? newcomers : Numbered(newcomers, news));
            long racy = store.Clock.GetUtcNow().UtcTicks - TimeGrain.Ticks;
            mailbox.NewFolderTicks = times.New < racy ? times.New : 0;
            mailbox.CurFolderTicks = times.Cur < racy ? times.Cur : 0;
            return ticket;
        }
    }

    private static HashSet<uint> Missing(
        MaildirMailbox mailbox, MailboxSnapshot settled, HashSet<string> unplaced, Dictionary<string, FoundFile> found)
    {
        HashSet<uint> missing = [];
        for (int i = 0; i < settled.Count; i++)
        {
            string baseName = mailbox.Names[Locator.Of(settled[i]).NamePlace];
            if (!found.ContainsKey(baseName) && !unplaced.Contains(baseName))
            {
                missing.Add(settled[i].Uid.Value);
            }
        }
        return missing;
    }

    /// <summary>Files that no message has and none had that was just expunged. They are read once, for their exact size.</summary>
    private static List<Newcomer> Newcomers(
        MaildirStore store, MaildirMailbox mailbox, MailboxSnapshot settled, MailboxSnapshot head, Dictionary<string, FoundFile> found)
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach (MailboxSnapshot snapshot in ReferenceEquals(settled, head) ? [head] : new[] { settled, head })
        {
            for (int i = 0; i < snapshot.Count; i++)
            {
                known.Add(mailbox.Names[Locator.Of(snapshot[i]).NamePlace]);
            }
        }
        List<Newcomer> newcomers = [];
        foreach ((string baseName, FoundFile file) in found.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            if (!known.Contains(baseName) && !mailbox.Owed.IsRemoved(baseName) && Newcomer.Read(store.Files, mailbox.Folder, file) is { } newcomer)
            {
                newcomers.Add(newcomer);
            }
        }
        return newcomers;
    }

    /// <summary>Another program has given UIDs to some of them: these come first, in the order of its UIDs.</summary>
    private static List<Newcomer> Numbered(List<Newcomer> newcomers, UidList list)
    {
        Dictionary<string, Uid> uids = new(StringComparer.Ordinal);
        foreach ((Uid uid, string baseName) in list.Entries)
        {
            uids[baseName] = uid;
        }
        return
        [
            .. newcomers.Select(n => uids.TryGetValue(n.Name.Base, out Uid uid) ? n with { Listed = uid } : n)
                .OrderBy(n => n.Listed?.Value ?? uint.MaxValue).ThenBy(n => n.Name.Base, StringComparer.Ordinal),
        ];
    }

    private static CommitTicket? Commit(MaildirMailbox mailbox, Dictionary<string, FoundFile> found, HashSet<uint> missing, List<Newcomer> newcomers)
    {
        lock (mailbox.Gate)
        {
            MailboxSnapshot before = mailbox.Head;
            if (mailbox.IsGone)
            {
                return null;
            }
            var builder = new SnapshotBuilder(before);
            var next = new ModSeq(before.HighestModSeq.Value + 1);
            List<MessageRecord> upserts = [];
            List<int> gone = [];
            bool isVisible = false;
            for (int i = 0; i < before.Count; i++)
            {
                if (missing.Contains(before[i].Uid.Value))
                {
                    gone.Add(i);
                }
                else if (found.TryGetValue(mailbox.Names[Locator.Of(before[i]).NamePlace], out FoundFile file)
                    && Changed(mailbox, builder, before[i], file, next) is { } changed)
                {
                    isVisible |= changed.ModSeq == next;
                    builder.Update(i, changed);
                    upserts.Add(changed);
                }
            }
            List<FrameArrival> arrivals = Append(mailbox, builder, newcomers, next, upserts);
            isVisible |= arrivals.Count > 0 || gone.Count > 0;
            List<MessageRecord> expunged = [.. gone.Select(i => before[i])];
            builder.Remove(gone);
            if (upserts.Count == 0 && gone.Count == 0)
            {
                return null;
            }
            builder.HighestModSeq = isVisible ? next : before.HighestModSeq;
            var change = new MailboxChange(mailbox, before, builder.Build())
            {
                Upserts = upserts,
                AppendedCount = arrivals.Count,
                Arrivals = arrivals,
                Expunged = expunged,
                HaveVanished = true,
                IsSilent = !isVisible,
            };
            var ticket = new CommitTicket(change);
            mailbox.Advance(change, ticket);
            mailbox.Submit(ticket);
            return ticket;
        }
    }

    /// <summary>The record as another program's rename left it; null where there was none.</summary>
    private static MessageRecord? Changed(MaildirMailbox mailbox, SnapshotBuilder builder, MessageRecord record, FoundFile file, ModSeq next)
    {
        Locator known = Locator.Of(record);
        string baseName = file.Name.Base;
        if (mailbox.Owed.IsRenaming(baseName, file.RelativePath))
        {
            return null; // Our own rename, whose commit is on its way.
        }
        if (file.RelativePath != MaildirFolder.PathOf(baseName, known) && file.Name.Letters == known.Letters && file.IsInNew == known.IsInNew)
        {
            mailbox.Owed.SetActual(baseName, file.RelativePath); // The same flags, spelled otherwise.
            return null;
        }
        if (file.Name.Letters == known.Letters && file.IsInNew == known.IsInNew)
        {
            return null;
        }
        if (!file.Name.IsCanonical)
        {
            mailbox.Owed.SetActual(baseName, file.RelativePath);
        }
        uint differing = file.Name.Letters.Bits ^ known.Letters.Bits;
        FlagLetters ours = FlagLetters.From(record.Flags);
        var system = new FlagLetters((ours.Bits & ~differing) | (file.Name.Letters.Bits & differing & 0x3F));
        ulong added = MaskOf(mailbox, builder, file.Name.Letters.Keywords & new FlagLetters(differing).Keywords);
        ulong removed = MaskOf(mailbox, builder, known.Letters.Keywords & new FlagLetters(differing).Keywords);
        MessageRecord changed = record with
        {
            Flags = system.Flags,
            Keywords = (record.Keywords & ~removed) | added,
            Locator = Locator.Create(known.NamePlace, file.IsInNew, known.HasBareLf, file.Name.Letters).Value,
        };
        return changed.Flags == record.Flags && changed.Keywords == record.Keywords ? changed : changed with { ModSeq = next };
    }

    private static List<FrameArrival> Append(
        MaildirMailbox mailbox, SnapshotBuilder builder, List<Newcomer> newcomers, ModSeq next, List<MessageRecord> upserts)
    {
        List<FrameArrival> arrivals = [];
        foreach (Newcomer newcomer in newcomers)
        {
            long place = mailbox.Names.Add(newcomer.Name.Base);
            if (place < 0 || builder.UidNext.Value >= uint.MaxValue - 1)
            {
                break;
            }
            var record = new MessageRecord
            {
                Uid = newcomer.Listed is { } listed && listed >= builder.UidNext && listed.Value < uint.MaxValue - 1 ? listed : builder.UidNext,
                Flags = newcomer.Name.Letters.Flags,
                Keywords = MaskOf(mailbox, builder, newcomer.Name.Letters.Keywords),
                ModSeq = next,
                InternalDateSeconds = newcomer.ModifiedSeconds,
                SavedDateSeconds = mailbox.NowSeconds,
                Octets = newcomer.Octets,
                Locator = Locator.Create(place, newcomer.IsInNew, newcomer.HasBareLf, newcomer.Name.Letters).Value,
            };
            builder.Append(record);
            upserts.Add(record);
            arrivals.Add(new FrameArrival(place, newcomer.Name.Base, Guid.Empty, ""));
            if (!newcomer.Name.IsCanonical)
            {
                mailbox.Owed.SetActual(newcomer.Name.Base, newcomer.RelativePath);
            }
        }
        return arrivals;
    }

    private static ulong MaskOf(MaildirMailbox mailbox, SnapshotBuilder builder, uint letters)
    {
        if (letters == 0)
        {
            return 0;
        }
        if (builder.Keywords.TryWith(mailbox.Letters.NamesOf(letters), out KeywordTable? table, out ulong mask))
        {
            builder.Keywords = table;
        }
        return table is null ? 0 : mask;
    }
}

/// <summary>A message that another program delivered.</summary>
internal sealed record Newcomer(string RelativePath, FileName Name, bool IsInNew, long Octets, bool HasBareLf, long ModifiedSeconds)
{
    /// <summary>The UID that another program gave it: ours too, where it is not too low.</summary>
    public Uid? Listed { get; init; }

    /// <summary>Null where it has gone again.</summary>
    public static Newcomer? Read(IFiles files, MaildirFolder folder, FoundFile found)
    {
        string path = folder.Full(found.RelativePath);
        if (!files.TryStat(path, out FileFacts facts) || facts.IsFolder)
        {
            return null;
        }
        using IFile? file = files.Open(path, OpenKind.Read);
        if (file is null)
        {
            return null;
        }
        byte[] buffer = new byte[64 * 1024];
        long raw = 0;
        long bare = 0;
        bool afterCr = false;
        int count;
        while ((count = file.Read(raw, buffer)) > 0)
        {
            raw += count;
            bare += CountBareLf(buffer.AsSpan(0, count), ref afterCr);
        }
        long seconds = (facts.ModifiedTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        return new Newcomer(found.RelativePath, found.Name, found.IsInNew, raw + bare, bare > 0, seconds);
    }

    private static long CountBareLf(ReadOnlySpan<byte> octets, ref bool afterCr)
    {
        long bare = 0;
        int start = 0;
        while (octets[start..].IndexOf((byte)'\n') is int found and >= 0)
        {
            int at = start + found;
            bool hasCr = at == 0 ? afterCr : octets[at - 1] == (byte)'\r';
            bare += hasCr ? 0 : 1;
            start = at + 1;
        }
        afterCr = octets[^1] == (byte)'\r';
        return bare;
    }
}
