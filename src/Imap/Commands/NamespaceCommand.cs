using MailAccess.Imap.Grammar;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Store.Access;

namespace MailAccess.Imap.Commands;

/// <summary>NAMESPACE — RFC 2342 §5: a personal namespace without prefix, and those of others and of all where mailboxes are shared.</summary>
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
        // Personal, other users', shared: the configuration's names, whatever is in them.
        SharingOptions? sharing = (session.Account as IUserAccount)?.Sharing;
        session.Writer.Write("* NAMESPACE ((\"\" \"/\")) "u8);
        Write(session.Writer, sharing?.OthersPrefix);
        session.Writer.Write(" "u8);
        Write(session.Writer, sharing is { HasPublic: true } ? sharing.PublicPrefix : null);
        session.Writer.Write("\r\n"u8);
        return new(ImapCompletion.Ok("these are all"));
    }

    private static void Write(ImapWriter writer, string? prefix)
    {
        if (prefix is null)
        {
            writer.Write("NIL"u8);
            return;
        }
        writer.Write("(("u8);
        writer.WriteName(prefix + MailboxName.Separator);
        writer.Write(" \"/\"))"u8);
    }
}
