using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;

namespace MailAccess.Queue;

/// <summary>Delivers from the spool to where mail ends: mailboxes, files, commands, programs.</summary>
/// <remarks>Who hangs keeps only those waiting who wait for the same (<see cref="LocalLanes"/>).</remarks>
internal sealed class FinalDelivery(ISpool spool, LocalDelivery local, IDeliveryAgents agents, LocalLanes lanes, QueueLimits limits, TimeProvider clock) : IDisposable
{
    private const string LocalRelay = "local";

    private readonly SemaphoreSlim _mailboxSlots = new(limits.LocalDeliveriesMax);
    private readonly CancellationTokenSource _abort = new();

    /// <summary>Cuts what agents are doing, and waits for nobody's turn. A delivery into a mailbox that has begun is never cut.</summary>
    public Task AbortAsync() => _abort.CancelAsync();

    public void Dispose()
    {
        _mailboxSlots.Dispose();
        _abort.Dispose();
    }

    /// <summary>One mailbox after the other; each is told, and written down, before the next is begun, so that a crash doubles one copy at most.</summary>
    public async Task ToMailboxesAsync(SpoolMessage message, IReadOnlyList<(int Index, string AccountName)> mailboxes, Func<TransactionResult, Task> told)
    {
        foreach ((int index, string accountName) in mailboxes)
        {
            long submitted = clock.GetTimestamp();
            using IDisposable turn = await lanes.EnterAsync(new Target.Mailbox(accountName), _abort.Token);
            await _mailboxSlots.WaitAsync(_abort.Token);
            try
            {
                await told(await ToMailboxAsync(message, index, accountName, clock.GetElapsedTime(submitted)));
            }
            finally
            {
                _mailboxSlots.Release();
            }
        }
    }

    private async Task<TransactionResult> ToMailboxAsync(SpoolMessage message, int index, string accountName, TimeSpan waited)
    {
        await using IMessageContent content = await spool.OpenContentAsync(message.Id, CancellationToken.None); // Not before its turn: who waits holds no descriptor.
        SpoolRecipient recipient = message.Recipients[index];
        long begun = clock.GetTimestamp();
        SmtpReply reply = await local.DeliverAsync(message.ReversePathOf(recipient), recipient.Recipient.Path, accountName, content, CancellationToken.None);
        return new TransactionResult([new RecipientOutcome(index, Replies.ToStatus(reply), reply)], LocalRelay, null)
        {
            Timing = new DeliveryTiming(waited, TimeSpan.Zero, clock.GetElapsedTime(begun)),
        };
    }

    /// <summary>One transaction with an agent. Cancelled where shutdown cuts it off.</summary>
    public async Task<TransactionResult> ToAgentAsync(SpoolMessage message, AgentGroup group, IReadOnlyList<int> recipients)
    {
        long submitted = clock.GetTimestamp();
        using IDisposable turn = await lanes.EnterAsync(group.Target, _abort.Token);
        long begun = clock.GetTimestamp();
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

    private static string RelayOf(Target target) => target is Target.Agent agent ? agent.Name : LocalRelay;
}
