using MailAccess.Routing;
using MailAccess.Smtp;
using MailAccess.Store;
using Microsoft.Extensions.Logging;

namespace MailAccess.Queue;

/// <summary>Commands of aliases and .forward files: <c>|/usr/bin/vacation bob</c>.</summary>
internal sealed class CommandAgent(DeliveryAgentOptions options, SystemUsers users, TimeProvider clock, ILogger logger)
{
    private const AgentFlags Flags = AgentHead.OfFiles | AgentFlags.FromLine;

    private static readonly SmtpReply NoCommand = new(554, new(5, 3, 5), "the command line is empty");

    /// <summary>One run for one recipient.</summary>
    public async Task<SmtpReply> DeliverAsync(AgentTransaction transaction, Target.Command command, IMessageContent content, CancellationToken stop)
    {
        if (!users.TryFind(command.User, out SystemUser? user, out SmtpReply? refusal))
        {
            return refusal;
        }
        IReadOnlyList<string> words = CommandWords.Of(command.Line);
        if (words.Count == 0)
        {
            return NoCommand;
        }
        ProgramRequest request = new()
        {
            Arguments = words,
            Directory = command.User is not null && Directory.Exists(user.Home) ? user.Home : "/",
            Environment = AgentEnvironment.Create(transaction, user, options),
            User = users.IsSwitching ? user.Name : null,
            TimeLimit = options.CommandTimeLimit,
            Limits = options.CommandLimits,
            Head = AgentHead.Build(transaction, Flags, "", clock),
            Form = AgentHead.FormOf(Flags),
        };
        ProgramResult result = await ProgramRun.RunAsync(request, content, clock, stop);
        return ProgramReplies.Of(result, "handed to a command", words[0], transaction.Message.Id, logger);
    }
}
