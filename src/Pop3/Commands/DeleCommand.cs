namespace MailAccess.Pop3.Commands;

/// <summary>DELE — RFC 1939 §5. Only marks; QUIT removes.</summary>
internal static class DeleCommand
{
    public static readonly Pop3Command Definition =
        new("DELE", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        if (!arguments.TryReadMessageNumber(out MessageNumber number) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: DELE msg");
        }
        if (!session.Maildrop!.TryGet(number, out _))
        {
            return Pop3Errors.NoSuchMessage;
        }
        session.Maildrop.MarkDeleted(number);
        return Pop3Reply.Ok("marked for deletion");
    }
}
