using System.Collections.Concurrent;
using System.Text;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>
/// Takes one message from the spool through one attempt: plan, deliver, write down, tell, remove or put off.
/// </summary>
/// <remarks>
/// Order, each step durable before the next: the attempt is noted before anything is dialled (so that a message that kills us
/// is not tried in a tight circle), and with it who stands in the place of aliases; results are written before anybody is told;
/// who was told is written before the message goes.
/// A crash between a server's 250 and our record delivers again: at least once, as RFC 1047 explains.
/// </remarks>
internal sealed class MessageWorker(
    ISpool spool, Schedule schedule, Planner planner, FinalDelivery final, LocalLanes lanes, RemoteQueue remote, Notifier notifier,
    DeliveryLog deliveries, QueueOptions options, TimeProvider clock, ILogger logger)
{
    private const string NoRelay = "none";

    /// <summary>What could not be written to the spool: believed before it, until it is there, so that a full disk does not deliver twice.</summary>
    private readonly ConcurrentDictionary<SpoolId, (SpoolMessage Message, IReadOnlyList<DeliveryFacts> Unsaid)> _unsaved = new();

    /// <summary>One attempt, or what is left to do after the last one. Throws for a failing spool and for cancellation.</summary>
    public async Task WorkAsync(SpoolId id, CancellationToken stop)
    {
        bool isUnsaved = _unsaved.TryGetValue(id, out (SpoolMessage Message, IReadOnlyList<DeliveryFacts> Unsaid) kept);
        SpoolMessage? message = isUnsaved ? kept.Message : await spool.ReadAsync(id, stop);
        if (message is null)
        {
            Log.Unreadable(logger, id);
            return;
        }
        if (message.OnHold is not null)
        {
            return; // In no schedule: whoever releases it puts it there.
        }
        if (message.Released > clock.GetUtcNow())
        {
            // RFC 4865 §4.2: not before its time, whoever asks.
            schedule.AddDeferred(id, message.Released, message.Priority);
            return;
        }
        Unwritten unwritten = isUnsaved ? Unwritten.All(message, kept.Unsaid) : new Unwritten();
        if (message.HasPending && !message.IsReturned(clock.GetUtcNow()))
        {
            Plan plan = await planner.PlanAsync(message, stop);
            if (plan.IsOnlyCrowded)
            {
                if (!plan.TryPark!(id, message.Priority))
                {
                    schedule.AddNew(id, message.Priority); // It has room meanwhile.
                }
                return;
            }
            (message, unwritten) = await AttemptAsync(plan, unwritten);
        }
        await FinishAsync(message, unwritten);
    }

    /// <summary>However <see cref="WorkAsync"/> ended: what was kept for the message elsewhere is given back.</summary>
    public void Leave(SpoolId id)
    {
        remote.Withdraw(id);
        lanes.Withdraw(id);
    }

    /// <summary>Returns the message to its sender now: what is pending has failed. For its owner. Throws for a failing spool.</summary>
    public async Task ReturnToSenderAsync(SpoolMessage message, SmtpReply reason)
    {
        RecipientChange[] failed = [.. Enumerable.Range(0, message.Recipients.Count).Where(i => message.Recipients[i].Status == RecipientStatus.Pending)
            .Select(i => new RecipientChange(i) { Status = RecipientStatus.Failed, Reply = reason, At = clock.GetUtcNow() })];
        SpoolUpdate returned = new() { Recipients = failed, OnHold = message.OnHold is null ? null : "" }; // Who starts after us goes on with the report.
        message = message.Apply(returned);
        Unwritten unwritten = new();
        unwritten.Say(FactsOf(message, new TransactionResult([.. failed.Select(f => new RecipientOutcome(f.Index, RecipientStatus.Failed, reason))], NoRelay, null)));
        await SaveAsync(message, unwritten, returned, UpdateDurability.PowerLoss);
        await FinishAsync(message, unwritten);
    }

    /// <summary>The spool could not take what became of it: nobody else may write to it before that has gone well.</summary>
    public bool IsUnsaved(SpoolId id) => _unsaved.ContainsKey(id);

    private async Task<(SpoolMessage Message, Unwritten Unwritten)> AttemptAsync(Plan plan, Unwritten before)
    {
        SpoolMessage message = await BeginAsync(plan, before);
        List<Func<Attempt, Task>> work = [];
        AddSettled(plan.Settled, NoRelay);
        AddSettled(plan.Discarded, "discard");
        foreach ((AgentGroup group, List<int> recipients) in plan.Agents)
        {
            int atOnce = group.Target is Routing.Target.Agent ? options.Limits.RecipientsPerTransactionMax : 1;
            work.AddRange(recipients.Chunk(atOnce).Select(some => Work(() => final.ToAgentAsync(message, group, some))));
        }
        foreach ((RelayGroup group, List<int> recipients) in plan.Relays)
        {
            work.AddRange(recipients.Chunk(options.Limits.RecipientsPerTransactionMax)
                .Select(some => (Func<Attempt, Task>)(attempt => RelayAsync(attempt, group.Destination, TransactionOf(message, group, some)))));
        }
        using Attempt attempt = new(message, work.Count + plan.Mailboxes.Count, SaveAsync, FactsOf, clock, options.Limits.ReplyTextMax);
        List<Task> running = [.. work.Select(start => start(attempt))];
        if (plan.Mailboxes.Count > 0)
        {
            // Each is in its mailbox durably. What follows must not repeat it after our own death; a sync each would double the cost.
            running.Add(final.ToMailboxesAsync(message, plan.Mailboxes, result => attempt.RecordAsync(result, UpdateDurability.Process)));
        }
        Leave(message.Id); // The places kept for it are its transactions' now.
        await EndAsync(attempt, running);
        return (attempt.Message, attempt.Unwritten);

        void AddSettled(List<RecipientOutcome> outcomes, string relay)
        {
            if (outcomes.Count > 0)
            {
                work.Add(Work(() => Task.FromResult(new TransactionResult(outcomes, relay, null))));
            }
        }

        Func<Attempt, Task> Work(Func<Task<TransactionResult>> deliver) => async attempt => await attempt.RecordAsync(await deliver(), UpdateDurability.PowerLoss);
    }

    // One step: who stands in the place of whom, and that it is being tried.
    private async Task<SpoolMessage> BeginAsync(Plan plan, Unwritten unwritten)
    {
        SpoolMessage message = plan.Message;
        Log.Active(logger, message.Id, message.ReversePath, message.Octets, message.Recipients.Count);
        unwritten.Add(plan.Expansion);
        unwritten.Say(FactsOf(message, plan.Expansion));
        SpoolUpdate begun = new()
        {
            Attempts = message.Attempts + 1,
            NextAttempt = message.WakeBefore(clock.GetUtcNow() + options.Retry.DelayAfter(message.Attempts + 1), clock.GetUtcNow()),
        };
        message = message.Apply(begun);
        await SaveAsync(message, unwritten, begun, unwritten.IsEmpty ? UpdateDurability.Process : UpdateDurability.PowerLoss);
        return message;
    }

    private Transaction TransactionOf(SpoolMessage message, RelayGroup group, IReadOnlyList<int> recipients)
    {
        SpoolMessage view = Plan.ViewFor(message, group.Owner);
        if (group.Alias is not { IsAscii: true } alias)
        {
            // One in UTF-8 would make the header so, and keep the message from servers that could take it: such a loop ends by its hops.
            return new Transaction(view, recipients, token => spool.OpenContentAsync(message.Id, token));
        }
        byte[] passed = Encoding.ASCII.GetBytes($"Delivered-To: {alias}\r\n"); // So that it is known again if it comes back.
        return new Transaction(
            view with { Octets = view.Octets + passed.Length }, recipients,
            async token => new PrefixedContent(passed, await spool.OpenContentAsync(message.Id, token)));
    }

    // LMTP replies for each recipient (RFC 2033 §4.2): who has the message already does not get it again because of our death while others wait.
    private async Task RelayAsync(Attempt attempt, Destination destination, Transaction transaction)
    {
        HashSet<int> heard = [];
        TransactionResult result = await remote.SubmitAsync(destination, transaction with { Heard = NoteAsync });
        await attempt.RecordAsync(result with { Outcomes = [.. result.Outcomes.Where(o => !heard.Contains(o.Index))] }, UpdateDurability.PowerLoss);

        async Task NoteAsync(TransactionResult part)
        {
            heard.UnionWith(part.Outcomes.Select(o => o.Index));
            await attempt.NoteAsync(part);
        }
    }

    private async Task EndAsync(Attempt attempt, List<Task> running)
    {
        Task all = Task.WhenAll(running);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!all.IsCompletedSuccessfully)
        {
            // Cancelled by shutdown: due at once at the next start. Our own fault: when the note made before says.
            DateTimeOffset? next = all.IsCanceled ? clock.GetUtcNow() : null;
            await SaveAsync(attempt.Message, attempt.Unwritten, new SpoolUpdate { NextAttempt = next }, UpdateDurability.PowerLoss);
            await all;
        }
    }

    private async Task FinishAsync(SpoolMessage message, Unwritten unwritten)
    {
        SpoolUpdate retry = Aftermath.DecideRetry(message, options, clock.GetUtcNow());
        message = message.Apply(retry);
        unwritten.Say(ExpiredFacts(message, retry));
        IReadOnlyList<Notification> notifications = Aftermath.DecideNotifications(message, options, clock.GetUtcNow());
        IReadOnlyList<int> doubles = Aftermath.DoubleBounces(message);
        if (!message.HasPending && notifications.Count == 0 && doubles.Count == 0)
        {
            await RemoveAsync(message, unwritten); // The removal is the record of the last results.
            return;
        }
        await SaveAsync(message, unwritten, retry, UpdateDurability.PowerLoss);
        foreach (Notification notification in notifications)
        {
            await notifier.NotifyAsync(message, notification);
            await notifier.TellPostmasterAsync(message, notification);
            SpoolUpdate told = Aftermath.Told(notification);
            message = message.Apply(told);
            await SaveAsync(message, unwritten, told, UpdateDurability.PowerLoss);
        }
        if (doubles.Count > 0)
        {
            Log.DoubleBounce(logger, message.Id);
            await notifier.ReturnToPostmasterAsync(message, doubles);
            SpoolUpdate told = Aftermath.Told(new Notification(NotificationKind.Failure, doubles));
            message = message.Apply(told);
            await SaveAsync(message, unwritten, told, UpdateDurability.PowerLoss);
        }
        if (message.HasPending)
        {
            schedule.AddDeferred(message.Id, message.NextAttempt, message.Priority);
        }
        else
        {
            await RemoveAsync(message, unwritten);
        }
    }

    /// <summary>Writes a step, with all that could not be written before, and says then what it brought: the log knows nothing that the spool does not.</summary>
    private async Task SaveAsync(SpoolMessage message, Unwritten unwritten, SpoolUpdate step, UpdateDurability durability)
    {
        try
        {
            await spool.UpdateAsync(message.Id, unwritten.With(step), durability);
        }
        catch (IOException)
        {
            _unsaved[message.Id] = (message, [.. unwritten.Unsaid]);
            throw;
        }
        Written(message.Id, unwritten);
    }

    private async Task RemoveAsync(SpoolMessage message, Unwritten unwritten)
    {
        try
        {
            await spool.RemoveAsync(message.Id);
        }
        catch (IOException)
        {
            _unsaved[message.Id] = (message, [.. unwritten.Unsaid]);
            throw;
        }
        Written(message.Id, unwritten);
        Log.Removed(logger, message.Id);
    }

    private void Written(SpoolId id, Unwritten unwritten)
    {
        _unsaved.TryRemove(id, out _);
        foreach (DeliveryFacts facts in unwritten.Unsaid)
        {
            deliveries.Write(facts);
        }
        unwritten.Clear();
    }

    private IEnumerable<DeliveryFacts> FactsOf(SpoolMessage message, TransactionResult result) =>
        result.Outcomes.Select(o => Facts(message, o.Index, result.Relay, Replies.Word(o.Status), o.Reply) with { Timing = result.Timing });

    private IEnumerable<DeliveryFacts> FactsOf(SpoolMessage message, SpoolUpdate expansion) =>
        [.. expansion.Recipients.Where(c => c.Status is not null).Select(c => Facts(message, c.Index, "local", Replies.Word(c.Status!.Value), c.Reply)),
        .. expansion.Members.Select((m, i) => (Member: m, Index: expansion.FirstMember + i)).Where(m => m.Member.Status == RecipientStatus.Failed)
            .Select(m => Facts(message, m.Index, NoRelay, "bounced", m.Member.LastReply))];

    private IEnumerable<DeliveryFacts> ExpiredFacts(SpoolMessage message, SpoolUpdate retry) =>
        retry.Recipients.Select(c => Facts(message, c.Index, NoRelay, "expired", c.Reply) with { Dsn = Aftermath.DeliveryTimeExpired });

    private DeliveryFacts Facts(SpoolMessage message, int recipient, string relay, string status, SmtpReply? reply) => new()
    {
        Time = clock.GetUtcNow(),
        Id = message.Id,
        MessageId = message.MessageId,
        From = message.ReversePath,
        To = message.Recipients[recipient].Recipient.Path,
        OriginalTo = DeliveryFacts.Unless(message.Recipients[recipient].Recipient.Path, message.FirstOf(recipient).Recipient.Path),
        Arrived = message.Arrived,
        Relay = relay,
        Dsn = reply is null ? default : Replies.StatusOf(reply),
        Status = status,
        Reply = reply,
    };
}

/// <summary>What replies mean where they say less than they should.</summary>
internal static class Replies
{
    /// <summary>The enhanced code, or what the basic one amounts to. RFC 3463 §3.1: other or undefined.</summary>
    public static EnhancedCode StatusOf(SmtpReply reply) =>
        reply.Enhanced ?? new EnhancedCode(reply.IsPositive ? 2 : reply.IsPermanent ? 5 : 4, 0, 0);

    /// <summary>What becomes of a recipient by a reply from where mail ends.</summary>
    public static RecipientStatus ToStatus(SmtpReply reply) =>
        reply.IsPositive ? RecipientStatus.Delivered : reply.IsPermanent ? RecipientStatus.Failed : RecipientStatus.Pending;

    /// <summary>In the words of the log.</summary>
    public static string Word(RecipientStatus status) => status switch
    {
        RecipientStatus.Pending => "deferred",
        RecipientStatus.Failed => "bounced",
        _ => "sent",
    };
}
