using MailAccess.Imap.Framing;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Mailboxes;
using MailAccess.Wire;

namespace MailAccess.Imap.Commands;

/// <summary>IDLE — RFC 2177 §3: changes are told as they happen, until DONE.</summary>
/// <remarks>The mailbox's news only wakes the connection; the one read that waits is the session's.</remarks>
internal static class IdleCommand
{
    public static readonly ImapCommand Definition =
        new("IDLE", ImapStates.LoggedIn, ImapCommand.AllChanges, ExecuteAsync) { Capability = "IDLE" };

    private static async ValueTask<ImapCompletion> ExecuteAsync(ImapSession session, ImapArguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return ImapErrors.Syntax(arguments);
        }
        // The client was heard of just now; it may then stay silent for 29 minutes (RFC 2177 §3).
        session.Connection.SetDeadline(session.Services.Limits.IdleTimeout);
        if (session.Notifications is not null || session.Selected is not { IsGone: false } selected)
        {
            return await WaitAsync(session); // What NOTIFY asks for is listened to all the time: RFC 5465 §4.
        }
        await selected.Mailbox.RefreshAsync(CancellationToken.None);
        using IDisposable subscription = selected.Mailbox.Subscribe(session.Connection.Wake);
        return await WaitAsync(session); // What came before the subscription is told at once, below.
    }

    private static async ValueTask<ImapCompletion> WaitAsync(ImapSession session)
    {
        session.Writer.Write("+ idling\r\n"u8);
        while (true)
        {
            SessionNews.TellKeyReset(session);
            if (session.Notifications is not null)
            {
                if (await SessionNews.TellAsync(session, mayExpunge: true) is { } gone)
                {
                    return ImapCompletion.HangUp(gone);
                }
            }
            else if (session.Selected is { HasNews: true } selected)
            {
                if (selected.IsGone)
                {
                    return ImapCompletion.HangUp(await session.SayByeAsync("the selected mailbox is gone", SessionEnd.ProtocolViolation));
                }
                await SessionNews.ReportAsync(session, selected, mayExpunge: true);
            }
            await session.Writer.FlushAsync();
            switch (await session.Reader.Lines.ReadAsync())
            {
                case LineOutcome.Line:
                    // idle = "IDLE" CRLF "DONE"     RFC 2177 §4
                    return System.Text.Ascii.EqualsIgnoreCase(session.Reader.Lines.Line, "DONE"u8)
                        ? ImapCompletion.Ok("idle no more")
                        : ImapCompletion.Bad("expected DONE");
                case LineOutcome.Woken:
                    if (await session.LookWhyWokenAsync() is { } end)
                    {
                        return ImapCompletion.HangUp(end);
                    }
                    break;
                case LineOutcome.EndOfStream:
                    return ImapCompletion.HangUp(SessionEnd.ClientGone);
                case LineOutcome.BareCrOrLf:
                    return ImapCompletion.HangUp(await session.SayByeAsync(CommandReader.BareLineEnd, SessionEnd.ProtocolViolation));
                default:
                    return ImapCompletion.Bad("expected DONE");
            }
        }
    }
}
