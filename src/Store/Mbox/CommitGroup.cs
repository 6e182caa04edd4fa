using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Mbox;

/// <summary>Commits that are made durable together: of one mailbox and one kind, or one move. The first of them has waited since the time stamp.</summary>
internal sealed class CommitGroup(MboxStore store, List<CommitTicket> tickets, long since)
{
    private readonly List<SpoolLock> _locks = [];

    private enum Kind
    {
        Additions,
        Removals,
        Both,
    }

    public IEnumerable<MboxMailbox> Mailboxes => tickets.SelectMany(t => t.Changes).Select(c => (MboxMailbox)c.Mailbox).Distinct();

    /// <summary>It failed, but may turn out to have happened.</summary>
    public bool IsUnknown => Mailboxes.Any(m => m.Spool.IsBroken);

    /// <summary>How many of the tickets from the index on belong together.</summary>
    public static int LengthAt(List<CommitTicket> tickets, int start)
    {
        Kind kind = KindOf(tickets[start]);
        MailboxModel mailbox = tickets[start].Changes[0].Mailbox;
        int count = 1;
        while (kind != Kind.Both && start + count < tickets.Count && KindOf(tickets[start + count]) == kind
            && tickets[start + count].Changes[0].Mailbox == mailbox)
        {
            count++;
        }
        return count;
    }

    public async Task<StoreError> RunAsync()
    {
        try
        {
            foreach (MboxMailbox mailbox in Mailboxes.OrderBy(m => m.Spool.Path, StringComparer.Ordinal))
            {
                if (NeedsFile(mailbox))
                {
                    SpoolLock? held = await store.LockAsync(mailbox.Spool.Path, create: true, since);
                    if (held is null)
                    {
                        return StoreError.Busy;
                    }
                    _locks.Add(held);
                }
                else
                {
                    _locks.Add(null!);
                }
            }
        }
        catch (FileFault fault)
        {
            Mailboxes.First().OnFault(fault);
            await ReleaseAsync();
            return StoreError.Unavailable;
        }
        finally
        {
            if (_locks.Count < Mailboxes.Count())
            {
                await ReleaseAsync();
            }
        }
        StoreResult<Done> done = await store.Workers.RunAsync(Run, Mailboxes.First().OnFault);
        await ReleaseAsync();
        return done.Error;
    }

    private static Kind KindOf(CommitTicket ticket)
    {
        bool adds = ticket.Changes.Any(c => c.Prepared is MboxPrepared);
        bool removes = ticket.Changes.Any(c => c.Expunged.Count > 0 && !c.HaveVanished);
        return adds && removes ? Kind.Both : removes ? Kind.Removals : Kind.Additions;
    }

    private bool NeedsFile(MboxMailbox mailbox) => tickets.Exists(
        t => t.Changes.Any(c => c.Mailbox == mailbox && (c.Prepared is MboxPrepared || (c.Expunged.Count > 0 && !c.HaveVanished))));

    private async Task ReleaseAsync()
    {
        List<SpoolLock> held = [.. _locks.Where(l => l is not null)];
        _locks.Clear();
        if (held.Count > 0)
        {
            await store.Workers.RunAsync<Done>(
                () =>
                {
                    held.ForEach(l => l.Dispose());
                    return default(Done);
                },
                store.OnStagingFault);
        }
    }

    /// <summary>On a worker, with all locks.</summary>
    private StoreResult<Done> Run()
    {
        List<MboxMailbox> mailboxes = [.. Mailboxes.OrderBy(m => m.Spool.Path, StringComparer.Ordinal)];
        foreach (MboxMailbox mailbox in mailboxes)
        {
            SpoolLock? held = _locks[mailboxes.IndexOf(mailbox)];
            lock (mailbox.Spool.Lock)
            {
                if (mailbox.Spool.IsClosed || mailbox.Spool.IsBroken)
                {
                    return StoreError.NotFound;
                }
                if (held is not null && mailbox.Spool is { FileOctets: 0, Layout.Count: 0 } && held.File!.Octets == 0)
                {
                    mailbox.Spool.NoteFacts(0); // We have just made it.
                }
                else if (held is not null && !mailbox.Spool.IsUnchanged())
                {
                    mailbox.News.Add(SpoolScan.Run(store, mailbox.Spool, held.File, mailbox.Published));
                }
            }
        }
        if (KindOf(tickets[0]) == Kind.Both)
        {
            return Move(mailboxes);
        }
        lock (mailboxes[0].Spool.Lock)
        {
            if (KindOf(tickets[0]) == Kind.Removals)
            {
                Remove(mailboxes[0], _locks[0]);
            }
            else
            {
                Add(mailboxes[0], _locks[0], out _);
            }
        }
        return default(Done);
    }

