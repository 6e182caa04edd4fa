namespace MailAccess.Pop3.Commands;

/// <summary>NOOP — RFC 1939 §5.</summary>
internal static class NoopCommand
{
    public static readonly Pop3Command Definition =
        new("NOOP", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        return arguments.AtEnd ? Pop3Reply.Ok("nothing done") : Pop3Reply.Error("usage: NOOP");
    }
}
