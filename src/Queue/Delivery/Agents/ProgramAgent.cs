using System.Globalization;
using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>A configured program.</summary>
internal sealed class ProgramAgent(AgentOptions agent, DeliveryAgentOptions options, SystemUsers users, TimeProvider clock, ILogger logger) : IDisposable
{
    private static readonly SmtpReply TooBig = new(552, new(5, 3, 4), "the message is too big for this way of delivery");
    private static readonly SmtpReply Missing = new(451, new(4, 3, 5), "the program is missing");
    private static readonly SmtpReply Broken = new(451, new(4, 3, 5), "the program cannot be run");
    private static readonly SmtpReply BadSender = new(550, new(5, 1, 7), "the sender's address would be taken for an option of the program");
    private static readonly SmtpReply BadRecipient = new(550, new(5, 1, 3), "the address would be taken for an option of the program");
    private static readonly SmtpReply BadValue = new(451, new(4, 3, 5), "a value would be taken for an option of the program");

    private readonly SemaphoreSlim _slots = new(agent.ConcurrencyMax);

    /// <summary>What it takes has come to its end.</summary>
    public bool EndsHere => agent.Flags.HasFlag(AgentFlags.EndsHere);

    private int RecipientsMax => (agent.Flags & (AgentFlags.DeliveredTo | AgentFlags.OriginalTo)) != 0 ? 1 : agent.RecipientsMax;

    /// <summary>As many runs as there must be; a reply for each recipient.</summary>
    public async Task<IReadOnlyList<SmtpReply>> DeliverAsync(AgentTransaction transaction, Target.Agent target, IMessageContent content, CancellationToken stop)
    {
        List<SmtpReply> replies = [];
        foreach (EnvelopeRecipient[] some in transaction.Recipients.Chunk(RecipientsMax))
        {
            replies.AddRange(await DeliverToAsync(transaction with { Recipients = some }, target, content, stop));
        }
        return replies;
    }

    public void Dispose() => _slots.Dispose();

    private async Task<IEnumerable<SmtpReply>> DeliverToAsync(AgentTransaction transaction, Target.Agent target, IMessageContent content, CancellationToken stop)
    {
        if (agent.MessageOctetsMax < content.Octets)
        {
            return transaction.Recipients.Select(_ => TooBig);
        }
        // One address that cannot be an argument must not keep the others from their mail.
        List<EnvelopeRecipient> fit = [.. transaction.Recipients.Where(r => TryExpand(transaction, [r], target, out _) is null)];
        SmtpReply? reply = null;
        if (fit.Count > 0)
        {
            reply = TryExpand(transaction, fit, target, out List<string> arguments) ?? await RunAsync(transaction with { Recipients = fit }, arguments, content, stop);
        }
        return transaction.Recipients.Select(r => fit.Contains(r) ? reply! : TryExpand(transaction, [r], target, out _)!);
    }

    private async Task<SmtpReply> RunAsync(AgentTransaction transaction, List<string> arguments, IMessageContent content, CancellationToken stop)
    {
        if (!users.TryFind(agent.User, out SystemUser? user, out SmtpReply? refusal))
        {
            return refusal;
        }
        if (!File.Exists(agent.Command.Program))
        {
            Log.AgentProgramMissing(logger, transaction.Message.Id, agent.Name, agent.Command.Program);
            return Missing;
        }
        ProgramRequest request = new()
        {
            Arguments = [agent.Command.Program, .. arguments],
            Directory = agent.Directory,
            Environment = AgentEnvironment.Create(transaction, user, options),
            User = users.IsSwitching ? user.Name : null,
            TimeLimit = agent.TimeLimit,
            Limits = agent.Limits,
            Head = AgentHead.Build(transaction, agent.Flags, agent.NullSender, clock),
            Form = AgentHead.FormOf(agent.Flags),
        };
        await _slots.WaitAsync(stop);
        try
        {
            ProgramResult result = await ProgramRun.RunAsync(request, content, clock, stop);
            if (result is { Ending: ProgramEnding.Exited, Status: ExitStatus.CannotBeRun or ExitStatus.NotFound })
            {
                Log.AgentProgramBroken(logger, transaction.Message.Id, agent.Name, agent.Command.Program, ExitStatus.Printable(result.Output));
                return Broken;
            }
            return ProgramReplies.Of(result, $"delivered via {agent.Name}", agent.Command.Program, transaction.Message.Id, logger);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Null where the arguments are as they must be.</summary>
    private SmtpReply? TryExpand(AgentTransaction transaction, IReadOnlyList<EnvelopeRecipient> recipients, Target.Agent target, out List<string> arguments)
    {
        AgentRecipientMacros[] macros = [.. recipients.Select(r => new AgentRecipientMacros(r, agent.Flags, options.RecipientDelimiter))];
        if (agent.Command.TryExpand(macros, ValueOf, out arguments, out AgentMacro hostile))
        {
            return null;
        }
        return hostile == AgentMacro.Sender ? BadSender : AgentRecipientMacros.Has(hostile) ? BadRecipient : BadValue;

        string ValueOf(AgentMacro macro) => macro switch
        {
            AgentMacro.Sender => transaction.ReversePath.IsNull ? agent.NullSender : AgentRecipientMacros.Whole(transaction.ReversePath, agent.Flags & AgentFlags.Quote),
            AgentMacro.NextHop => AgentRecipientMacros.FoldDomain(target.NextHop, agent.Flags),
            AgentMacro.Size => transaction.Message.Octets.ToString(CultureInfo.InvariantCulture),
            AgentMacro.QueueId => transaction.Message.Id.ToString(),
            AgentMacro.ClientAddress => transaction.Message.Origin.Remote?.ToString() ?? "",
            AgentMacro.ClientHelo => transaction.Message.Origin.HelloName ?? "",
            AgentMacro.ClientProtocol => transaction.Message.Origin.Protocol,
            AgentMacro.SaslUserName => transaction.Message.Origin.AccountName ?? "",
            _ => throw new ArgumentOutOfRangeException(nameof(macro)),
        };
    }
}
