using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Delivers from the spool to where mail ends: mailboxes, files, commands, programs.</summary>
internal sealed class FinalDelivery(ISpool spool, LocalDelivery local, IDeliveryAgents agents, QueueLimits limits, TimeProvider clock) : IDisposable
{
    private const string LocalRelay = "local";

    private readonly SemaphoreSlim _mailboxSlots = new(limits.LocalDeliveriesMax);
    private readonly SemaphoreSlim _agentSlots = new(limits.AgentDeliveriesMax);
    private readonly CancellationTokenSource _abort = new();

    /// <summary>Cuts what agents are doing. Deliveries into mailboxes are never cut.</summary>
    public Task AbortAsync() => _abort.CancelAsync();

    public void Dispose()
    {
        _mailboxSlots.Dispose();
        _agentSlots.Dispose();
        _abort.Dispose();
    }

    /// <summary>One mailbox after the other; each is told, and written down, before the next is begun, so that a crash doubles one copy at most.</summary>
    public async Task ToMailboxesAsync(SpoolMessage message, IReadOnlyList<(int Index, string AccountName)> mailboxes, Func<TransactionResult, Task> told)
    {
        long submitted = clock.GetTimestamp();
        await _mailboxSlots.WaitAsync();
        TimeSpan waited = clock.GetElapsedTime(submitted);
        try
        {
            await using IMessageContent content = await spool.OpenContentAsync(message.Id, CancellationToken.None);
            foreach ((int index, string accountName) in mailboxes)
            {
                SpoolRecipient recipient = message.Recipients[index];
                long begun = clock.GetTimestamp();
                SmtpReply reply = await local.DeliverAsync(
                    message.ReversePathOf(recipient), recipient.Recipient.Path, accountName, content, CancellationToken.None);
                await told(new TransactionResult([new RecipientOutcome(index, Replies.ToStatus(reply), reply)], LocalRelay, null)
                {
                    Timing = new DeliveryTiming(waited, TimeSpan.Zero, clock.GetElapsedTime(begun)),
                });
            }
        }
        finally
        {
            _mailboxSlots.Release();
        }
    }

    /// <summary>One transaction with an agent. Cancelled where shutdown cuts it off.</summary>
    public async Task<TransactionResult> ToAgentAsync(SpoolMessage message, AgentGroup group, IReadOnlyList<int> recipients)
    {
        long submitted = clock.GetTimestamp();
        await _agentSlots.WaitAsync(_abort.Token);
        long begun = clock.GetTimestamp();
        try
        {
            await using IMessageContent content = await spool.OpenContentAsync(message.Id, _abort.Token);
            AgentTransaction transaction = new()
            {
                Message = message,
                Target = group.Target,
                ReversePath = group.Owner ?? message.ReversePath,
                Recipients = [.. recipients.Select(i => message.Recipients[i].Recipient)],
            };
            IReadOnlyList<SmtpReply> replies = await agents.DeliverAsync(transaction, content, _abort.Token);
            return new TransactionResult([.. recipients.Zip(replies, (i, reply) => new RecipientOutcome(i, agents.StatusOf(group.Target, reply), reply))], RelayOf(group.Target), null)
            {
                Timing = new DeliveryTiming(clock.GetElapsedTime(submitted, begun), TimeSpan.Zero, clock.GetElapsedTime(begun)),
            };
        }
        finally
        {
            _agentSlots.Release();
        }
    }

    private static string RelayOf(Routing.Target target) => target is Routing.Target.Agent agent ? agent.Name : LocalRelay;
}
