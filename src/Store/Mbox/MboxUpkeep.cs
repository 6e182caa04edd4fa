using MailAccess.Store.Files;

namespace MailAccess.Store.Mbox;

/// <summary>What follows commits: headers say what records say, so that other programs see it, and logs do not grow without end.</summary>
internal static class MboxUpkeep
{
    public static async Task RunAsync(MboxStore store, MboxMailbox mailbox, bool isLast)
    {
        if ((mailbox.HasDirtyHeaders || (isLast && mailbox.HasHeldMarks)) && !mailbox.Spool.IsBroken)
        {
            if (!isLast)
            {
                await mailbox.RefreshAsync(CancellationToken.None); // Only a file that is as we know it can be written to.
            }
            await mailbox.Account.Committer.RunAsync(() => WriteBackAsync(store, mailbox, isLast));
        }
        await store.Workers.RunAsync<Done>(() => SaveIndex(store, mailbox, isLast), mailbox.OnFault);
        if (!isLast && mailbox.WantsSearchFilter)
        {
            await store.Workers.RunAsync<Done>(
                () =>
                {
                    mailbox.SearchFilter!.Keep(mailbox);
                    return default(Done);
                },
                mailbox.OnFault);
        }
    }

    private static async Task<StoreError> WriteBackAsync(MboxStore store, MboxMailbox mailbox, bool isLast)
    {
        SpoolLock? held;
        try
        {
            // Another program may use the mailbox for a while: we try again later.
            held = isLast ? await store.LockAsync(mailbox.Spool.Path, create: false, store.Clock.GetTimestamp()) : await store.TryLockAsync(mailbox.Spool.Path);
        }
        catch (FileFault fault)
        {
            mailbox.OnFault(fault);
            return StoreError.Unavailable;
        }
        if (held is null)
        {
            return StoreError.Busy;
        }
        StoreResult<Done> done = await store.Workers.RunAsync<Done>(
            () =>
            {
                using (held)
                {
                    WriteBack(store, mailbox, held, isLast);
                }
                return default(Done);
            },
            mailbox.OnFault);
        if (mailbox.Spool.IsBroken)
        {
            mailbox.MarkGone();
        }
        return done.Error;
    }

    private static void WriteBack(MboxStore store, MboxMailbox mailbox, SpoolLock held, bool isLast)
    {
        lock (mailbox.Spool.Lock)
        {
            if (held.File is null || mailbox.Spool.IsClosed || !mailbox.Spool.IsUnchanged())
            {
                return;
            }
            mailbox.HasDirtyHeaders = false;
            long limit = isLast ? long.MaxValue : store.MboxLimits.BackgroundRewriteOctetsMax;
            WriteBackOutcome outcome = SpoolEdits.WriteBack(mailbox.Spool, held, mailbox.Published, mailbox.Unclaimed, limit, holdsMarks: !isLast);
            mailbox.HasDirtyHeaders = !outcome.IsDone;
            mailbox.HasHeldMarks = outcome.HasHeldMarks;
        }
    }

    private static StoreResult<Done> SaveIndex(MboxStore store, MboxMailbox mailbox, bool isLast)
    {
        lock (mailbox.Spool.Lock)
        {
            if (mailbox.Spool.IsClosed || mailbox.Spool.IsBroken)
            {
                return default(Done);
            }
            lock (mailbox.Gate)
            {
                if (!ReferenceEquals(mailbox.Head, mailbox.Published))
                {
                    return default(Done); // The layout may know more than the records: next time.
                }
            }
            bool isLong = mailbox.Spool.LogOctets > Math.Max(store.Limits.LogOctetsBeforeFold, mailbox.Published.Count * 100L);
            if (isLast || isLong)
            {
                mailbox.Spool.Fold(mailbox.ToIndex());
            }
            else
            {
                mailbox.Spool.LogFacts();
            }
        }
        return default(Done);
    }
}
