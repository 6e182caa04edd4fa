using MailAccess.Store.Files;
using MailAccess.Store.Model;
using Microsoft.Extensions.Logging;

namespace MailAccess.Store.Mbox;

/// <summary>
/// Makes the commits of one account durable, in the order in which they were submitted. Those that wait together share the locks and the
/// syncs. While another program holds a mailbox's lock, the account's other commits wait as well.
/// </summary>
internal sealed class MboxCommitter(MboxStore store)
{
    private readonly Lock _gate = new();
    private readonly Queue<Turn> _queue = new();
    private Task _running = Task.CompletedTask;
    private bool _isRunning;

    private readonly record struct Turn(CommitTicket? Ticket, Func<Task>? Job, long Since);

    /// <summary>Under the gates of the mailboxes: nothing is done before <see cref="Kick"/>.</summary>
    public void Enqueue(CommitTicket ticket)
    {
        lock (_gate)
        {
            _queue.Enqueue(new Turn(ticket, null, store.Clock.GetTimestamp()));
        }
    }

    /// <summary>Does the work between commits.</summary>
    public async Task<StoreError> RunAsync(Func<Task<StoreError>> job)
    {
        var done = new TaskCompletionSource<StoreError>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _queue.Enqueue(new Turn(null, async () =>
            {
                try
                {
                    done.SetResult(await job());
                }
                catch (IOException fault)
                {
                    done.SetException(fault);
                }
            }, Since: 0));
        }
        Kick();
        return await done.Task;
    }

    /// <summary>Somebody shall do what waits.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            if (!_isRunning && _queue.Count > 0)
            {
                _isRunning = true;
                _running = Task.Run(DrainAsync);
            }
        }
    }

    /// <summary>Completes when nothing waits any more.</summary>
    public async Task IdleAsync()
    {
        Task running;
        do
        {
            Kick();
            lock (_gate)
            {
                running = _running;
            }
            await running;
        }
        while (!ReferenceEquals(running, _running));
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            List<CommitTicket> tickets = [];
            List<long> since = [];
            Func<Task>? job = null;
            lock (_gate)
            {
                while (_queue.TryPeek(out Turn turn) && (turn.Ticket is not null || tickets.Count == 0))
                {
                    _queue.Dequeue();
                    if (turn.Ticket is null)
                    {
                        job = turn.Job;
                        break;
                    }
                    tickets.Add(turn.Ticket);
                    since.Add(turn.Since);
                }
                if (job is null && tickets.Count == 0)
                {
                    _isRunning = false;
                    return;
                }
            }
            if (job is not null)
            {
                await job();
                continue;
            }
            for (int i = 0; i < tickets.Count;)
            {
                int count = CommitGroup.LengthAt(tickets, i);
                await CommitAsync(tickets.GetRange(i, count), since[i]);
                i += count;
            }
        }
    }

    private async Task CommitAsync(List<CommitTicket> tickets, long since)
    {
        // A commit that was computed on one that failed must not be written; one that failed in this group fails those behind it as well.
        List<CommitTicket> valid = [.. tickets.Where(t => !t.IsStale)];
        var group = new CommitGroup(store, valid, since);
        StoreError error = valid.Count == 0 ? StoreError.None : await group.RunAsync();
        foreach (CommitTicket ticket in tickets)
        {
            bool isStale = ticket.IsStale;
            StoreError outcome = isStale ? Array.Exists([.. ticket.Changes], c => c.Mailbox.IsGone) ? StoreError.NotFound : StoreError.Unavailable : error;
            if (outcome != StoreError.None && group.IsUnknown && !isStale)
            {
                ticket.CompleteUnknown();
            }
            else
            {
                ticket.Complete(outcome);
            }
        }
        foreach (MboxMailbox mailbox in group.Mailboxes)
        {
            if (mailbox.Spool.IsBroken)
            {
                mailbox.MarkGone(); // Whoever opens it again has the rest done first.
            }
            else if (mailbox.News.Count > 0)
            {
                _ = NoticeAsync(mailbox);
            }
        }
    }

    /// <summary>What was found on the way becomes a commit of its own.</summary>
    private async Task NoticeAsync(MboxMailbox mailbox)
    {
        try
        {
            await MboxRefresh.RunAsync(store, mailbox);
        }
        catch (IOException fault)
        {
            store.Log.HousekeepingFailed(fault);
        }
    }
}
