using MailAccess.Wire;

namespace MailAccess.Pop3.Commands;

/// <summary>QUIT — RFC 1939 §4 (AUTHORIZATION), §6 (TRANSACTION).</summary>
internal static class QuitCommand
{
    public static readonly Pop3Command Definition = new("QUIT", Pop3States.Any, ExecuteAsync);

    private static async ValueTask<Pop3Reply> ExecuteAsync(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: QUIT");
        }
        return session.Maildrop is { } maildrop ? await session.UpdateAsync(maildrop) : Pop3Reply.Ok("bye").Ending(SessionEnd.ClientQuit);
    }
}
