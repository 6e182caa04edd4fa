namespace MailAccess.Pop3.Commands;

/// <summary>RSET — RFC 1939 §5.</summary>
internal static class RsetCommand
{
    public static readonly Pop3Command Definition =
        new("RSET", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: RSET");
        }
        session.Maildrop!.UnmarkAll();
        return Pop3Reply.Ok($"{session.Maildrop.Count} messages ({session.Maildrop.Octets} octets)");
    }
}
