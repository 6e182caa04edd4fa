using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using MailAccess.Store.Delivery;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Files, commands and configured programs, each kind with its own slots, so that a program that hangs keeps nothing else waiting.</summary>
internal sealed class DeliveryAgents : IDeliveryAgents, IDisposable
{
    private static readonly SmtpReply Unknown = new(451, new(4, 3, 5), "the way of delivery is not configured");

    private readonly Dictionary<string, ProgramAgent> _programs = new(StringComparer.OrdinalIgnoreCase);
    private readonly CommandAgent _command;
    private readonly FileAgent _file;
    private readonly SemaphoreSlim _commandSlots;
    private readonly SemaphoreSlim _fileSlots;
    private readonly ILogger _logger;

    public DeliveryAgents(DeliveryAgentOptions options, TimeProvider clock, ILogger logger)
    {
        SystemUsers users = new(options.DefaultUser, logger);
        _logger = logger;
        _command = new CommandAgent(options, users, clock, logger);
        _file = new FileAgent(new FileDelivery(options.Files, clock, logger), users, clock);
        _commandSlots = new SemaphoreSlim(options.CommandsMax);
        _fileSlots = new SemaphoreSlim(options.FilesMax);
        foreach (AgentOptions agent in options.Agents)
        {
            _programs.Add(agent.Name, new ProgramAgent(agent, options, users, clock, logger));
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SmtpReply>> DeliverAsync(AgentTransaction transaction, IMessageContent content, CancellationToken cancellationToken)
    {
        switch (transaction.Target)
        {
            case Target.File file:
                return await EachAsync(transaction, _fileSlots, one => _file.DeliverAsync(one, file, content, cancellationToken), cancellationToken);
            case Target.Command command:
                return await EachAsync(transaction, _commandSlots, one => _command.DeliverAsync(one, command, content, cancellationToken), cancellationToken);
            case Target.Agent agent when _programs.TryGetValue(agent.Name, out ProgramAgent? program):
                return await program.DeliverAsync(transaction, agent, content, cancellationToken);
            default:
                Log.AgentUnknown(_logger, transaction.Message.Id, transaction.Target.ToString());
                return [.. transaction.Recipients.Select(_ => Unknown)];
        }
    }

    /// <inheritdoc/>
    public RecipientStatus StatusOf(Target target, SmtpReply reply) =>
        reply.IsPositive && target is Target.Agent agent && _programs.TryGetValue(agent.Name, out ProgramAgent? program) && !program.EndsHere
            ? RecipientStatus.RelayedBlind : Replies.ToStatus(reply);

    public void Dispose()
    {
        foreach (ProgramAgent program in _programs.Values)
        {
            program.Dispose();
        }
        _commandSlots.Dispose();
        _fileSlots.Dispose();
    }

    private static async Task<IReadOnlyList<SmtpReply>> EachAsync(
        AgentTransaction transaction, SemaphoreSlim slots, Func<AgentTransaction, Task<SmtpReply>> deliver, CancellationToken cancellationToken)
    {
        List<SmtpReply> replies = [];
        foreach (EnvelopeRecipient recipient in transaction.Recipients)
        {
            await slots.WaitAsync(cancellationToken);
            try
            {
                replies.Add(await deliver(transaction with { Recipients = [recipient] }));
            }
            finally
            {
                slots.Release();
            }
        }
        return replies;
    }
}
