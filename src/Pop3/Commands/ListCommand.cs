using MailAccess.Store;

namespace MailAccess.Pop3.Commands;

/// <summary>LIST — RFC 1939 §5. Sizes are exact octets with CRLF line ends.</summary>
internal static class ListCommand
{
    public static readonly Pop3Command Definition =
        new("LIST", Pop3States.Transaction, (session, arguments) => new(Execute(session, arguments)));

    private static Pop3Reply Execute(Pop3Session session, Pop3Arguments arguments)
    {
        Maildrop maildrop = session.Maildrop!;
        if (arguments.AtEnd)
        {
            return Pop3Reply.Multiline(
                $"{maildrop.Count} messages ({maildrop.Octets} octets)",
                new ListBody(maildrop.Numbers.Select(n => $"{n} {maildrop.OctetsOf(n)}")));
        }
        if (!arguments.TryReadMessageNumber(out MessageNumber number) || !arguments.AtEnd)
        {
            return Pop3Reply.Error("usage: LIST [msg]");
        }
        return maildrop.TryGet(number, out MessageRecord record) ? Pop3Reply.Ok($"{number} {record.Octets}") : Pop3Errors.NoSuchMessage;
    }
}