    /// <summary>The copies are durable before the originals go: at worst a message stands in both.</summary>
    private StoreResult<Done> Move(List<MboxMailbox> mailboxes)
    {
        MailboxChange arrival = tickets[0].Changes.First(c => c.Prepared is MboxPrepared);
        var destination = (MboxMailbox)arrival.Mailbox;
        var source = (MboxMailbox)tickets[0].Changes[^1].Mailbox;
        SpoolLock destinationLock = _locks[mailboxes.IndexOf(destination)];
        int layoutCount = destination.Spool.Layout.Count;
        long logOctets = destination.Spool.LogOctets;
        AppendRegion? region;
        lock (destination.Spool.Lock)
        {
            Add(destination, destinationLock, out region);
        }
        try
        {
            lock (source.Spool.Lock)
            {
                Remove(source, _locks[mailboxes.IndexOf(source)]);
            }
        }
        catch (FileFault)
        {
            lock (destination.Spool.Lock)
            {
                if (!source.Spool.IsBroken && destination != source)
                {
                    destination.Spool.TakeBack(destinationLock.File!, layoutCount, region!, logOctets);
                }
                else
                {
                    destination.MarkGone(); // The removal will be finished: then the copies must stay.
                }
            }
            throw;
        }
        return default(Done);
    }

    private void Add(MboxMailbox mailbox, SpoolLock? held, out AppendRegion? region)
    {
        region = null;
        List<MailboxChange> changes = [.. tickets.SelectMany(t => t.Changes).Where(c => c.Mailbox == mailbox && !(IsMoveWithin(c)))];
        changes = changes.Count == 0 ? [.. tickets.SelectMany(t => t.Changes).Where(c => c.Mailbox == mailbox)] : changes;
        List<NewMessage> messages = [];
        foreach (MailboxChange change in changes)
        {
            if (change.Prepared is MboxPrepared prepared)
            {
                int first = change.Upserts.Count - change.AppendedCount;
                for (int i = 0; i < prepared.Count; i++)
                {
                    MessageRecord record = change.Upserts[first + i];
                    messages.Add(new NewMessage(prepared.Items[i], record, [.. change.After.Keywords.NamesOf(record.Keywords)]));
                }
            }
            else
            {
                Assign(mailbox.Spool, change);
            }
        }
        List<byte[]> frames = [.. changes.Where(c => !IsMoveWithin(c)).Select(mailbox.FrameOf)];
        try
        {
            if (messages.Count == 0)
            {
                mailbox.Spool.LogStep(frames, null);
                return;
            }
            region = mailbox.Spool.Append(held!, messages, frames, BaseOf(changes[^1].After));
        }
        catch (FileFault)
        {
            changes.ForEach(c => Assign(mailbox.Spool, c, isUndone: true));
            throw;
        }
    }

    /// <summary>Its frame says that the originals are gone: it is written when they are.</summary>
    private static bool IsMoveWithin(MailboxChange change) => change.Prepared is MboxPrepared && change.Expunged.Count > 0;

    private static SpoolBase BaseOf(MailboxSnapshot after) => new(after.UidValidity.Value, after.UidNext.Value - 1, after.Keywords.Names);

    /// <summary>Found messages get the UIDs that the commit gave them.</summary>
    private static void Assign(MboxSpool spool, MailboxChange change, bool isUndone = false)
    {
        if (change.AppendedCount == 0 || change.Prepared is not null)
        {
            return;
        }
        Dictionary<long, Uid> uids = change.Upserts.Skip(change.Upserts.Count - change.AppendedCount).ToDictionary(r => r.Locator, r => r.Uid);
        for (int i = 0; i < spool.Layout.Count; i++)
        {
            if (uids.TryGetValue(spool.Layout[i].Token, out Uid uid))
            {
                spool.Layout.Set(i, spool.Layout[i] with { Uid = isUndone ? 0 : uid.Value });
            }
        }
    }

    private void Remove(MboxMailbox mailbox, SpoolLock held)
    {
        List<MailboxChange> changes = [.. tickets.SelectMany(t => t.Changes).Where(c => c.Mailbox == mailbox)];
        HashSet<uint> gone = [.. changes.SelectMany(c => c.Expunged).Select(r => r.Uid.Value)];
        SpoolEdits.Remove(mailbox.Spool, held, gone, [.. changes.Select(mailbox.FrameOf)], BaseOf(changes[^1].After));
    }
}
