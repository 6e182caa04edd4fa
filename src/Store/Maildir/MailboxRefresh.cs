using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Takes over what other programs did to the files of a mailbox, as one commit. Where the kernel told what they did, only the files it
/// named are looked at; else both folders are listed and compared.
/// </summary>
internal static class MailboxRefresh
{
    /// <summary>A folder changed so recently may change again without its time telling, where times are kept in seconds.</summary>
    private static readonly TimeSpan CoarseGrain = TimeSpan.FromSeconds(2);

    /// <summary>The same where they are kept in fractions: some ticks of the kernel's clock.</summary>
    private static readonly TimeSpan FineGrain = TimeSpan.FromMilliseconds(100);

    /// <summary>Somebody who changes the same file all the time is not waited for.</summary>
    private const int ComparisonsMax = 4;

    public static async ValueTask<StoreResult<Done>> RunAsync(MaildirStore store, MaildirMailbox mailbox)
    {
        bool isUndecided = true;
        for (int i = 0; isUndecided && i < ComparisonsMax; i++)
        {
            StoreResult<CommitTicket?> compared = await store.Workers.RunAsync(() => Compare(store, mailbox, out isUndecided), mailbox.OnFault);
            if (!compared.TryGet(out CommitTicket? ticket))
            {
                return compared.Error;
            }
            if (ticket is not null && await ticket.Settled is var error and not StoreError.None)
            {
                return error;
            }
            await mailbox.NewsUnderWay;
        }
        return default(Done);
    }

    /// <summary>The times where they prove, as long as they stay, that nothing else has changed; else 0.</summary>
    public static (long New, long Cur) Trustworthy(MaildirStore store, (long New, long Cur) times) =>
        (Trustworthy(store, times.New), Trustworthy(store, times.Cur));

    /// <summary>Under the lock of names: where all changes of the folders were our own, their times now are those of the records.</summary>
    public static void RememberTimes(MaildirStore store, MaildirMailbox mailbox)
    {
        (long New, long Cur) times = mailbox.Folder.Times();
        store.Watcher.Drain();
        if (mailbox.News.IsQuiet)
        {
            (mailbox.NewFolderTicks, mailbox.CurFolderTicks) = Trustworthy(store, times);
        }
    }

    /// <summary>Files whose names are not spelled as we spell them are found again without another listing.</summary>
    public static void NoteOddNames(MaildirMailbox mailbox, ScannedFolder found)
    {
        foreach (ScannedFile file in found.Odd())
        {
            mailbox.Owed.SetActual(file.BaseText, file.RelativePath);
        }
    }

    private static long Trustworthy(MaildirStore store, long ticks)
    {
        TimeSpan grain = ticks % TimeSpan.TicksPerSecond == 0 ? CoarseGrain : FineGrain;
        return ticks < store.Clock.GetUtcNow().UtcTicks - grain.Ticks ? ticks : 0;
    }

    /// <summary>On a worker: the commit that brings the news, or null.</summary>
    private static StoreResult<CommitTicket?> Compare(MaildirStore store, MaildirMailbox mailbox, out bool isUndecided)
    {
        isUndecided = false;
        lock (mailbox.Owed.Lock)
        {
            store.Watcher.Drain();
            store.Watcher.WatchAgain(mailbox.News);
            if (mailbox.News.Take() is { } events && Changes.TryFromEvents(store, mailbox, events) is { } told)
            {
                CommitTicket? brought = Commit(mailbox, told);
                Settle(mailbox, told);
                return brought;
            }
            if (!mailbox.Folder.Exists())
            {
                // Not a mailbox whose messages were all expunged: one that somebody removed, or whose disk is not there.
                mailbox.MarkGone();
                return StoreError.NotFound;
            }
            (long New, long Cur) times = mailbox.Folder.Times();
            if (times == (mailbox.NewFolderTicks, mailbox.CurFolderTicks))
            {
                mailbox.News.Settled();
                return default(CommitTicket);
            }
            Changes found = Changes.FromLook(store, mailbox);
            isUndecided = found.IsUndecided;
            CommitTicket? ticket = Commit(mailbox, found);
            (mailbox.NewFolderTicks, mailbox.CurFolderTicks) = Trustworthy(store, times);
            Settle(mailbox, found);
            return ticket;
        }
    }

    /// <summary>What was left out is told by no event of these folders, nor by their times.</summary>
    private static void Settle(MaildirMailbox mailbox, Changes changes)
    {
        if (changes.HasUnfinished)
        {
            mailbox.News.Lose();
            (mailbox.NewFolderTicks, mailbox.CurFolderTicks) = (0, 0);
        }
        else
        {
            mailbox.News.Settled();
        }
    }

