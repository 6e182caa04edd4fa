using MailAccess.Store.Files;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>
/// Finds sizes and dates of messages that were there before their mailbox was first opened: so many are taken over at once that
/// opening the mailbox does not wait for them.
/// </summary>
internal static class Measuring
{
    /// <summary>Messages that one worker looks at, and one silent commit tells.</summary>
    private const int BatchMessages = 1024;

    /// <summary>More at once would only wait for each other.</summary>
    private static readonly int LanesMax = Math.Min(4, Environment.ProcessorCount);

    /// <summary>Measures what is not measured of these, several at a time.</summary>
    public static async ValueTask<StoreResult<Done>> RunAsync(MaildirStore store, MaildirMailbox mailbox, UidSet uids)
    {
        MailboxSnapshot now = mailbox.Published;
        var waiting = new Queue<List<MessageRecord>>(Batches(now, uids));
        var outcome = new MeasuringOutcome();
        await Task.WhenAll(Enumerable.Range(0, Math.Min(LanesMax, waiting.Count)).Select(_ => LaneAsync(store, mailbox, waiting, outcome)));
        if (outcome.HasMissing)
        {
            // Renamed or removed by another program: the refresh says which, and what was renamed is found at its new name then.
            StoreResult<Done> refreshed = await MailboxRefresh.RunAsync(store, mailbox);
            if (refreshed.Error != StoreError.None)
            {
                return refreshed;
            }
        }
        return outcome.Error == StoreError.None ? default(Done) : outcome.Error;
    }

    /// <summary>Begins to measure all there is, one worker's work at a time, while clients ask for other things.</summary>
    public static void Start(MaildirStore store, MaildirMailbox mailbox)
    {
        if (mailbox.Published.UnmeasuredCount > 0)
        {
            _ = Task.Run(() => BackgroundAsync(store, mailbox));
        }
    }

    private static async Task BackgroundAsync(MaildirStore store, MaildirMailbox mailbox)
    {
        try
        {
            var outcome = new MeasuringOutcome();
            foreach (List<MessageRecord> batch in Batches(mailbox.Published, UidSet.All))
            {
                await mailbox.SummaryMaking.UnderWay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Which measures the same messages.
                await LaneAsync(store, mailbox, new Queue<List<MessageRecord>>([batch]), outcome);
            }
        }
        catch (IOException fault)
        {
            store.Log.HousekeepingFailed(fault);
        }
    }

    private static IEnumerable<List<MessageRecord>> Batches(MailboxSnapshot snapshot, UidSet uids)
    {
        List<MessageRecord> batch = [];
        foreach (int index in snapshot.IndicesOf(uids))
        {
            if (!snapshot[index].IsMeasured)
            {
                batch.Add(snapshot[index]);
            }
            if (batch.Count == BatchMessages)
            {
                yield return batch;
                batch = [];
            }
        }
        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static async Task LaneAsync(MaildirStore store, MaildirMailbox mailbox, Queue<List<MessageRecord>> waiting, MeasuringOutcome outcome)
    {
        while (!mailbox.IsGone)
        {
            List<MessageRecord>? batch;
            lock (waiting)
            {
                if (!waiting.TryDequeue(out batch))
                {
                    return;
                }
            }
            StoreResult<CommitTicket?> measured = await store.Workers.RunAsync(() => Measure(mailbox, batch, outcome), mailbox.OnFault);
            StoreError error = !measured.TryGet(out CommitTicket? ticket) ? measured.Error : ticket is null ? StoreError.None : await ticket.Settled;
            if (error != StoreError.None)
            {
                outcome.Error = error;
                return;
            }
        }
    }

    /// <summary>On a worker. A file that cannot be read does not keep us from the others.</summary>
    private static StoreResult<CommitTicket?> Measure(MaildirMailbox mailbox, List<MessageRecord> batch, MeasuringOutcome outcome)
    {
        Dictionary<uint, Measure> measures = new(batch.Count);
        byte[] buffer = new byte[Maildir.Measure.BufferOctets];
        foreach (MessageRecord record in batch)
        {
            try
            {
                MailboxSnapshot now = mailbox.Published;
                int index = now.IndexOf(record.Uid);
                if (index < 0 || now[index].IsMeasured)
                {
                    continue; // Somebody was quicker.
                }
                using IFile? file = mailbox.OpenFile(now[index]);
                if (file is null)
                {
                    outcome.HasMissing = true;
                    continue;
                }
                if (file.IsBeingWritten)
                {
                    outcome.Error = StoreError.Unavailable; // Its size would be wrong for ever: later.
                    continue;
                }
                measures.Add(record.Uid.Value, Maildir.Measure.Of(file, mailbox.Names.Utf8At(Locator.Of(record).NamePlace), buffer));
            }
            catch (FileFault fault)
            {
                mailbox.OnFault(fault);
                outcome.Error = StoreError.Unavailable;
            }
        }
        return Remember(mailbox, measures);
    }

    private static StoreResult<CommitTicket?> Remember(MaildirMailbox mailbox, Dictionary<uint, Measure> measures)
    {
        lock (mailbox.Gate)
        {
            if (mailbox.IsGone)
            {
                return default(CommitTicket);
            }
            MailboxSnapshot before = mailbox.Head;
            var builder = new SnapshotBuilder(before);
            List<MessageRecord> upserts = new(measures.Count);
            foreach ((uint uid, Measure measure) in measures)
            {
                int index = before.IndexOf(new Uid(uid));
                if (index >= 0 && !before[index].IsMeasured)
                {
                    MessageRecord measured = measure.ApplyTo(before[index]);
                    builder.Update(index, measured);
                    upserts.Add(measured);
                }
            }
            // Also where somebody else has just submitted the same: its commit must have settled before we say that it is there.
            return SilentCommit.Submit(mailbox, before, builder, upserts) ?? mailbox.LastTicket;
        }
    }
}

/// <summary>What the lanes of one measuring met.</summary>
internal sealed class MeasuringOutcome
{
    public volatile bool HasMissing;
    private volatile StoreError _error;

    public StoreError Error
    {
        get => _error;
        set => _error = value;
    }
}
