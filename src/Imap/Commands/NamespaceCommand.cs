using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>NAMESPACE — RFC 2342 §5: one personal namespace without prefix.</summary>
internal static class NamespaceCommand
{
    public static readonly ImapCommand Definition =
        new("NAMESPACE", ImapStates.LoggedIn, ImapCommand.AllChanges, Execute) { Capability = "NAMESPACE" };

    private static ValueTask<ImapCompletion> Execute(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return new(ImapErrors.Syntax(arguments));
        }
        session.Writer.Write("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"u8);
        return new(ImapCompletion.Ok("these are all"));
    }
}