    private static CommitTicket? Commit(MaildirMailbox mailbox, Changes changes)
    {
        if (changes.IsEmpty)
        {
            return null;
        }
        UidList? news = changes.Newcomers.Count > 0 ? mailbox.UidList.ReadNews() : null;
        IReadOnlyList<Newcomer> newcomers = news is null ? changes.Newcomers : Numbered(changes.Newcomers, news);
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
            bool isVisible = false;
            foreach ((Uid uid, ScannedFile file) in changes.Moved)
            {
                int index = before.IndexOf(uid);
                if (index >= 0 && Changed(mailbox, builder, before[index], file, next) is { } changed)
                {
                    isVisible |= changed.ModSeq == next;
                    builder.Update(index, changed);
                    upserts.Add(changed);
                }
            }
            List<FrameArrival> arrivals = Append(mailbox, builder, newcomers, next, upserts);
            List<int> gone = [.. changes.Missing.Select(before.IndexOf).Where(i => i >= 0).Order()];
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
            mailbox.NewsUnderWay = ticket.Settled;
            return ticket;
        }
    }

    /// <summary>Another program has given UIDs to some of them: these come first, in the order of its UIDs.</summary>
    private static List<Newcomer> Numbered(IReadOnlyList<Newcomer> newcomers, UidList list)
    {
        Dictionary<string, Uid> uids = new(StringComparer.Ordinal);
        foreach ((Uid uid, string baseName) in list.Entries)
        {
            uids[baseName] = uid;
        }
        return
        [
            .. newcomers.Select(n => uids.TryGetValue(n.File.BaseText, out Uid uid) ? n with { Listed = uid } : n)
                .OrderBy(n => n.Listed?.Value ?? uint.MaxValue).ThenBy(n => n.File.BaseText, StringComparer.Ordinal),
        ];
    }

    /// <summary>The record as another program's rename left it; null where there was none.</summary>
    private static MessageRecord? Changed(MaildirMailbox mailbox, SnapshotBuilder builder, MessageRecord record, in ScannedFile file, ModSeq next)
    {
        Locator known = Locator.Of(record);
        string baseName = file.BaseText;
        string path = file.RelativePath;
        if (mailbox.Owed.IsRenaming(baseName, path))
        {
            return null; // Our own rename, whose commit is on its way.
        }
        if (!file.IsPlain)
        {
            mailbox.Owed.SetActual(baseName, path);
        }
        else if (mailbox.Owed.TryGetActual(baseName, out string? actual) && actual != path)
        {
            mailbox.Owed.ForgetActual(baseName); // Somebody has spelled the name as we do, or undone our renaming.
        }
        if (file.Letters == known.Letters && file.IsInNew == known.IsInNew)
        {
            return null;
        }
        uint differing = file.Letters.Bits ^ known.Letters.Bits;
        FlagLetters ours = FlagLetters.From(record.Flags);
        var system = new FlagLetters((ours.Bits & ~differing) | (file.Letters.Bits & differing & 0x3F));
        ulong added = MaskOf(mailbox, builder, file.Letters.Keywords & new FlagLetters(differing).Keywords);
        ulong removed = MaskOf(mailbox, builder, known.Letters.Keywords & new FlagLetters(differing).Keywords);
        MessageRecord changed = record with
        {
            Flags = system.Flags,
            Keywords = (record.Keywords & ~removed) | added,
            Locator = Locator.Create(known.NamePlace, file.IsInNew, known.HasBareLf, file.Letters).Value,
        };
        return changed.Flags == record.Flags && changed.Keywords == record.Keywords ? changed : changed with { ModSeq = next };
    }

    private static List<FrameArrival> Append(
        MaildirMailbox mailbox, SnapshotBuilder builder, IReadOnlyList<Newcomer> newcomers, ModSeq next, List<MessageRecord> upserts)
    {
        List<FrameArrival> arrivals = [];
        foreach (Newcomer newcomer in newcomers)
        {
            string baseName = newcomer.File.BaseText;
            long place = mailbox.Names.Add(baseName);
            if (place < 0 || builder.UidNext.Value >= uint.MaxValue - 1)
            {
                break;
            }
            var record = new MessageRecord
            {
                Uid = newcomer.Listed is { } listed && listed >= builder.UidNext && listed.Value < uint.MaxValue - 1 ? listed : builder.UidNext,
                Flags = newcomer.File.Letters.Flags,
                Keywords = MaskOf(mailbox, builder, newcomer.File.Letters.Keywords),
                ModSeq = next,
                SavedDateSeconds = mailbox.NowSeconds,
                Octets = 0,
                Traits = RecordTraits.Unmeasured,
                Locator = Locator.Create(place, newcomer.File.IsInNew, false, newcomer.File.Letters).Value,
            };
            record = newcomer.Measure?.ApplyTo(record) ?? record;
            builder.Append(record);
            upserts.Add(record);
            arrivals.Add(new FrameArrival(place, baseName, Guid.Empty, ""));
            if (!newcomer.File.IsPlain)
            {
                mailbox.Owed.SetActual(baseName, newcomer.File.RelativePath);
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
