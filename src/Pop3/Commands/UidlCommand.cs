namespace MailAccess.Pop3.Commands;

/// <summary>UIDL — RFC 1939 §7.</summary>
internal static class UidlCommand
{
    public static readonly Pop3Command Definition =
        new("UIDL", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        Maildrop maildrop = session.Maildrop!;
        if (arguments.AtEnd)
        {
            return Pop3Reply.Multiline("unique-ids follow", new ListBody(maildrop.Numbers.Select(n => $"{n} {maildrop.UniqueIdOf(n)}")));
        }
        if (!arguments.TryReadMessageNumber(out MessageNumber number) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: UIDL [msg]");
        }
        return maildrop.TryGet(number, out _) ? Pop3Reply.Ok($"{number} {maildrop.UniqueIdOf(number)}") : Pop3Errors.NoSuchMessage;
    }
}
