using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>LOGOUT — RFC 3501 §6.1.3: BYE first, then OK.</summary>
internal static class LogoutCommand
{
    public static readonly ImapCommand Definition = new("LOGOUT", ImapStates.Any, ImapEffects.None, Execute);

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        session.Writer.WriteUntagged("BYE until next time");
        return new(ImapCompletion.Ok("logged out") with { Ends = SessionEnd.ClientQuit });
    }
}
