using System.Runtime.CompilerServices;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>What an administrator can do with a message.</summary>
public enum QueueAction
{
    /// <summary>Not tried any more until released.</summary>
    Hold,
    /// <summary>No longer on hold, and due now.</summary>
    Release,
    /// <summary>As if it had just come: no attempts yet, due now, not on hold.</summary>
    Requeue,
    /// <summary>Due now.</summary>
    Retry,
    /// <summary>Thrown away; nobody is told.</summary>
    Delete,
    /// <summary>Returned to its sender now.</summary>
    Bounce,
}

/// <summary>What came of it.</summary>
public enum QueueActionResult
{
    /// <summary>Done; survives power loss where it is about what lies on the disk.</summary>
    Done,
    /// <summary>There was nothing to do.</summary>
    Unchanged,
    /// <summary>There is no such message (any more).</summary>
    NotFound,
    /// <summary>It is being delivered, and was so for as long as we waited.</summary>
    Busy,
    /// <summary>It cannot be done; the text says why.</summary>
    Refused,
}

/// <summary>What came of an action on one message.</summary>
public sealed record QueueActionOutcome(string Id, QueueActionResult Result, string Text);

/// <summary>What administrators see of the queue and do with it, while it works.</summary>
/// <remarks>
/// Thread-safe. A message has one owner (<see cref="Schedule"/>): nothing is changed while it is being delivered. Each change is one step in the spool, durable
/// before the schedule follows it, so that a crash leaves the message as it was or as it was meant to be.
/// </remarks>
public sealed class QueueAdmin
{
    private readonly ISpool _spool;
    private readonly Schedule _schedule;
    private readonly MessageWorker _worker;
    private readonly DeliveryLog _deliveries;
    private readonly Action _wake;
    private readonly Action _revive;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    internal QueueAdmin(ISpool spool, Schedule schedule, MessageWorker worker, DeliveryLog deliveries, Action wake, Action revive, TimeProvider clock, ILogger logger)
    {
        _spool = spool;
        _schedule = schedule;
        _worker = worker;
        _deliveries = deliveries;
        _wake = wake;
        _revive = revive;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The messages that fit, oldest first, each as it is when its turn comes.</summary>
    public async IAsyncEnumerable<QueueEntry> ListAsync(QueueFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (SpoolId id in filter.Ids.Count > 0 ? Parse(filter.Ids) : await _spool.ListAsync(cancellationToken))
        {
            if (await _spool.ReadAsync(id, cancellationToken) is not { } message)
            {
                continue;
            }
            DateTimeOffset now = _clock.GetUtcNow();
            QueueEntry entry = QueueEntry.Of(message, now, _schedule.IsOwned(id));
            if (filter.Matches(entry, now))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The octets of a message, or null where there is none. The caller disposes them.</summary>
    public async Task<IMessageContent?> OpenContentAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return SpoolId.TryParse(id, out SpoolId known) ? await _spool.OpenContentAsync(known, cancellationToken) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Where nobody answered of late is dialled again: who has messages tried now wants to see it. Once for all of them.</summary>
    public void Revive() => _revive();

    /// <summary>Does it to one message.</summary>
    /// <param name="id">The queue id.</param>
    /// <param name="action">What is done.</param>
    /// <param name="text">Why, for <see cref="QueueAction.Hold"/> and <see cref="QueueAction.Bounce"/>.</param>
    /// <param name="patience">How long to wait while it is being delivered.</param>
    /// <param name="cancellationToken">Ends the waiting; what was begun is finished.</param>
    public async Task<QueueActionOutcome> ActAsync(string id, QueueAction action, string? text, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!SpoolId.TryParse(id, out SpoolId known))
        {
            return new QueueActionOutcome(id, QueueActionResult.NotFound, "no such message");
        }
        if (!await TryClaimAsync(known, action == QueueAction.Retry ? TimeSpan.Zero : patience, cancellationToken))
        {
            if (action == QueueAction.Retry)
            {
                return new QueueActionOutcome(id, QueueActionResult.Unchanged, "is being delivered now");
            }
            return new QueueActionOutcome(id, QueueActionResult.Busy, "being delivered");
        }
        try
        {
            SpoolMessage? message = await _spool.ReadAsync(known, CancellationToken.None);
            (QueueActionResult result, string said) = message is null ? (QueueActionResult.NotFound, "no such message")
                : _worker.IsUnsaved(known) ? (QueueActionResult.Refused, "the spool could not be written for it; it is tried again soon")
                : await ActAsync(message, action, text);
            return new QueueActionOutcome(id, result, said);
        }
        catch (IOException e)
        {
            Log.SpoolFailed(_logger, known, e);
            return new QueueActionOutcome(id, QueueActionResult.Refused, $"the spool: {e.Message}");
        }
        finally
        {
            _schedule.Return(known);
            _wake();
        }
    }

    private static IEnumerable<SpoolId> Parse(IEnumerable<string> ids)
    {
        foreach (string id in ids)
        {
            if (SpoolId.TryParse(id, out SpoolId known))
            {
                yield return known;
            }
        }
    }

    private async Task<bool> TryClaimAsync(SpoolId id, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (_schedule.TryClaim(id))
        {
            return true;
        }
        using CancellationTokenSource late = new(patience, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        while (!either.IsCancellationRequested)
        {
            await _schedule.WhenFreeAsync(id).WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_schedule.TryClaim(id))
            {
                return true;
            }
        }
        return false;
    }

    private async Task<(QueueActionResult Result, string Text)> ActAsync(SpoolMessage message, QueueAction action, string? text)
    {
        switch (action)
        {
            case QueueAction.Hold when message.OnHold is { } reason:
                return (QueueActionResult.Unchanged, $"is on hold already: {reason}");
            case QueueAction.Hold:
                string why = text is { Length: > 0 } ? text : "by the administrator";
                await UpdateAsync(message, new SpoolUpdate { OnHold = why });
                _schedule.Remove(message.Id);
                Log.Held(_logger, message.Id, why);
                return (QueueActionResult.Done, "on hold");
            case QueueAction.Release when message.OnHold is null:
                return (QueueActionResult.Unchanged, "is not on hold");
            case QueueAction.Release:
                await UpdateAsync(message, new SpoolUpdate { OnHold = "", NextAttempt = _clock.GetUtcNow() });
                _schedule.AddNew(message.Id, message.Priority);
                Log.Released(_logger, message.Id);
                return (QueueActionResult.Done, "released from hold");
            case QueueAction.Requeue:
                await UpdateAsync(message, new SpoolUpdate { OnHold = "", Attempts = 0, NextAttempt = _clock.GetUtcNow() });
                _schedule.AddNew(message.Id, message.Priority);
                Log.Requeued(_logger, message.Id);
                return (QueueActionResult.Done, "requeued");
            case QueueAction.Retry when message.OnHold is not null:
                return (QueueActionResult.Refused, "is on hold: release it first");
            case QueueAction.Retry when message.Released > _clock.GetUtcNow():
                return (QueueActionResult.Refused, $"is not to be sent before {message.Released:u}: its sender asked for that"); // RFC 4865 §4.2
            case QueueAction.Retry:
                _schedule.AddNew(message.Id, message.Priority);
                return (QueueActionResult.Done, "due now");
            case QueueAction.Delete:
                await _spool.RemoveAsync(message.Id);
                _schedule.Forget(message.Id);
                _deliveries.Deleted(message, _clock.GetUtcNow());
                Log.Removed(_logger, message.Id);
                return (QueueActionResult.Done, "deleted");
            case QueueAction.Bounce:
                return await BounceAsync(message, text);
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, null);
        }
    }

    private Task UpdateAsync(SpoolMessage message, SpoolUpdate update) => _spool.UpdateAsync(message.Id, update, UpdateDurability.PowerLoss);

    private async Task<(QueueActionResult Result, string Text)> BounceAsync(SpoolMessage message, string? text)
    {
        if (!message.HasPending)
        {
            return (QueueActionResult.Refused, "has no recipient that waits: its report is being made");
        }
        // RFC 3463 §3.8 X.7.1: delivery not authorized, message refused.
        SmtpReply reason = new(554, new EnhancedCode(5, 7, 1), text is { Length: > 0 } ? text : "returned by the administrator");
        bool isGone = false;
        try
        {
            await _worker.ReturnToSenderAsync(message, reason);
            isGone = true;
        }
        finally
        {
            if (isGone)
            {
                _schedule.Forget(message.Id);
            }
            else
            {
                _schedule.AddNew(message.Id, message.Priority); // What was written is gone on with.
            }
        }
        return (QueueActionResult.Done, message.ReversePath.IsNull ? "ended: a message without sender is returned to nobody" : "returned to its sender");
    }
}
