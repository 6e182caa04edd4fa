using MailAccess.Wire;

namespace MailAccess.Pop3.Commands;

/// <summary>STLS — RFC 2595 §4.</summary>
internal static class StlsCommand
{
    public static readonly Pop3Command Definition =
        new("STLS", Pop3States.Authorization, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: STLS");
        }
        if (!session.Connection.CanUpgradeToTls)
        {
            return Pop3Reply.Error(session.Connection.Tls is null ? "TLS is not available" : "TLS is active already");
        }
        if (session.IsUtf8)
        {
            return Pop3Reply.Error("STLS comes before UTF8"); // RFC 6856 §2.1.
        }
        // RFC 2595 §4: the client must wait for our reply. Who did not, or was not alone on the line, gets no TLS session out of it.
        return session.HasPipelinedInput
            ? Pop3Reply.Error("nothing may follow STLS").Ending(SessionEnd.ProtocolViolation)
            : Pop3Reply.Ok("begin TLS").ThenUpgradeToTls();
    }
}
