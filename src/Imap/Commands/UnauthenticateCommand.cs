using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>UNAUTHENTICATE — RFC 8437 §3: the connection and its TLS stay, everything else is forgotten.</summary>
internal static class UnauthenticateCommand
{
    public static readonly ImapCommand Definition =
        new("UNAUTHENTICATE", ImapStates.LoggedIn, ImapEffects.None, ExecuteAsync) { Capability = "UNAUTHENTICATE" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        // command-auth =/ "UNAUTHENTICATE"     RFC 8437 §6
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        if (session.IsCompressed)
        {
            // Where the client's compression ends cannot be told from what it sends behind it: §3 allows to close instead.
            return ImapCompletion.HangUp(await session.SayByeAsync("a compressed connection serves one user", SessionEnd.ClientQuit));
        }
        await session.LogOutAsync();
        return ImapCompletion.Ok("nobody is logged in");
    }
}
