using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Commands;

/// <summary>
/// APPEND — RFC 3501 §6.3.11, of several messages RFC 3502, of binary ones RFC 3516 §4.4; APPENDUID of RFC 4315 §3. Messages are streamed
/// from the wire into the store.
/// </summary>
internal static class AppendCommand
{
    public static readonly ImapCommand Definition = new("APPEND", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync);

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        bool parsed = AppendRequest.TryParse(arguments, session.Services, out AppendRequest request);
        if (session.Reader.MessageLiteral is not { } literal)
        {
            // The reader leaves a literal on the wire where the command is well-formed up to it.
            return parsed ? ImapCompletion.Bad("expected the message as a literal") : ImapErrors.Syntax(arguments);
        }
        await using AppendRun run = new(session, request.Mailbox);
        await run.OpenAsync();
        for (AppendRequest? next = request; next is not null;)
        {
            if (await run.TakeAsync(next, literal) is { } over)
            {
                return over;
            }
            (next, literal, ImapCompletion? broken) = await run.ReadNextAsync();
            if (broken is { } ended)
            {
                return ended;
            }
        }
        return await run.FinishAsync();
    }
}
