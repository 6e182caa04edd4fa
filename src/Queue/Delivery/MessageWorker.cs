using System.Collections.Concurrent;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>
/// Takes one message from the spool through one attempt: group its recipients, deliver, write down, tell, remove or put off.
/// </summary>
/// <remarks>
/// Order, each step durable before the next: the attempt is noted before anything is dialled (so that a message that kills us
/// is not tried in a tight circle); results are written before anybody is told; who was told is written before the message goes.
/// A crash between a server's 250 and our record delivers again: at least once, as RFC 1047 explains.
/// </remarks>
internal sealed class MessageWorker(
    ISpool spool, Schedule schedule, IMailRouter router, LocalDelivery local, RemoteQueue remote, Notifier notifier,
    QueueOptions options, TimeProvider clock, ILogger logger) : IDisposable
{
    private const string LocalRelay = "local";

    private static readonly SmtpReply Crowded = new(451, new(4, 3, 2), "too many messages wait for this destination");

    private readonly SemaphoreSlim _localSlots = new(options.Limits.LocalDeliveriesMax);

    /// <summary>What could not be written to the spool: believed before it, so that a full disk does not deliver twice.</summary>
    private readonly ConcurrentDictionary<SpoolId, SpoolMessage> _unsaved = new();

    /// <summary>One attempt, or what is left to do after the last one. Throws for a failing spool and for cancellation.</summary>
    public async Task WorkAsync(SpoolId id, CancellationToken stop)
    {
        bool isUnsaved = _unsaved.TryRemove(id, out SpoolMessage? message);
        message ??= await spool.ReadAsync(id, stop);
        if (message is null)
        {
            Log.Unreadable(logger, id);
            return;
        }
        if (message.Released > clock.GetUtcNow())
        {
            // RFC 4865 §4.2: not before its time, whoever asks.
            Restore(isUnsaved, message);
            schedule.AddDeferred(id, message.Released, message.Priority);
            return;
        }
        List<RecipientChange> changes = isUnsaved ? AllChanges(message) : [];
        if (message.HasPending && !message.IsReturned(clock.GetUtcNow()))
        {
            Plan plan = await PlanAsync(message, stop);
            if (plan.IsOnlyCrowded)
            {
                Restore(isUnsaved, message);
                if (!remote.TryPark(plan.FirstCrowded!, id, message.Priority))
                {
                    schedule.AddNew(id, message.Priority); // It has room meanwhile.
                }
                return;
            }
            message = await AttemptAsync(message, plan, changes);
        }
        await FinishAsync(message, changes);
    }

    /// <summary>However <see cref="WorkAsync"/> ended: what was kept for the message elsewhere is given back.</summary>
    public void Leave(SpoolId id) => remote.Withdraw(id);

    public void Dispose() => _localSlots.Dispose();

    /// <summary>Where each pending recipient goes.</summary>
    private async Task<Plan> PlanAsync(SpoolMessage message, CancellationToken stop)
    {
        Plan plan = new();
        for (int i = 0; i < message.Recipients.Count; i++)
        {
            if (message.Recipients[i].Status != RecipientStatus.Pending)
            {
                continue;
            }
            RoutingRequest request = new() { Recipient = message.Recipients[i].Recipient.Path, ReversePath = message.ReversePath };
            Resolution resolution = await router.ResolveAsync(request, stop);
            switch (resolution.Recipients[0].Target)
            {
                case Target.Mailbox mailbox:
                    plan.Local.Add((i, mailbox.AccountName));
                    break;
                case Target.Relay relay:
                    Destination destination = new(relay.Hop, NeedOf(message, relay.Hop));
                    plan.AddRemote(i, destination, remote.IsCrowded(destination, message.Id));
                    break;
                case Target.Failure failure:
                    plan.Settled.Add(new RecipientOutcome(i, ToStatus(failure.Reply), failure.Reply));
                    break;
                default:
                    throw new NotSupportedException(resolution.Recipients[0].Target.ToString());
            }
        }
        return plan;
    }

    // RFC 8689 §4.1: with REQUIRETLS the field TLS-Required counts nothing. A fixed route is our own affair, not the recipient's policy.
    private TlsNeed NeedOf(SpoolMessage message, NextHop hop) =>
        message.RequiresTls ? message.ReversePath.IsNull ? TlsNeed.Preferred : TlsNeed.Required
        : message.Traits.HasFlag(ContentTraits.TlsOptional) && hop.Domain is not null && options.Tls is TlsPolicy.Required or TlsPolicy.Verified ? TlsNeed.Optional
        : TlsNeed.AsConfigured;

    private async Task<SpoolMessage> AttemptAsync(SpoolMessage before, Plan plan, List<RecipientChange> changes)
    {
        Log.Active(logger, before.Id, before.ReversePath, before.Octets, before.Recipients.Count);
        SpoolUpdate begun = new()
        {
            Attempts = before.Attempts + 1,
            NextAttempt = before.WakeBefore(clock.GetUtcNow() + options.Retry.DelayAfter(before.Attempts + 1), clock.GetUtcNow()),
            Recipients = [.. changes],
        };
        SpoolMessage message = before.Apply(begun);
        await SaveAsync(message, begun, changes.Count > 0 ? UpdateDurability.PowerLoss : UpdateDurability.Process);
        changes.Clear();

        List<Task<TransactionResult>> running = [];
        if (plan.Settled.Count > 0)
        {
            running.Add(Task.FromResult(new TransactionResult(plan.Settled, "none", null)));
        }
        if (plan.Local.Count > 0)
        {
            running.Add(DeliverLocallyAsync(message, plan.Local));
        }
        foreach ((Destination destination, List<int> recipients) in plan.Remote)
        {
            foreach (int[] some in recipients.Chunk(options.Limits.RecipientsPerTransactionMax))
            {
                running.Add(remote.SubmitAsync(destination, new Transaction(message, some, token => spool.OpenContentAsync(message.Id, token))));
            }
        }
        remote.Withdraw(message.Id); // The places kept for it are its transactions' now.
        return await CollectAsync(message, running, changes);
    }

    // Each result is written as it comes, but for the last, which FinishAsync writes together with what follows from it.
    private async Task<SpoolMessage> CollectAsync(SpoolMessage message, List<Task<TransactionResult>> running, List<RecipientChange> changes)
    {
        int left = running.Count;
        Task? failed = null;
        await foreach (Task<TransactionResult> done in Task.WhenEach(running))
        {
            left--;
            if (!done.IsCompletedSuccessfully)
            {
                failed = done;
                continue;
            }
            TransactionResult result = await done;
            SpoolUpdate update = new() { Recipients = [.. result.Outcomes.Select(o => ToChange(o, result.RemoteHost))] };
            message = message.Apply(update);
            LogOutcomes(message, result);
            changes.AddRange(update.Recipients);
            if (left > 0 || failed is not null)
            {
                await SaveAsync(message, new SpoolUpdate { Recipients = [.. changes] }, UpdateDurability.PowerLoss);
                changes.Clear();
            }
        }
        if (failed is not null)
        {
            // Cancelled by shutdown: due at once at the next start. Our own fault: when the note made before says.
            DateTimeOffset? next = failed.IsCanceled ? clock.GetUtcNow() : null;
            await SaveAsync(message, new SpoolUpdate { NextAttempt = next, Recipients = [.. changes] }, UpdateDurability.PowerLoss);
            await failed;
        }
        return message;
    }

    private async Task FinishAsync(SpoolMessage message, List<RecipientChange> changes)
    {
        SpoolUpdate retry = Aftermath.DecideRetry(message, options, clock.GetUtcNow());
        message = message.Apply(retry);
        LogExpired(message, retry);
        IReadOnlyList<Notification> notifications = Aftermath.DecideNotifications(message, options, clock.GetUtcNow());
        IReadOnlyList<int> doubles = Aftermath.DoubleBounces(message);
        if (!message.HasPending && notifications.Count == 0 && doubles.Count == 0)
        {
            await RemoveAsync(message); // The removal is the record of the last results.
            return;
        }
        await SaveAsync(message, retry with { Recipients = [.. changes, .. retry.Recipients] }, UpdateDurability.PowerLoss);
        foreach (Notification notification in notifications)
        {
            await notifier.NotifyAsync(message, notification);
            SpoolUpdate told = Aftermath.Told(notification);
            message = message.Apply(told);
            await SaveAsync(message, told, UpdateDurability.PowerLoss);
        }
        if (doubles.Count > 0)
        {
            Log.DoubleBounce(logger, message.Id);
            await notifier.CopyToPostmasterAsync(message, doubles);
            SpoolUpdate told = Aftermath.Told(new Notification(NotificationKind.Failure, doubles));
            message = message.Apply(told);
            await SaveAsync(message, told, UpdateDurability.PowerLoss);
        }
        if (message.HasPending)
        {
            schedule.AddDeferred(message.Id, message.NextAttempt, message.Priority);
        }
        else
        {
            await RemoveAsync(message);
        }
    }

    private async Task<TransactionResult> DeliverLocallyAsync(SpoolMessage message, IReadOnlyList<(int Index, string AccountName)> recipients)
    {
        await _localSlots.WaitAsync();
        try
        {
            await using IMessageContent content = await spool.OpenContentAsync(message.Id, CancellationToken.None);
            List<RecipientOutcome> outcomes = [];
            foreach ((int index, string accountName) in recipients)
            {
                MailPath path = message.Recipients[index].Recipient.Path;
                SmtpReply reply = await local.DeliverAsync(message.ReversePath, path, accountName, content, CancellationToken.None);
                outcomes.Add(new RecipientOutcome(index, ToStatus(reply), reply));
            }
            return new TransactionResult(outcomes, LocalRelay, null);
        }
        finally
        {
            _localSlots.Release();
        }
    }

    private static RecipientStatus ToStatus(SmtpReply reply) =>
        reply.IsPositive ? RecipientStatus.Delivered : reply.IsPermanent ? RecipientStatus.Failed : RecipientStatus.Pending;

    private RecipientChange ToChange(RecipientOutcome outcome, string? host)
    {
        int keep = Math.Min(outcome.Reply.Text.Length, options.Limits.ReplyTextMax);
        return new RecipientChange(outcome.Index)
        {
            Status = outcome.Status,
            Reply = outcome.Reply with { Text = outcome.Reply.Text[..keep] },
            RemoteHost = host,
            At = clock.GetUtcNow(),
        };
    }

    private static List<RecipientChange> AllChanges(SpoolMessage message) => [.. message.Recipients.Select((r, i) => new RecipientChange(i)
    {
        Status = r.Status,
        Reply = r.LastReply,
        RemoteHost = r.RemoteHost,
        At = r.LastAttempt,
        Told = r.Told,
        DelayTold = r.DelayTold,
    })];

    private void Restore(bool isUnsaved, SpoolMessage message)
    {
        if (isUnsaved)
        {
            _unsaved[message.Id] = message;
        }
    }

    private async Task SaveAsync(SpoolMessage message, SpoolUpdate update, UpdateDurability durability)
    {
        try
        {
            await spool.UpdateAsync(message.Id, update, durability);
        }
        catch (IOException)
        {
            _unsaved[message.Id] = message;
            throw;
        }
    }

    private async Task RemoveAsync(SpoolMessage message)
    {
        try
        {
            await spool.RemoveAsync(message.Id);
        }
        catch (IOException)
        {
            _unsaved[message.Id] = message;
            throw;
        }
        Log.Removed(logger, message.Id);
    }

    private void LogOutcomes(SpoolMessage message, TransactionResult result)
    {
        double delay = (clock.GetUtcNow() - message.Arrived).TotalSeconds;
        foreach (RecipientOutcome outcome in result.Outcomes)
        {
            MailPath path = message.Recipients[outcome.Index].Recipient.Path;
            EnhancedCode dsn = Replies.StatusOf(outcome.Reply);
            string word = Word(outcome.Status);
            Log.Recipient(logger, message.Id, path, result.Relay, delay, dsn, word, outcome.Reply);
        }
    }

    private void LogExpired(SpoolMessage message, SpoolUpdate retry)
    {
        double delay = (clock.GetUtcNow() - message.Arrived).TotalSeconds;
        foreach (RecipientChange change in retry.Recipients)
        {
            MailPath path = message.Recipients[change.Index].Recipient.Path;
            Log.Recipient(logger, message.Id, path, "none", delay, Aftermath.DeliveryTimeExpired, "expired", change.Reply);
        }
    }

    private static string Word(RecipientStatus status) => status switch
    {
        RecipientStatus.Pending => "deferred",
        RecipientStatus.Failed => "bounced",
        _ => "sent",
    };

    /// <summary>Recipients by where they go.</summary>
    private sealed class Plan
    {
        private int _crowded;

        public Destination? FirstCrowded { get; private set; }

        public List<RecipientOutcome> Settled { get; } = [];

        public List<(int Index, string AccountName)> Local { get; } = [];

        public Dictionary<Destination, List<int>> Remote { get; } = [];

        /// <summary>Nothing can be done now, but nothing failed either.</summary>
        public bool IsOnlyCrowded => _crowded > 0 && _crowded == Settled.Count && Local.Count == 0 && Remote.Count == 0;

        public void AddRemote(int index, Destination destination, bool isCrowded)
        {
            if (isCrowded)
            {
                _crowded++;
                FirstCrowded ??= destination;
                Settled.Add(new RecipientOutcome(index, RecipientStatus.Pending, Crowded));
                return;
            }
            if (!Remote.TryGetValue(destination, out List<int>? recipients))
            {
                Remote[destination] = recipients = [];
            }
            recipients.Add(index);
        }
    }
}

/// <summary>What replies mean where they say less than they should.</summary>
internal static class Replies
{
    /// <summary>The enhanced code, or what the basic one amounts to. RFC 3463 §3.1: other or undefined.</summary>
    public static EnhancedCode StatusOf(SmtpReply reply) =>
        reply.Enhanced ?? new EnhancedCode(reply.IsPositive ? 2 : reply.IsPermanent ? 5 : 4, 0, 0);
}
