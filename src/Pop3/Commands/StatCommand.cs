namespace MailAccess.Pop3.Commands;

/// <summary>STAT — RFC 1939 §5.</summary>
internal static class StatCommand
{
    public static readonly Pop3Command Definition =
        new("STAT", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        return arguments.AtEnd
            ? Pop3Reply.Ok($"{session.Maildrop!.Count} {session.Maildrop.Octets}")
            : Pop3Reply.Error("usage: STAT");
    }
}
