using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;

namespace MailAccess.Imap.Commands;

/// <summary>
/// APPEND — RFC 3501 §6.3.11, of several messages RFC 3502, of binary ones RFC 3516 §4.4, of pieces of others RFC 4469 §3; APPENDUID of
/// RFC 4315 §3. Messages are streamed from the wire into the store.
/// </summary>
internal static class AppendCommand
{
    public static readonly ImapCommand Definition =
        new("APPEND", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Takes = MessageIntakeKind.Append };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (AppendHead.Parse(arguments, MessageIntakeKind.Append, endsInLiteral: false, out AppendHead head) != AppendPiece.Complete)
        {
            return ImapErrors.Syntax(arguments);
        }
        await using AppendRun run = new(session, head, replacing: null);
        return await run.RunAsync(arguments);
    }
}
