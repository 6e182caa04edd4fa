using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>CAPABILITY — RFC 3501 §6.1.1.</summary>
internal static class CapabilityCommand
{
    public static readonly ImapCommand Definition = new("CAPABILITY", ImapStates.Any, ImapCommand.AllChanges, Execute);

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        session.Writer.WriteUntagged("CAPABILITY " + session.Capabilities);
        return new(ImapCompletion.Ok("that is all"));
    }
}
