using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>Takes over what other programs did to a mailbox's file, as one commit.</summary>
internal static class MboxRefresh
{
    /// <summary>Not from within the committer's work.</summary>
    public static async ValueTask<StoreResult<Done>> RunAsync(MboxStore store, MboxMailbox mailbox)
    {
        CommitTicket? ticket = null;
        long since = store.Clock.GetTimestamp();
        StoreError error = await mailbox.Account.Committer.RunAsync(async () =>
        {
            (StoreError looked, ticket) = await LookAsync(store, mailbox, since);
            return looked;
        });
        if (error == StoreError.None && ticket is null)
        {
            // Nothing new, or somebody else has just found it: then it is on its way.
            lock (mailbox.Gate)
            {
                ticket = mailbox.LastTicket;
            }
        }
        if (error == StoreError.None && ticket is not null)
        {
            error = await ticket.Settled;
        }
        return error == StoreError.None ? default(Done) : error;
    }

    private static async Task<(StoreError Error, CommitTicket? Ticket)> LookAsync(MboxStore store, MboxMailbox mailbox, long since)
    {
        SpoolLock? held = null;
        try
        {
            held = await store.LockAsync(mailbox.Spool.Path, create: false, since);
        }
        catch (FileFault fault)
        {
            mailbox.OnFault(fault);
            return (StoreError.Unavailable, null);
        }
        if (held is null)
        {
            return (StoreError.Busy, null);
        }
        CommitTicket? ticket = null;
        StoreResult<Done> done = await store.Workers.RunAsync<Done>(
            () =>
            {
                using (held)
                {
                    return Look(store, mailbox, held, out ticket);
                }
            },
            mailbox.OnFault);
        return (done.Error, ticket);
    }

    private static StoreResult<Done> Look(MboxStore store, MboxMailbox mailbox, SpoolLock held, out CommitTicket? ticket)
    {
        ticket = null;
        lock (mailbox.Spool.Lock)
        {
            if (mailbox.IsGone || mailbox.Spool.IsClosed)
            {
                return StoreError.NotFound;
            }
            if (held.File is null && !mailbox.Name.IsInbox)
            {
                mailbox.MarkGone(); // Somebody removed it, or its disk is not there.
                return StoreError.NotFound;
            }
            if (!mailbox.Spool.IsUnchanged() || (mailbox.News.Count == 0 && mailbox.Spool.HasUnassigned))
            {
                mailbox.News.Add(SpoolScan.Run(store, mailbox.Spool, held.File, mailbox.Published));
            }
            ticket = Commit(mailbox);
        }
        return default(Done);
    }

    private static CommitTicket? Commit(MboxMailbox mailbox)
    {
        lock (mailbox.Gate)
        {
            MailboxSnapshot before = mailbox.Head;
            MailboxSnapshot settled = mailbox.Published;
            var builder = new SnapshotBuilder(before);
            var next = new ModSeq(before.HighestModSeq.Value + 1);
            List<MessageRecord> upserts = [];
            foreach (ScanNews news in mailbox.News)
            {
                Change(builder, before, news, next, upserts);
            }
            List<MessageRecord> arrivals = Arrive(mailbox, builder, next);
            // A record that is not settled has no entry yet: its message is still to be written.
            List<int> gone = [.. Enumerable.Range(0, before.Count).Where(
                i => settled.IndexOf(before[i].Uid) >= 0 && mailbox.Spool.Layout.IndexOf(before[i].Uid) < 0)];
            List<MessageRecord> expunged = [.. gone.Select(i => before[i])];
            builder.Remove(gone);
            mailbox.News.Clear();
            if (upserts.Count == 0 && arrivals.Count == 0 && gone.Count == 0 && builder.UidNext == before.UidNext)
            {
                return null;
            }
            upserts.RemoveAll(u => expunged.Exists(e => e.Uid == u.Uid));
            bool isVisible = upserts.Count + arrivals.Count + gone.Count > 0;
            builder.HighestModSeq = isVisible ? next : before.HighestModSeq;
            var change = new MailboxChange(mailbox, before, builder.Build())
            {
                Upserts = [.. upserts, .. arrivals],
                AppendedCount = arrivals.Count,
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

    /// <summary>Exactly what another program changed in the header changes in the record.</summary>
    private static void Change(SnapshotBuilder builder, MailboxSnapshot before, ScanNews news, ModSeq next, List<MessageRecord> upserts)
    {
        foreach ((Uid uid, MboxEntry old, MetaFields now) in news.Changed)
        {
            int index = before.IndexOf(uid);
            if (index < 0)
            {
                continue;
            }
            MessageRecord record = before[index];
            SystemFlags differing = old.Flags ^ now.Flags;
            ulong keywords = record.Keywords;
            if (old.KeywordsHash != now.KeywordsHash && builder.Keywords.TryWith(now.Keywords, out KeywordTable? table, out ulong mask))
            {
                builder.Keywords = table;
                keywords = mask;
            }
            MessageRecord changed = record with { Flags = (record.Flags & ~differing) | (now.Flags & differing), Keywords = keywords };
            if (changed != record)
            {
                changed = changed with { ModSeq = next };
                builder.Update(index, changed);
                upserts.RemoveAll(u => u.Uid == uid);
                upserts.Add(changed);
            }
        }
    }

    private static List<MessageRecord> Arrive(MboxMailbox mailbox, SnapshotBuilder builder, ModSeq next)
    {
        Dictionary<long, FoundMessage> found = [];
        MetaFields? spoolBase = null;
        foreach (ScanNews news in mailbox.News)
        {
            foreach ((long token, FoundMessage message) in news.Newcomers)
            {
                found[token] = message;
            }
            spoolBase = news.Base ?? spoolBase;
        }
        // Numbers that another server gave out under the same UIDVALIDITY are good; those of anybody else are just text in a header.
        uint trusted = spoolBase?.UidValidity == builder.Base.UidValidity.Value && spoolBase.LastUid < uint.MaxValue / 2 ? spoolBase.LastUid : 0;
        List<MessageRecord> arrivals = [];
        foreach (MboxEntry entry in mailbox.Spool.Layout.Entries)
        {
            if (entry.Uid != 0 || !found.TryGetValue(entry.Token, out FoundMessage? message) || builder.UidNext.Value >= uint.MaxValue - 1
                || !mailbox.Pending.Add(entry.Token))
            {
                continue;
            }
            ulong mask = 0;
            if (message.Meta.Keywords.Count > 0 && builder.Keywords.TryWith(message.Meta.Keywords, out KeywordTable? table, out mask))
            {
                builder.Keywords = table;
            }
            uint said = message.Meta.Uid;
            var record = new MessageRecord
            {
                Uid = said >= builder.UidNext.Value && said <= trusted ? new Uid(said) : builder.UidNext,
                Flags = message.Meta.Flags,
                Keywords = builder.Keywords.Names.Count == 0 ? 0 : mask,
                ModSeq = next,
                InternalDateSeconds = message.Date.ToUnixTimeSeconds(),
                SavedDateSeconds = mailbox.NowSeconds,
                Octets = message.Octets,
                Locator = entry.Token,
            };
            builder.Append(record);
            arrivals.Add(record);
        }
        if (trusted >= builder.UidNext.Value)
        {
            builder.UidNext = new Uid(trusted + 1);
        }
        return arrivals;
    }
}
