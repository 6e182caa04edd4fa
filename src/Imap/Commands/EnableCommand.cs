using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>ENABLE — RFC 5161 §3.1. Nothing here needs enabling yet; what is unknown is ignored, as the RFC demands.</summary>
internal static class EnableCommand
{
    public static readonly ImapCommand Definition =
        new("ENABLE", ImapStates.LoggedIn, ImapCommand.AllChanges, Execute) { Capability = "ENABLE" };

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        // command-any =/ "ENABLE" 1*(SP capability)     RFC 5161 §4
        do
        {
            if (!arguments.TrySpace() || !arguments.TryAtom(out _))
            {
                return new(ImapErrors.Syntax(arguments));
            }
        }
        while (!arguments.AtEnd);
        session.Writer.WriteUntagged("ENABLED");
        return new(ImapCompletion.Ok("nothing more is enabled"));
    }
}
